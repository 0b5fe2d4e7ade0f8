//! What is in each column of a dataset.

mod cell;
mod column;
mod mask;
mod semantic;
mod sign;
mod skeleton;
mod vocabulary;

pub use semantic::SemanticType;
