//! What was measured, as a table for people.

use std::time::Duration;

/// What a measurement has to reach.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// Ours over the baseline, at least.
    RatioAtLeast(f64),
    /// Ours over the baseline, at most.
    RatioAtMost(f64),
    /// Ours itself, below this.
    Below(f64),
    /// It is only told.
    None,
}

/// One line.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub what: &'static str,
    /// Of Sandyq.
    pub ours: f64,
    /// Of what it is compared with, in the same unit, and what that is.
    pub baseline: Option<(f64, &'static str)>,
    /// Unit of both.
    pub unit: &'static str,
    /// What has to be reached.
    pub bar: Bar,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.baseline.map(|(baseline, _)| self.ours / baseline)
    }

    /// Whether the bar was met; nothing where there is none.
    pub fn met(&self) -> Option<bool> {
        match self.bar {
            Bar::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Bar::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Bar::Below(limit) => Some(self.ours < limit),
            Bar::None => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let unit = self.unit;
        let baseline = self.baseline.map(|(value, what)| {
            if what.is_empty() {
                format!("{} {unit}", number(value))
            } else {
                format!("{} {unit} ({what})", number(value))
            }
        });
        let bar = match self.bar {
            Bar::RatioAtLeast(least) => format!("ratio >= {least}"),
            Bar::RatioAtMost(most) => format!("ratio <= {most}"),
            Bar::Below(limit) => format!("< {limit} {unit}"),
            Bar::None => "-".to_owned(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "-",
        };
        [
            self.what.to_owned(),
            format!("{} {unit}", number(self.ours)),
            baseline.unwrap_or_else(|| "-".to_owned()),
            self.ratio()
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            bar,
            met.to_owned(),
        ]
    }
}

fn number(value: f64) -> String {
    match value {
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// The whole table.
pub fn render(rows: &[Row]) -> String {
    let heading = ["what", "ours", "baseline", "ratio", "bar", "met"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(heading)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::from("\n");
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// The machine and what else it does: a busy one spoils latencies.
pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']))
        .unwrap_or("an unknown processor");
    format!("{cpus} x {model}; load {} at the start", load())
}

/// Load of the machine, of one, five and fifteen minutes.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The value below which this part of all lies, by the nearest rank.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    let rank = (part * values.len() as f64).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

/// Milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
