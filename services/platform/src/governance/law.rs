//! The articles that refusals cite. `docs/law.md` lists them with their tests.

/// What a refusal cites.
pub type Article = &'static str;

/// State bodies form libraries; special state bodies are exempt.
pub const AI_13_2: Article = "law \"On artificial intelligence\", article 13.2";
/// Documentation, and what users are told.
pub const AI_15: Article = "law \"On artificial intelligence\", articles 7 and 15";
/// Owners control the use of their libraries.
pub const AI_17_1: Article =
    "law \"On artificial intelligence\", article 17.1; law on personal data, article 7.8";
/// Risk classes.
pub const AI_18_1: Article = "law \"On artificial intelligence\", article 18.1";
/// Autonomy classes.
pub const AI_18_2: Article = "law \"On artificial intelligence\", article 18.2";
/// Prohibited functions.
pub const AI_18_3: Article = "law \"On artificial intelligence\", article 18.3";
/// Continuous management of risks, suspension.
pub const AI_19: Article = "law \"On artificial intelligence\", article 19";
/// Stages of the controlled environment, for a limited time.
pub const AI_20: Article = "law \"On artificial intelligence\", articles 1(5) and 20";
/// Voice and likeness.
pub const LIKENESS: Article =
    "law \"On artificial intelligence\", article 22; law on personal data, article 7.12";
/// No databases by untargeted extraction.
pub const PD_7_11: Article = "law on personal data, article 7.11";
/// Biometric data.
pub const PD_7_12: Article = "law on personal data, articles 1(2) and 7.12";
/// Predefined, lawful purposes.
pub const PD_7_8: Article = "law on personal data, article 7.8";
/// Term of consent.
pub const PD_8_5: Article = "law on personal data, articles 8.5-8.6";
/// Who depersonalizes.
pub const PD_17_3: Article = "law on personal data, article 17.3";
