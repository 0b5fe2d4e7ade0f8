//! The texts of the report, in one place.

use super::show;
use crate::measure::{Comparison, Requirement};
use crate::profile::{
    AggregateFunction, Generalize, HierarchySource, Recoding, RedactStyle, Replacement, Role,
    Transform,
};
use crate::report::DropReason;

pub(super) const PURPOSE: &str = "This report describes how personal data were depersonalized before release. Every number about the \
    release was measured on the very file named by its hash at the end, after it was written, by a program part that shares no \
    code with the one that decided what to release.";

pub(super) const REQUIREMENTS: &str = "The profile is the document in which the owner of the data said what a release must keep to. Each line \
    below is one of its requirements, with what it means and what the release measures.";

pub(super) const RISK: &str = "A release names nobody. Somebody who already knows characteristics of a person (the columns called \
    quasi-identifiers, such as age, sex or region) may still look for the records that fit. If five records fit, the chance of picking the \
    right one is one in five, or 20%. Three kinds of attacker are usual in the literature; they differ in what they know beforehand.";

pub(super) const PROSECUTOR: &str = "Looks for one person and knows that this person is in the data: an acquaintance, an employer, a journalist \
    with inside knowledge.";

pub(super) const JOURNALIST: &str = "Looks for one person without knowing whether this person is in the data at all, with a register of the \
    whole population at hand.";

pub(super) const MARKETER: &str = "Is after no one in particular, but tries to recognize as many records as possible by linking the whole \
    release to another register.";

pub(super) const NO_POPULATION: &str = "No register of the population was given, so this attacker cannot be measured apart. The risk is at most \
    the prosecutor's.";

pub(super) const CLASSES: &str = "Records that are alike in all quasi-identifiers form a class: nobody can tell them apart by these columns. \
    The larger the classes, the safer the people in them. A class of one record is a person who stands alone.";

pub(super) const UNIQUES: &str = "Some people stand out by very little: one, two or three characteristics are enough to single them out of the \
    whole table. They are the easiest to recognize, and are counted here before and after. Only the smallest sets of characteristics \
    count: who stands out by age alone is not counted again for age and region.";

pub(super) const SUPPRESSION: &str = "Some records are so unusual that no reasonable generalization hides them. They are suppressed.";

pub(super) const COLUMNS: &str = "What was done with each column. Loss says how much detail a quasi-identifier lost: 0% if every value is as it \
    was, 100% if nothing is left of it. Suppressed records count as lost entirely.";

pub(super) const DISTRIBUTIONS: &str = "How the values of each released column are distributed, in the dataset (grey) and in the release (blue). \
    Where a released value stands for several original ones, as 20 to 39 stands for each age between, its records are spread evenly over \
    them. The distance (of Jensen and Shannon) sums up the difference: 0 is none at all, 1 is nothing in common.";

pub(super) const ASSOCIATIONS: &str = "Analyses live on how columns depend on one another. The strength of each dependence (Cramér's V) is \
    between 0, independent, and 1, one column tells the other. Below the diagonal it is that of the dataset, above it that of the release: \
    the more alike the two halves, the more of the dependences was kept.";

pub(super) const LEARNING: &str = "A practical test: a simple classifier learns to predict one column from the others, once from the dataset and \
    once from the release, and is then tried on original records that were kept aside. The first bar is what always answering with the \
    most frequent value would reach.";

pub(super) const ORIGIN: &str = "Each file is named by its SHA-256 hash. A file whose hash differs in a single digit is another file.";

pub(super) const LIMITS: [&str; 4] = [
    "Risks are measured against the columns that the profile calls quasi-identifiers. If somebody knows other columns of a person, or if a \
     column that identifies was called something else, the numbers do not hold for that. Whether the columns were judged rightly is for \
     the owner of the data to answer.",
    "A risk is the chance of recognizing a record among those that look alike. What the records of a class have in common becomes known of \
     everyone in it, unless the profile asks for diversity or closeness of the sensitive columns.",
    "Two releases of the same people, depersonalized differently, may be combined to learn more than either tells. Later releases of one \
     library should follow the same plan.",
    "The report describes a file, not its use. Who may use the release, for what purpose and where, is decided and recorded elsewhere.",
];

pub(super) const GLOSSARY: [(&str, &str); 8] = [
    (
        "Quasi-identifier",
        "A column that does not name a person but helps to recognize one together with others: age, sex, region, profession.",
    ),
    (
        "Sensitive column",
        "A column whose value must not become known of a person: a diagnosis, an income.",
    ),
    (
        "Class",
        "All records of a table that are alike in every quasi-identifier; also called equivalence class.",
    ),
    (
        "k",
        "The number of records of the smallest class. A table with k = 5 is called 5-anonymous.",
    ),
    (
        "Generalization",
        "Replacing a value by a less precise one, such as a date of birth by a year, by a table called hierarchy.",
    ),
    (
        "Suppression",
        "Leaving out a record, or replacing a value by an asterisk.",
    ),
    (
        "Pseudonym",
        "A code in place of a name or number, which only the holder of a secret key can make. Equal values have equal codes.",
    ),
    (
        "Loss",
        "The share of detail that quasi-identifiers lost, 0% to 100%, after the definition of the ARX tool.",
    ),
];

/// A requirement: its name, and what it means.
pub(super) fn requirement(requirement: &Requirement) -> (String, String) {
    let bound = value(requirement, requirement.required);
    let column = requirement.column.as_deref().map_or_else(
        || "the sensitive column".to_owned(),
        |column| format!("“{}”", show::text(column)),
    );
    let (name, meaning) = match requirement.model.as_str() {
        "k_anonymity" => (
            "k-anonymity",
            format!(
                "Whoever knows every quasi-identifier of a person still finds at least {bound} records that fit."
            ),
        ),
        "suppression" => (
            "Limit of suppression",
            format!("At most {bound} of the records may be suppressed."),
        ),
        "k_map" => (
            "k-map",
            format!(
                "Each released combination of quasi-identifiers fits at least {bound} people of the population."
            ),
        ),
        "delta_presence_min" => (
            "δ-presence, from below",
            format!(
                "Of the people of the population who fit a released combination, at least {bound} are in the data."
            ),
        ),
        "delta_presence_max" => (
            "δ-presence, from above",
            format!(
                "Of the people of the population who fit a released combination, at most {bound} are in the data, so that being in it does not become known."
            ),
        ),
        "prosecutor_highest" => (
            "Highest risk, prosecutor",
            format!(
                "Nobody who is known to be in the data can be recognized with a chance above {bound}."
            ),
        ),
        "prosecutor_average" => (
            "Average risk, prosecutor",
            format!(
                "On average over all records, the chance of recognizing one is at most {bound}."
            ),
        ),
        "journalist_highest" => (
            "Highest risk, journalist",
            format!(
                "Nobody can be recognized with a chance above {bound} by somebody who has a register of the population."
            ),
        ),
        "journalist_average" => (
            "Average risk, journalist",
            format!(
                "On average, somebody who has a register of the population recognizes a record with a chance of at most {bound}."
            ),
        ),
        "marketer" => (
            "Risk, marketer",
            format!(
                "Whoever links the whole release to a register recognizes at most {bound} of the records."
            ),
        ),
        "distinct_diversity" => (
            "Distinct ℓ-diversity",
            format!(
                "Among records that look alike there are at least {bound} different values of {column}, so that finding a person's class does not give it away."
            ),
        ),
        "entropy_diversity" => (
            "Entropy ℓ-diversity",
            format!(
                "Among records that look alike, the values of {column} are at least as mixed as {bound} equally frequent ones."
            ),
        ),
        "recursive_diversity" => (
            "Recursive (c, ℓ)-diversity",
            format!(
                "Among records that look alike, the most frequent value of {column} does not outweigh the rarer ones: its count is below {bound} times that of the {} most frequent and rarer values together.",
                place(&requirement.detail)
            ),
        ),
        "t_closeness" => (
            "t-closeness",
            format!(
                "Among records that look alike, {column} is distributed nearly as in the whole dataset: the distance is at most {bound} on a scale from 0 to 1."
            ),
        ),
        "delta_disclosure" => (
            "δ-disclosure privacy",
            format!(
                "Finding a person's class changes how likely any value of {column} is by a factor of less than {}.",
                show::number(requirement.required.exp2())
            ),
        ),
        "basic_beta" => (
            "Basic β-likeness",
            format!(
                "Finding a person's class makes no value of {column} more than {} times as likely as in the whole dataset.",
                show::number(1.0 + requirement.required)
            ),
        ),
        "enhanced_beta" => (
            "Enhanced β-likeness",
            format!(
                "Finding a person's class makes no value of {column} more than {} times as likely as in the whole dataset, and values that are frequent anyway by still less.",
                show::number(1.0 + requirement.required)
            ),
        ),
        other => {
            return (
                show::text(other),
                "A requirement of the profile.".to_owned(),
            );
        }
    };
    (name.to_owned(), meaning)
}

/// "l = 3" as "3rd".
fn place(detail: &str) -> String {
    let digits: String = detail.chars().filter(char::is_ascii_digit).collect();
    let ending = match (digits.as_str(), digits.chars().last()) {
        ("11" | "12" | "13", _) => "th",
        (_, Some('1')) => "st",
        (_, Some('2')) => "nd",
        (_, Some('3')) => "rd",
        _ => "th",
    };
    format!("{digits}{ending}")
}

/// A number of a requirement, as a share or as it is.
pub(super) fn value(requirement: &Requirement, number: f64) -> String {
    match requirement.model.as_str() {
        "suppression" | "delta_presence_min" | "delta_presence_max" | "prosecutor_highest"
        | "prosecutor_average" | "journalist_highest" | "journalist_average" | "marketer" => {
            show::percent(number)
        }
        _ => show::number(number),
    }
}

/// How a measured number must stand to the required one.
pub(super) fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::AtLeast => "≥",
        Comparison::AtMost => "≤",
        Comparison::Below => "<",
    }
}

/// What a column tells about a person.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Direct => "names a person",
        Role::Quasi => "quasi-identifier",
        Role::Sensitive => "sensitive",
        Role::Insensitive => "insensitive",
        Role::FreeText => "free text",
    }
}

/// What was done with a column.
pub(super) fn treatment(transform: &Transform, level: Option<u32>) -> String {
    match transform {
        Transform::Keep { cast: None } => "kept as it is".to_owned(),
        Transform::Keep { cast: Some(_) } => "kept, as another type".to_owned(),
        Transform::Drop => "left out".to_owned(),
        Transform::Pseudonymize { .. } => "replaced by pseudonyms".to_owned(),
        Transform::Suppress => "every value replaced by *".to_owned(),
        Transform::Replace(replacement) => replaced(replacement).to_owned(),
        Transform::Microaggregate { function } => {
            let function = match function {
                AggregateFunction::Mean => "the mean",
                AggregateFunction::Median => "the median",
                AggregateFunction::Mode => "the most frequent value",
            };
            format!("replaced by {function} of the class")
        }
        Transform::Generalize(Generalize { hierarchy, .. }) => {
            let by = match hierarchy {
                HierarchySource::Named(name) => format!("hierarchy “{}”", show::text(name)),
                HierarchySource::Built(_) => "a rule of the profile".to_owned(),
            };
            match level {
                Some(0) => format!("not generalized ({by}, level 0)"),
                Some(level) => format!("generalized by {by} to level {level}"),
                None => format!("generalized by {by}, each record as little as its class allows"),
            }
        }
    }
}

fn replaced(replacement: &Replacement) -> &'static str {
    match replacement {
        Replacement::Mask(_) => "masked but for a few characters",
        Replacement::Placeholder { .. } => "every value replaced by one text",
        Replacement::Encrypt { .. } => {
            "encrypted within its format; the holder of the key can undo it"
        }
        Replacement::ShiftDate { .. } => {
            "moved by days that are the subject's own, so that intervals stay"
        }
        Replacement::Noise { .. } => "changed by noise",
        Replacement::Surrogate { .. } => "replaced by invented values",
        Replacement::Redact { style } => match style {
            RedactStyle::Placeholder => "personal data in it replaced by its kind",
            RedactStyle::Mask => "personal data in it masked",
            RedactStyle::Surrogate => "personal data in it replaced by invented values",
        },
    }
}

/// Why a column was left out.
pub(super) fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Profile => "the profile leaves it out",
        DropReason::NotInProfile => "the profile does not name it",
    }
}

/// How solutions were looked for.
pub(super) fn recoding(recoding: Recoding) -> &'static str {
    match recoding {
        Recoding::Local => {
            "Local recoding, thorough: every record is generalized as little as its class allows."
        }
        Recoding::LocalFast => {
            "Local recoding, quick: every record is generalized as little as its class allows."
        }
        Recoding::Global => {
            "Global recoding: all values of a column are generalized to the same level."
        }
    }
}
