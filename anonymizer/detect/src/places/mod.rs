//! Addresses as they are written in Kazakhstan.
//!
//! An address is a chain of components ([`component`]): postal code, country, region, district, settlement,
//! microdistrict, street, house, corpus, entrance, flat, in any order that people write. Each is a name or number with a
//! word that says what it is (`ул. Абая`, `Абай көшесі`, `кв. 14`, `15-пәтер`), or one without, where what stands before
//! allows it (`г. Алматы, Абая 10-15`). [`chain`] joins them and judges: a street or microdistrict needs a house or flat,
//! or words of residence near; a settlement alone needs words of a person's residence.

pub mod calendar;
#[cfg(test)]
mod cases;
pub mod chain;
mod component;
mod forms;
pub mod lexicon;
mod name;
mod number;
pub mod reader;
pub mod table;
pub mod window;
