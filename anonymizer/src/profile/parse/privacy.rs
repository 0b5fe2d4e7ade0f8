//! The privacy of a data set: its own table over that of the whole profile.

use std::ops::Range;

use toml::Spanned;

use super::super::raw::{Given, RawDeltaPresence, RawPrivacy, RawProfile, RawRisk, span, value};
use super::super::{
    Aggregate, DeltaPresence, Metric, Missing, Privacy, ProfileError, Recoding, RiskLimits,
    SuppressedRecords,
};
use super::Reader;

const MAX_SECONDS: f64 = 86_400.0;

impl Reader<'_> {
    pub(super) fn privacy(
        &self,
        own: &RawPrivacy,
        defaults: &RawPrivacy,
        dataset: &Range<usize>,
        path: &str,
    ) -> Result<Privacy, ProfileError> {
        let path = format!("{path}.privacy");
        self.ranges(own, &path)?;
        let raw = own.over(defaults);
        let privacy = raw.values();
        let attackers = raw
            .risk
            .as_ref()
            .filter(|risk| risk.get_ref().needs_population());
        let needs_population = [
            ("k_map", span(&raw.k_map)),
            ("delta_presence", span(&raw.delta_presence)),
            ("risk", attackers.map(Spanned::span)),
        ];
        for (field, span) in needs_population {
            if let Some(span) = span.filter(|_| raw.population.is_none()) {
                let message = match field {
                    "risk" => {
                        "journalist and marketer need population, the name of the table that holds the population; without one, bound the prosecutor"
                    }
                    _ => "needs population, the name of the table that holds the population",
                };
                let own = own.span(field).is_some();
                let path = if own { path.as_str() } else { "privacy" };
                return Err(self.fault(span, &format!("{path}.{field}"), message));
            }
        }
        if !bounds_each_person(&privacy) {
            let message = "no k: set it in [privacy] or for this dataset, or set k_map, delta_presence or a highest risk";
            return Err(self.fault(dataset.clone(), &format!("{path}.k"), message));
        }
        for idle in idle(&privacy) {
            if let Some(span) = own.span(idle.field) {
                return Err(self.fault(span, &format!("{path}.{}", idle.field), idle.message()));
            }
        }
        Ok(privacy)
    }

    /// Refuses fields of the whole profile that have no effect on any data set that takes them over.
    pub(super) fn idle_defaults(&self, raw: &RawProfile) -> Result<(), ProfileError> {
        let mut common: Option<Vec<Idle>> = None;
        for dataset in raw.datasets.values() {
            let own = &dataset.get_ref().privacy;
            let mut idle = idle(&own.over(&raw.privacy).values());
            // What the data set sets itself says nothing of the default.
            let overridden = FIELDS.iter().filter(|field| own.span(field).is_some());
            idle.extend(overridden.map(|field| Idle {
                field,
                because: "every data set sets its own",
            }));
            common = Some(match common {
                None => idle,
                Some(common) => common
                    .into_iter()
                    .filter(|known| idle.iter().any(|other| other.field == known.field))
                    .collect(),
            });
        }
        for idle in common.unwrap_or_default() {
            let conditional = !matches!(idle.field, "k" | "suppression_limit");
            if let Some(span) = raw.privacy.span(idle.field).filter(|_| conditional) {
                return Err(self.fault(span, &format!("privacy.{}", idle.field), idle.message()));
            }
        }
        Ok(())
    }

    /// Holds each number to its range.
    pub(super) fn ranges(&self, raw: &RawPrivacy, path: &str) -> Result<(), ProfileError> {
        let field = |name: &str| format!("{path}.{name}");
        let several = |given: &Given<u64>, name, message: &str| {
            self.hold(given, &field(name), |value| *value >= 2, message)
        };
        several(
            &raw.k,
            "k",
            "k must be 2 or more: with 1 every person may stand alone",
        )?;
        several(&raw.k_map, "k_map", "must be 2 or more")?;
        self.share(&raw.suppression_limit, &field("suppression_limit"))?;
        self.hold(
            &raw.time_budget_seconds,
            &field("time_budget_seconds"),
            |value| *value > 0.0 && *value <= MAX_SECONDS,
            "must be above 0 and at most 86400, a day",
        )?;
        if let Some(population) = &raw.population {
            self.name(
                population.get_ref(),
                &population.span(),
                &field("population"),
            )?;
        }
        if let Some(presence) = &raw.delta_presence {
            self.presence(presence, &field("delta_presence"))?;
        }
        if let Some(risk) = &raw.risk {
            self.risk(risk, &field("risk"))?;
        }
        Ok(())
    }

    fn presence(&self, raw: &Spanned<RawDeltaPresence>, path: &str) -> Result<(), ProfileError> {
        let presence = raw.get_ref();
        self.share(&presence.min, &format!("{path}.min"))?;
        self.share(&presence.max, &format!("{path}.max"))?;
        let (min, max) = (
            value(&presence.min).unwrap_or(0.0),
            value(&presence.max).unwrap_or(1.0),
        );
        if min > max {
            return Err(self.fault(raw.span(), path, format!("min {min} is above max {max}")));
        }
        if min <= 0.0 && max >= 1.0 {
            return Err(self.fault(
                raw.span(),
                path,
                "bounds nothing: give min above 0 or max below 1",
            ));
        }
        Ok(())
    }

    fn risk(&self, raw: &Spanned<RawRisk>, path: &str) -> Result<(), ProfileError> {
        let fields = raw.get_ref().fields();
        if fields.iter().all(|(_, limit)| limit.is_none()) {
            return Err(self.fault(raw.span(), path, "bounds no risk"));
        }
        for (name, limit) in fields {
            self.hold(
                limit,
                &format!("{path}.{name}"),
                |limit| *limit > 0.0 && *limit <= 1.0,
                "must be a probability above 0 and at most 1",
            )?;
        }
        Ok(())
    }

    fn share(&self, given: &Given<f64>, path: &str) -> Result<(), ProfileError> {
        self.hold(
            given,
            path,
            |value| (0.0..=1.0).contains(value),
            "must be a share from 0 to 1",
        )
    }

    /// Refuses a value that is given and does not hold to `range`.
    pub(super) fn hold<T>(
        &self,
        given: &Given<T>,
        path: &str,
        range: impl Fn(&T) -> bool,
        message: &str,
    ) -> Result<(), ProfileError> {
        match given.as_ref().filter(|value| !range(value.get_ref())) {
            None => Ok(()),
            Some(value) => Err(self.fault(value.span(), path, message)),
        }
    }
}

/// Without one of these a release could hold a person alone.
fn bounds_each_person(privacy: &Privacy) -> bool {
    privacy.k >= 2
        || privacy.k_map.is_some()
        || privacy.delta_presence.is_some()
        || privacy.risk.prosecutor_highest.is_some()
        || privacy.risk.journalist_highest.is_some()
}

/// A field that has no effect.
struct Idle {
    field: &'static str,
    because: &'static str,
}

impl Idle {
    fn message(&self) -> String {
        format!("has no effect: {}", self.because)
    }
}

/// The fields that have no effect beside the others.
fn idle(privacy: &Privacy) -> Vec<Idle> {
    let global = privacy.recoding == Recoding::Global;
    let by_column = matches!(
        privacy.metric,
        Metric::Loss | Metric::Precision | Metric::NonUniformEntropy
    );
    let checks = [
        (!global, "metric", "local recoding minimizes loss"),
        (
            !global,
            "aggregate",
            "local recoding minimizes the mean loss",
        ),
        (
            global && !by_column,
            "aggregate",
            "the metric has no losses of columns",
        ),
        (
            privacy.recoding == Recoding::LocalFast,
            "time_budget_seconds",
            "local_fast does not search",
        ),
        (
            !privacy.looks_at_population(),
            "population",
            "no model looks at the population",
        ),
    ];
    checks
        .into_iter()
        .filter(|(idle, ..)| *idle)
        .map(|(_, field, because)| Idle { field, because })
        .collect()
}

const FIELDS: [&str; 12] = [
    "k",
    "suppression_limit",
    "suppressed_records",
    "missing",
    "recoding",
    "metric",
    "aggregate",
    "time_budget_seconds",
    "k_map",
    "delta_presence",
    "population",
    "risk",
];

impl RawPrivacy {
    /// These fields, and those of `defaults` where these are not given.
    fn over(&self, defaults: &Self) -> Self {
        let (own, other) = (self.clone(), defaults.clone());
        Self {
            k: own.k.or(other.k),
            suppression_limit: own.suppression_limit.or(other.suppression_limit),
            suppressed_records: own.suppressed_records.or(other.suppressed_records),
            missing: own.missing.or(other.missing),
            recoding: own.recoding.or(other.recoding),
            metric: own.metric.or(other.metric),
            aggregate: own.aggregate.or(other.aggregate),
            time_budget_seconds: own.time_budget_seconds.or(other.time_budget_seconds),
            k_map: own.k_map.or(other.k_map),
            delta_presence: own.delta_presence.or(other.delta_presence),
            population: own.population.or(other.population),
            risk: own.risk.or(other.risk),
        }
    }

    fn span(&self, field: &str) -> Option<Range<usize>> {
        match field {
            "k" => span(&self.k),
            "suppression_limit" => span(&self.suppression_limit),
            "suppressed_records" => span(&self.suppressed_records),
            "missing" => span(&self.missing),
            "recoding" => span(&self.recoding),
            "metric" => span(&self.metric),
            "aggregate" => span(&self.aggregate),
            "time_budget_seconds" => span(&self.time_budget_seconds),
            "k_map" => span(&self.k_map),
            "delta_presence" => span(&self.delta_presence),
            "population" => span(&self.population),
            "risk" => span(&self.risk),
            _ => None,
        }
    }

    fn values(&self) -> Privacy {
        let default = Privacy::default();
        Privacy {
            k: value(&self.k).unwrap_or(default.k),
            suppression_limit: value(&self.suppression_limit).unwrap_or(default.suppression_limit),
            suppressed_records: value(&self.suppressed_records)
                .unwrap_or(SuppressedRecords::Remove),
            missing: value(&self.missing).unwrap_or(Missing::Own),
            recoding: value(&self.recoding).unwrap_or(Recoding::Global),
            metric: value(&self.metric).unwrap_or(Metric::Loss),
            aggregate: value(&self.aggregate).unwrap_or(Aggregate::Geometric),
            time_budget_seconds: value(&self.time_budget_seconds)
                .unwrap_or(default.time_budget_seconds),
            k_map: value(&self.k_map),
            delta_presence: self.delta_presence.as_ref().map(|raw| DeltaPresence {
                min: value(&raw.get_ref().min).unwrap_or(0.0),
                max: value(&raw.get_ref().max).unwrap_or(1.0),
            }),
            population: value(&self.population),
            risk: self
                .risk
                .as_ref()
                .map(|raw| raw.get_ref().values())
                .unwrap_or_default(),
        }
    }
}

impl RawRisk {
    /// Whether it bounds the risk of attackers who compare with the population.
    fn needs_population(&self) -> bool {
        self.journalist_highest.is_some()
            || self.journalist_average.is_some()
            || self.marketer.is_some()
    }

    fn fields(&self) -> [(&'static str, &Given<f64>); 5] {
        [
            ("prosecutor_highest", &self.prosecutor_highest),
            ("prosecutor_average", &self.prosecutor_average),
            ("journalist_highest", &self.journalist_highest),
            ("journalist_average", &self.journalist_average),
            ("marketer", &self.marketer),
        ]
    }

    fn values(&self) -> RiskLimits {
        RiskLimits {
            prosecutor_highest: value(&self.prosecutor_highest),
            prosecutor_average: value(&self.prosecutor_average),
            journalist_highest: value(&self.journalist_highest),
            journalist_average: value(&self.journalist_average),
            marketer: value(&self.marketer),
        }
    }
}
