//! What this program can read in a profile and cannot do. A profile that asks for it is refused rather than half obeyed.

use super::{DatasetProfile, Recoding};

impl DatasetProfile {
    /// The first thing in the profile that is not carried out, by its field.
    pub(crate) fn unsupported(&self) -> Option<String> {
        (self.privacy.recoding != Recoding::Global).then(|| "recoding".to_owned())
    }
}
