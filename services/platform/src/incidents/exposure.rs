//! The fine of article 641-1 of the Code on Administrative Offences, by the table that the operator configures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use sandyq_calendar::almaty_date;

use crate::records::incident::{Exposure, Incident, Offender, OffenderCategory};

/// A second offence within this time is a repetition.
const REPETITION: Duration = Duration::days(365);

/// Fines of one category of offenders, in monthly calculation indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fine {
    /// For the first offence.
    pub first: u64,
    /// For one repeated within a year.
    pub repeated: u64,
}

/// Fines and index, as they stand in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// The monthly calculation index (MRP) of each year, tenge.
    pub mrp: BTreeMap<String, u64>,
    /// Natural persons.
    pub natural_person: Fine,
    /// Small businesses and organizations without profit.
    pub small_business: Fine,
    /// Medium businesses.
    pub medium_business: Fine,
    /// Large businesses.
    pub large_business: Fine,
}

impl Default for Table {
    fn default() -> Self {
        let fine = |first, repeated| Fine { first, repeated };
        Self {
            mrp: BTreeMap::from([("2026".to_owned(), 4325)]),
            natural_person: fine(15, 30),
            small_business: fine(20, 50),
            medium_business: fine(30, 70),
            large_business: fine(100, 200),
        }
    }
}

impl Table {
    /// What is wrong with the table, with the field.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        for (year, tenge) in &self.mrp {
            if year.len() != 4 || year.parse::<u16>().is_err() || *tenge == 0 {
                return Some((
                    "exposure.mrp",
                    format!("{year} = {tenge}: write a year and its index in tenge"),
                ));
            }
        }
        let fines = [
            ("exposure.natural_person", self.natural_person),
            ("exposure.small_business", self.small_business),
            ("exposure.medium_business", self.medium_business),
            ("exposure.large_business", self.large_business),
        ];
        let wrong = fines
            .into_iter()
            .find(|(_, fine)| fine.first == 0 || fine.repeated < fine.first);
        wrong.map(|(field, _)| {
            (
                field,
                "a fine is above 0, and no lower when repeated".to_owned(),
            )
        })
    }

    fn fine(&self, category: OffenderCategory) -> Fine {
        match category {
            OffenderCategory::NaturalPerson => self.natural_person,
            OffenderCategory::SmallBusiness => self.small_business,
            OffenderCategory::MediumBusiness => self.medium_business,
            OffenderCategory::LargeBusiness => self.large_business,
        }
    }

    /// What an offender is exposed to by an incident of a time, given the incidents that are known. That an earlier one ended in a fine is
    /// assumed, so the exposure is the most that it can be.
    ///
    /// # Errors
    /// The year has no index: it is never taken from another year.
    pub fn exposure<'i>(
        &self,
        incident: &str,
        offender: &Offender,
        at: OffsetDateTime,
        known: impl Iterator<Item = &'i Incident>,
    ) -> Result<Exposure, i32> {
        let year = almaty_date(at).year();
        let mrp_tenge = *self.mrp.get(&year.to_string()).ok_or(year)?;
        let earlier = known.filter(|of| {
            of.name != incident
                && of.offender.as_ref().is_some_and(|other| {
                    other.organization == offender.organization && other.offence == offender.offence
                })
                && of.detect_time <= at
                && at - of.detect_time <= REPETITION
        });
        let previous = earlier
            .max_by_key(|of| of.detect_time)
            .map(|of| of.name.clone());
        let fine = self.fine(offender.category);
        let mrp = if previous.is_some() {
            fine.repeated
        } else {
            fine.first
        };
        Ok(Exposure {
            mrp,
            mrp_tenge,
            amount_tenge: mrp.saturating_mul(mrp_tenge),
            previous,
            year,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use crate::records::incident::{IncidentState, Offence};
    use time::macros::datetime;

    fn offender(category: OffenderCategory) -> Offender {
        Offender {
            organization: "organizations/lab".to_owned(),
            category,
            offence: Offence::RisksNotManaged,
        }
    }

    fn incident(name: &str, detect_time: OffsetDateTime, offender: Offender) -> Incident {
        Incident {
            name: name.to_owned(),
            organization: "organizations/operator".to_owned(),
            display_name: String::new(),
            description: String::new(),
            detect_time,
            state: IncidentState::Classified,
            category: String::new(),
            breach: false,
            recorder: String::new(),
            libraries: Vec::new(),
            versions: Vec::new(),
            systems: Vec::new(),
            affected: Vec::new(),
            subjects: 0,
            own_subjects: BTreeMap::new(),
            viewers: Vec::new(),
            notices: Vec::new(),
            reclassifications: Vec::new(),
            offender: Some(offender),
            exposure: None,
            measures: String::new(),
            evidence: None,
            close_time: None,
        }
    }

    #[test]
    fn every_category_first_and_repeated() {
        use OffenderCategory as Of;
        let table = Table::default();
        let now = datetime!(2026-11-22 10:00 UTC);
        for (category, first, repeated) in [
            (Of::NaturalPerson, 15, 30),
            (Of::SmallBusiness, 20, 50),
            (Of::MediumBusiness, 30, 70),
            (Of::LargeBusiness, 100, 200),
        ] {
            let offender = offender(category);
            let alone = table
                .exposure("incidents/b", &offender, now, [].iter())
                .unwrap();
            assert_eq!((alone.mrp, alone.mrp_tenge), (first, 4325));
            assert_eq!(alone.amount_tenge, first * 4325);
            let earlier = [incident(
                "incidents/a",
                now - Duration::days(365),
                offender.clone(),
            )];
            let again = table
                .exposure("incidents/b", &offender, now, earlier.iter())
                .unwrap();
            assert_eq!(again.amount_tenge, repeated * 4325);
            assert_eq!(again.previous.as_deref(), Some("incidents/a"));
        }
    }

    #[test]
    fn only_the_same_offence_of_the_same_offender_within_a_year_is_a_repetition() {
        let (table, now) = (Table::default(), datetime!(2026-11-22 10:00 UTC));
        let mine = offender(OffenderCategory::LargeBusiness);
        let other = Offender {
            organization: "organizations/rival".to_owned(),
            ..mine.clone()
        };
        let else_ = Offender {
            offence: Offence::UsersNotInformed,
            ..mine.clone()
        };
        let known = [
            incident("incidents/self", now, mine.clone()),
            incident("incidents/old", now - Duration::days(366), mine.clone()),
            incident("incidents/later", now + Duration::days(1), mine.clone()),
            incident("incidents/other", now, other),
            incident("incidents/else", now, else_),
        ];
        let exposure = table
            .exposure("incidents/self", &mine, now, known.iter())
            .unwrap();
        assert_eq!((exposure.mrp, exposure.previous), (100, None));
    }

    #[test]
    fn a_year_without_an_index_is_an_error() {
        let table = Table::default();
        let mine = offender(OffenderCategory::NaturalPerson);
        // Half past midnight of New Year in Almaty.
        let at = datetime!(2026-12-31 19:30 UTC);
        assert_eq!(
            table.exposure("incidents/a", &mine, at, [].iter()),
            Err(2027)
        );
        assert!(table.fault().is_none());
        let mut wrong = table.clone();
        wrong.large_business.repeated = 1;
        assert!(wrong.fault().unwrap().0.contains("large_business"));
        wrong = table;
        wrong.mrp.insert("next".to_owned(), 1);
        assert!(wrong.fault().unwrap().0.contains("mrp"));
    }
}
