//! What is known of names: given names in all their forms, surnames and patronymics by their shape, and the words that
//! stand beside names.

mod decline;
mod endings;
mod facts;
mod kazakh_case;
mod latin;
mod lexicon;
pub mod likeness;
mod loose;
pub mod ordinary;
mod parts;
mod patronymic;
mod surname;
mod table;
mod trunk;

pub use facts::Facts;
pub use kazakh_case::in_kazakh_case;
pub use latin::{LatinName, patronymic as latin_patronymic, respelled, surname as latin_surname};
pub use lexicon::{Lexicon, lexicon};
pub(crate) use likeness::likeness;
pub use loose::Word;
pub(crate) use ordinary::is_ordinary;
pub use parts::{abstracted, compound, declined_given, ends_as_kazakh, possible};
pub use patronymic::{Patronymic, nearly_patronymic, patronymic, patronymic_tail};
pub use surname::{Shape, Strength, shape};
pub use trunk::trunks;
