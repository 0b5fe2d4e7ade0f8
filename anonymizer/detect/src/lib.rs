//! Recognizers of personal data in free text, in Russian, Kazakh and English, for Kazakhstan first.
//!
//! A [`Detector`] reads a text once into a folded view ([`text::Text`]: tokens of lower-case words, ASCII digits and
//! signs, each with its place in the original), lets every recognizer of one table ([`recognizer::RECOGNIZERS`]) name
//! candidates, and resolves overlaps. Offsets are bytes of the original text; [`code_points`] converts them.

mod engine;
mod glance;
pub mod identifier;
mod kind;
mod mask;
mod names;
mod overlap;
mod places;
pub mod recognizer;
mod span;
pub mod text;

pub use engine::Detector;
pub use kind::Kind;
pub use mask::{Style, mask, mask_into};
pub use names::{likeness, ordinary};
pub use recognizer::person::{Doubt, WEIGHTS as DOUBT_WEIGHTS, Weights as DoubtWeights};
pub use span::{CodePoints, Span, code_points};
