//! Access decisions with the shipped policies, and with folders of policies that operators might have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod calls;
mod folders;
mod principals;
mod table;
mod uses;

use std::sync::OnceLock;

use sandyq_access::Policies;

/// The shipped policies, loaded once.
fn shipped() -> &'static Policies {
    static POLICIES: OnceLock<Policies> = OnceLock::new();
    POLICIES.get_or_init(|| Policies::builtin().expect("the shipped policies are valid"))
}
