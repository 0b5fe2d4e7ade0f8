//! What becomes of a column's values before anything else.

use toml::Spanned;

use super::super::raw::{RawColumn, RawStep, value};
use super::super::{ProfileError, ValueType};
use super::Reader;
use crate::prepare::Step;

impl Reader<'_> {
    pub(super) fn steps(
        &self,
        raw: &RawColumn,
        cast: Option<ValueType>,
        path: &str,
    ) -> Result<Vec<Step>, ProfileError> {
        let path = format!("{path}.prepare");
        let Some(given) = &raw.prepare else {
            return Ok(Vec::new());
        };
        if given.get_ref().is_empty() {
            return Err(self.fault(given.span(), &path, "names no step"));
        }
        let mut steps: Vec<Step> = Vec::new();
        for (index, step) in given.get_ref().iter().enumerate() {
            let path = format!("{path}[{index}]");
            let read = self.step(step, &path)?;
            if read.needs_number() && steps.iter().any(|before| !before.leaves_number()) {
                let message = "needs numbers, and a step before makes text of them";
                return Err(self.fault(step.span(), &path, message));
            }
            steps.push(read);
        }
        let number = matches!(
            cast,
            Some(ValueType::Integer | ValueType::Float | ValueType::Boolean)
        );
        if number && steps.iter().any(|step| matches!(step, Step::Bin(_))) {
            let message = "bin makes text of numbers, so that the column's type can only be string";
            return Err(self.fault(given.span(), &path, message));
        }
        Ok(steps)
    }

    fn step(&self, raw: &Spanned<RawStep>, path: &str) -> Result<Step, ProfileError> {
        let (place, raw) = (raw.span(), raw.get_ref());
        let field = |name: &str| format!("{path}.{name}");
        let above_zero = |number: &f64| number.is_finite() && *number > 0.0;
        let finite = |number: &f64| number.is_finite();
        self.hold(
            &raw.round_to,
            &field("round_to"),
            above_zero,
            "must be a number above 0",
        )?;
        self.hold(
            &raw.bin,
            &field("bin"),
            above_zero,
            "must be a number above 0",
        )?;
        self.hold(
            &raw.top_code,
            &field("top_code"),
            finite,
            "must be a finite number",
        )?;
        self.hold(
            &raw.bottom_code,
            &field("bottom_code"),
            finite,
            "must be a finite number",
        )?;
        self.hold(
            &raw.truncate,
            &field("truncate"),
            |length| *length > 0,
            "must be 1 or more",
        )?;
        let steps = [
            value(&raw.round_to).map(Step::RoundTo),
            value(&raw.top_code).map(Step::TopCode),
            value(&raw.bottom_code).map(Step::BottomCode),
            value(&raw.bin).map(Step::Bin),
            value(&raw.truncate).map(Step::Truncate),
            value(&raw.date).map(Step::Date),
        ];
        let mut given = steps.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(step), None) => Ok(step),
            _ => Err(self.fault(
                place,
                path,
                "a step is one of round_to, top_code, bottom_code, bin, truncate, date",
            )),
        }
    }
}
