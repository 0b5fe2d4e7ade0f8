//! Questions before what cannot be undone.

use std::io::{IsTerminal as _, Write as _};

use crate::errors::{Failure, Result};

/// Asks on the terminal; without one there is nobody to ask. `first` is what a person does before saying yes, `refused` what is told
/// when they do not.
///
/// # Errors
/// There is no terminal, or the answer is not yes.
pub fn confirm(question: &str, first: &str, refused: &str) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "there is no terminal to ask on; {first} and say --yes"
        )));
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" if read.is_ok() => Ok(()),
        _ => Err(Failure::general(refused)),
    }
}
