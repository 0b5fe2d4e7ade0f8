//! Recognizers of personal data in text and columns.
