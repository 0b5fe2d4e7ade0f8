//! An invented registry with labelled personal data.
