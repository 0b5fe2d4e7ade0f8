//! Measuring a table as it stands, whoever made it: equivalence classes, privacy models, risks and losses.
//!
//! Everything is measured on the text of released values, from the formulas of the papers that the functions name. Nothing is shared with
//! the search that decides what is released, so that a fault there is found here.

mod classes;
mod cover;
mod models;
mod report;
mod requirement;
mod risk;
mod sensitive;
mod subject;
mod table;
mod utility;

pub use requirement::{Comparison, Requirement};
pub use risk::{AMONG, AttackerRisk, Risks};
pub use subject::{ClassSizes, Measurement, PopulationMeasure, SensitiveMeasure};
pub use table::{Beside, MeasureError, measure};
pub use utility::{AttributeUtility, Utility};

pub(crate) use classes::{Classes, Counter};
pub(crate) use cover::{candidates, covered};
pub(crate) use sensitive::sensitive;
pub(crate) use subject::Subject;
pub(crate) use utility::{Grade, Measured, Originals, Scale};

/// What two ways of computing the same number may differ by, for numbers up to 1; larger ones by as much of themselves.
pub(crate) const TOLERANCE: f64 = 1e-8;
