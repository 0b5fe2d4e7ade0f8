//! Rules of the law that no single record holds: what a system must declare, what is due, what a purpose is.

pub mod law;
pub mod risks;
pub mod systems;
