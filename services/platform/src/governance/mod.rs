//! Rules of the law that no single record holds: what a system must declare, what is due, what a purpose is.

pub mod law;
pub mod libraries;
pub mod purposes;
pub mod risks;
pub mod systems;

#[cfg(test)]
mod model;
