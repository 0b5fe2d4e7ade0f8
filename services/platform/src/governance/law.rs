//! The articles that refusals cite. `docs/law.md` lists them with their tests.

/// What a refusal cites.
pub type Article = &'static str;

/// Documentation, and what users are told.
pub const AI_15: Article = "law \"On artificial intelligence\", articles 7 and 15";
/// Risk classes.
pub const AI_18_1: Article = "law \"On artificial intelligence\", article 18.1";
/// Autonomy classes.
pub const AI_18_2: Article = "law \"On artificial intelligence\", article 18.2";
/// Prohibited functions.
pub const AI_18_3: Article = "law \"On artificial intelligence\", article 18.3";
/// Continuous management of risks, suspension.
pub const AI_19: Article = "law \"On artificial intelligence\", article 19";
/// Voice and likeness.
pub const LIKENESS: Article =
    "law \"On artificial intelligence\", article 22; law on personal data, article 7.12";
