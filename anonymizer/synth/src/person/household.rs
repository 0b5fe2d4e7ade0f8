//! Families: the age pyramid comes from them, and so do surnames and patronymics that children share with their fathers.

use super::{Heritage, Person, Sex, Spelled, names};
use crate::date::Day;
use crate::place::Address;
use crate::rng::Rng;

/// People of one address. Parents come first.
#[derive(Clone, Debug)]
pub struct Household {
    /// The people.
    pub members: Vec<Person>,
    /// How many of them are parents of the others.
    pub parents: usize,
    /// Where they live.
    pub address: Address,
}

impl Household {
    /// A household; `None` only where the data files are empty.
    pub fn draw(rng: &mut Rng, today: Day) -> Option<Self> {
        let address = Address::draw(rng)?;
        let heritage = Heritage::draw(rng);
        let mut members = Vec::with_capacity(6);
        let parents = match rng.weighted(&[52, 15, 13, 8, 12]) {
            0 => family(rng, heritage, today, true, &mut members),
            1 => couple(rng, heritage, today, &mut members),
            2 => single(rng, heritage, today, 18, 40, 0.5, &mut members),
            3 => family(rng, heritage, today, false, &mut members),
            _ => single(rng, heritage, today, 60, 93, 0.72, &mut members),
        };
        Some(Self {
            members,
            parents,
            address,
        })
    }

    /// The parent of a member: the mother as a rule.
    pub fn parent_of(&self, member: usize) -> Option<&Person> {
        (member >= self.parents).then_some(())?;
        self.members.get(self.parents.checked_sub(1)?)
    }
}

fn born(rng: &mut Rng, today: Day, youngest: i32, oldest: i32) -> Day {
    today.plus(-rng.between(youngest * 365 + 1, oldest * 365 + 364))
}

fn single(
    rng: &mut Rng,
    heritage: Heritage,
    today: Day,
    youngest: i32,
    oldest: i32,
    women: f64,
    members: &mut Vec<Person>,
) -> usize {
    let sex = if rng.chance(women) {
        Sex::Female
    } else {
        Sex::Male
    };
    // Of the old, fewer are very old.
    let oldest = if oldest > 90 {
        rng.between(66, oldest)
    } else {
        oldest
    };
    let birth = born(rng, today, youngest, oldest);
    members.push(Person::draw(rng, heritage, sex, birth));
    0
}

fn couple(rng: &mut Rng, heritage: Heritage, today: Day, members: &mut Vec<Person>) -> usize {
    let birth = born(rng, today, 44, 76);
    let husband = Person::draw(rng, heritage, Sex::Male, birth);
    let wife = wife_of(rng, &husband, None);
    members.extend([husband, wife]);
    0
}

fn wife_of(rng: &mut Rng, husband: &Person, birth: Option<Day>) -> Person {
    let birth = birth.unwrap_or_else(|| husband.birth.plus(rng.between(-900, 2_400)));
    let mut wife = Person::draw(rng, husband.heritage, Sex::Female, birth);
    // Two of three took their husband's surname.
    if rng.chance(0.65) {
        wife.surname = names::surname_for(&husband.surname, Sex::Female);
    }
    wife
}

fn family(
    rng: &mut Rng,
    heritage: Heritage,
    today: Day,
    together: bool,
    members: &mut Vec<Person>,
) -> usize {
    let mother = born(rng, today, 21, 49);
    let birth = mother.plus(-rng.between(-700, 2_600));
    let father = Person::draw(rng, heritage, Sex::Male, birth);
    let mother = wife_of(rng, &father, Some(mother));
    let surname: Spelled = father.surname.clone();
    let given: Spelled = father.given.clone();
    let first = mother.birth.plus(rng.between(20 * 365, 28 * 365));
    let count = [1, 2, 3, 4, 5]
        .get(rng.weighted(&[22, 34, 26, 13, 5]))
        .copied()
        .unwrap_or(2);
    let mut parents = 1;
    if together {
        members.push(father);
        parents = 2;
    }
    members.push(mother);
    let mut birth = first;
    for _ in 0..count {
        // Grown children have left, and those not yet born are not there.
        if birth < today && birth.years_until(today) < 22 {
            let sex = if rng.chance(0.515) {
                Sex::Male
            } else {
                Sex::Female
            };
            members.push(Person::child_of(
                rng, &surname, &given, heritage, sex, birth,
            ));
        }
        birth = birth.plus(rng.between(430, 1_900));
    }
    parents
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[test]
    fn the_age_pyramid_is_that_of_the_country() {
        let today = Day::of(2026, 6, 1);
        let mut ages = [0usize; 3];
        let mut women = 0;
        let mut total = 0;
        for number in 0..6_000 {
            for person in Household::draw(&mut Rng::new(5, number), today)
                .unwrap()
                .members
            {
                let age = person.birth.years_until(today);
                assert!((0..110).contains(&age), "{age}");
                ages[if age < 15 {
                    0
                } else {
                    usize::from(age >= 65) + 1
                }] += 1;
                women += usize::from(person.sex == Sex::Female);
                total += 1;
            }
        }
        // Bureau of National Statistics, 2024: 0-14 are 29 %, 65 and over 9 %, women 51 %.
        let share = |count: usize| count as f64 / total as f64;
        assert!(
            (0.24..0.34).contains(&share(ages[0])),
            "{ages:?} of {total}"
        );
        assert!(
            (0.06..0.13).contains(&share(ages[2])),
            "{ages:?} of {total}"
        );
        assert!((0.48..0.56).contains(&share(women)), "{women} of {total}");
    }
}
