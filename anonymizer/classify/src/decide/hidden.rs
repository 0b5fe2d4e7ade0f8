//! Identifiers in a column that is something else: one IIN in row 900,000 of a list of professions.

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::semantic::SemanticType;
use crate::sign::{Sign, TELLING};

/// Cells of another kind than their column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hidden {
    /// What they are; free text for identifiers among other words.
    pub semantic: SemanticType,
    /// Cells.
    pub count: u64,
    /// The row of the first, counted from 1.
    pub first_row: u64,
}

/// What stands in the column that is not its type and more than chance would have.
pub fn hidden(facts: &Facts, semantic: SemanticType) -> Vec<Hidden> {
    if semantic.is_prose() {
        return Vec::new();
    }
    let found = TELLING
        .iter()
        .filter(|sign| !explains(semantic, **sign))
        .filter_map(|sign| {
            let count = facts.column.count_of(*sign);
            let chance = chance(facts, semantic, *sign);
            if count == 0 || (count as f64) <= chance + 4.0 * chance.sqrt() {
                return None;
            }
            Some(Hidden {
                semantic: named(*sign),
                count,
                first_row: facts.column.first_of(*sign)? + 1,
            })
        });
    let mut hidden: Vec<Hidden> = found.collect();
    hidden.sort_by(|a, b| a.semantic.cmp(&b.semantic).then(b.count.cmp(&a.count)));
    hidden.dedup_by_key(|hidden| hidden.semantic);
    hidden.sort_by_key(|hidden| std::cmp::Reverse(hidden.count));
    hidden
}

/// How many cells would have the sign by chance, as numbers or words of another meaning.
fn chance(facts: &Facts, semantic: SemanticType, sign: Sign) -> f64 {
    let of = |sign: Sign| facts.column.count_of(sign) as f64;
    let bare = facts.numbers() > 0.5;
    match sign {
        // The shares of random digits that pass.
        Sign::Iin => 0.0022 * of(Sign::Digits12),
        Sign::Bin => 0.001_45 * of(Sign::Digits12),
        Sign::Phone if bare => 0.06 * of(Sign::PhoneShape),
        Sign::Card => 0.03 * of(Sign::CardShape),
        // Words that are names as well.
        Sign::FullName if !semantic.is_direct() => 0.002 * of(Sign::Words),
        Sign::Address => 0.01 * of(Sign::Words),
        Sign::Passport => 0.01 * of(Sign::Code),
        _ => 0.0,
    }
}

/// Whether cells with the sign are no surprise in a column of the type.
fn explains(semantic: SemanticType, sign: Sign) -> bool {
    use SemanticType as T;
    match sign {
        Sign::Iin | Sign::Bin => matches!(semantic, T::Iin | T::Bin),
        Sign::Phone => matches!(semantic, T::Phone | T::Card),
        Sign::Email => matches!(semantic, T::Email | T::UserName),
        Sign::Iban => semantic == T::Iban,
        Sign::Card => matches!(semantic, T::Card | T::Phone),
        Sign::FullName | Sign::Person => matches!(
            semantic,
            T::FullName
                | T::Surname
                | T::GivenName
                | T::Patronymic
                | T::Street
                | T::Address
                | T::Settlement
                | T::District
                | T::Region
        ),
        Sign::Passport => matches!(semantic, T::Passport | T::RowKey),
        Sign::Address => matches!(
            semantic,
            T::Address | T::Street | T::House | T::Flat | T::Settlement | T::District | T::Region
        ),
        Sign::Inside => semantic == T::Address,
        Sign::Template => semantic == T::Biometric,
        _ => true,
    }
}

fn named(sign: Sign) -> SemanticType {
    use SemanticType as T;
    match sign {
        Sign::Iin => T::Iin,
        Sign::Bin => T::Bin,
        Sign::Phone => T::Phone,
        Sign::Email => T::Email,
        Sign::Iban => T::Iban,
        Sign::Card => T::Card,
        Sign::FullName | Sign::Person => T::FullName,
        Sign::Passport => T::Passport,
        Sign::Address => T::Address,
        Sign::Template => T::Biometric,
        _ => T::FreeText,
    }
}
