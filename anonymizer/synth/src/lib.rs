//! An invented registry with labelled personal data.
//!
//! [`library::write`] makes a library as a ministry would have it: citizens, clinic visits with notes, school records, staff and
//! appeals, with joins and dirt, and beside it what is true of it: the semantic type of every column and the spans of every
//! text. [`corpus`] makes labelled texts in memory. Both are functions of a seed.
//!
//! Nobody in it is real: names are drawn apart from one another, and the numbers that are written to files are those of
//! [`numbers::Issue::Impossible`].

pub mod corpus;
pub mod date;
pub mod dirt;
pub mod facts;
pub mod grammar;
pub mod label;
pub mod library;
mod notation;
pub mod numbers;
pub mod people;
pub mod person;
pub mod place;
pub mod rng;
pub mod scene;
pub mod second;
pub mod slots;
pub mod template;
pub mod text;
