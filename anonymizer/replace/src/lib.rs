//! Replacements for personal data that keep it useful.
