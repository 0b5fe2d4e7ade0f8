//! What a job's author may see of its log.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::mask::masked;
use super::metrics::Metrics;
use super::strip::Strip;
use crate::engine::LogStream;

/// Bytes that a job's author sees of its log, all told.
pub const DEFAULT_BUDGET: usize = 64 << 10;

/// A line is cut after this many characters.
const LINE_CHARACTERS: usize = 1000;
/// Read beyond the cut, so that a number across it is seen whole.
const LOOKAHEAD: usize = 64;
const CUT: &str = " [...]";
/// Kept back for the note about lines left out.
const NOTE_BYTES: usize = 80;

/// What of a job's log is open, the strictest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogOpening {
    /// Nothing.
    None,
    /// Lines of `name=value` with numbers; see [`Metrics`].
    Metrics,
    /// Text, filtered for personal data.
    #[default]
    Text,
}

/// What of a log was not shown. No counts: they would tell what the log itself may not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Lines that are no metrics, where nothing else is open.
    pub other_lines: bool,
    /// Lines beyond the budget.
    pub beyond_budget: bool,
}

/// From what a job printed to what its author may see: without terminal escapes
/// and controls, identifiers masked or metrics alone, long lines cut, bounded as a whole. The first
/// half of the budget is given out as it comes; of the rest the last lines are
/// kept and given out at the end, because that is where an error stands.
///
/// Each line given out ends in `\n`. A restarted reader must feed the whole log
/// again to a new filter, and give out what goes beyond what it gave before.
#[derive(Debug)]
pub struct TailFilter {
    opening: LogOpening,
    metrics: Metrics,
    other_lines: bool,
    stdout: Line,
    stderr: Line,
    live: usize,
    live_over: bool,
    tail: VecDeque<String>,
    tail_bytes: usize,
    tail_budget: usize,
    left_out: u64,
}

#[derive(Debug, Default)]
struct Line {
    strip: Strip,
    text: String,
    characters: usize,
}

impl TailFilter {
    /// A filter that gives out at most `budget` bytes. Zero gives out nothing.
    #[must_use]
    pub fn new(opening: LogOpening, budget: usize) -> Self {
        let live = budget / 2;
        Self {
            opening,
            metrics: Metrics::default(),
            other_lines: false,
            stdout: Line::default(),
            stderr: Line::default(),
            live,
            live_over: false,
            tail: VecDeque::new(),
            tail_bytes: 0,
            tail_budget: (budget - live).saturating_sub(NOTE_BYTES),
            left_out: 0,
        }
    }

    /// Takes a chunk and gives out the lines that are whole and within the budget.
    pub fn push(&mut self, stream: LogStream, chunk: &[u8]) -> Vec<String> {
        let line = match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        };
        let lines = line.push(chunk);
        lines
            .into_iter()
            .filter_map(|line| self.admit(line))
            .collect()
    }

    /// Ends the log: gives out what was kept of its end, after a note of how many
    /// lines are missing, and says what was held back.
    #[must_use]
    pub fn finish(mut self) -> (Vec<String>, HeldBack) {
        let mut out = Vec::new();
        for line in [self.stdout.end(), self.stderr.end()].into_iter().flatten() {
            out.extend(self.admit(line));
        }
        let note = format!("[{} lines are not shown]\n", self.left_out);
        if self.left_out > 0 && self.tail_budget > 0 {
            out.push(note);
        }
        out.extend(self.tail);
        let held_back = HeldBack {
            other_lines: self.other_lines,
            beyond_budget: self.left_out > 0,
        };
        (out, held_back)
    }

    fn admit(&mut self, line: Printed) -> Option<String> {
        let line = self.opened(&line)?;
        if !self.live_over && line.len() <= self.live {
            self.live -= line.len();
            return Some(line);
        }
        // Once a line did not fit, later short ones must not overtake it.
        self.live_over = true;
        self.tail_bytes += line.len();
        self.tail.push_back(line);
        while self.tail_bytes > self.tail_budget {
            let Some(oldest) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= oldest.len();
            self.left_out += 1;
        }
        None
    }

    /// The line as it may be shown, with its end.
    fn opened(&mut self, line: &Printed) -> Option<String> {
        let metric = |metrics: &mut Metrics| metrics.line(&line.text).filter(|_| line.whole);
        match self.opening {
            LogOpening::None => None,
            LogOpening::Text => Some(line.masked()),
            LogOpening::Metrics => match metric(&mut self.metrics) {
                Some(shown) => Some(shown + "\n"),
                None => {
                    self.other_lines = true;
                    None
                }
            },
        }
    }
}

/// A line as it was printed, without escapes.
#[derive(Debug)]
struct Printed {
    text: String,
    /// Nothing of it is missing.
    whole: bool,
}

impl Printed {
    /// Identifiers masked, and cut where it is too long.
    fn masked(&self) -> String {
        let shown = if self.whole {
            masked(&self.text)
        } else {
            masked(without_last_word(&self.text))
        };
        if self.whole && shown.chars().count() <= LINE_CHARACTERS {
            return shown + "\n";
        }
        let kept: String = shown.chars().take(LINE_CHARACTERS).collect();
        kept + CUT + "\n"
    }
}

impl Line {
    fn push(&mut self, chunk: &[u8]) -> Vec<Printed> {
        let mut lines = Vec::new();
        for c in self.strip.push(chunk).chars() {
            if c == '\n' {
                lines.extend(self.end());
            } else {
                if self.characters < LINE_CHARACTERS + LOOKAHEAD {
                    self.text.push(c);
                }
                self.characters += 1;
            }
        }
        lines
    }

    /// The line so far; `None` for an empty one.
    fn end(&mut self) -> Option<Printed> {
        let text = std::mem::take(&mut self.text);
        let whole = std::mem::take(&mut self.characters) == text.chars().count();
        (!text.is_empty()).then_some(Printed { text, whole })
    }
}

/// A number at a cut may be the beginning of a longer one, so the last word goes,
/// and with it the groups of digits before it.
fn without_last_word(text: &str) -> &str {
    let word = |c: char| !c.is_whitespace();
    let groups = |c: char| c.is_numeric() || c.is_whitespace() || "()+-".contains(c);
    text.trim_end_matches(word).trim_end_matches(groups)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn run(budget: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut filter = TailFilter::new(LogOpening::Text, budget);
        let mut out: Vec<String> = chunks
            .iter()
            .flat_map(|chunk| filter.push(LogStream::Stdout, chunk))
            .collect();
        out.extend(filter.finish().0);
        out
    }

    #[test]
    fn lines_are_framed_and_masked() {
        assert_eq!(
            run(1000, &[b"a\nb 8501", b"01300", b"123 c\nlast"]),
            ["a\n", "b *** c\n", "last\n"]
        );
    }

    #[test]
    fn the_streams_do_not_run_into_each_other() {
        let mut filter = TailFilter::new(LogOpening::Text, 1000);
        assert!(filter.push(LogStream::Stdout, b"iin 850101").is_empty());
        assert_eq!(filter.push(LogStream::Stderr, b"oops\n"), ["oops\n"]);
        assert_eq!(filter.push(LogStream::Stdout, b"300123\n"), ["iin ***\n"]);
    }

    #[test]
    fn the_beginning_and_the_end_are_shown() {
        let log: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
        let out = run(2000, &[log.as_bytes()]);
        assert_eq!(out.first().unwrap(), "line 0\n");
        assert_eq!(out.last().unwrap(), "line 9999\n");
        assert_eq!(
            out.iter().filter(|line| line.contains("not shown")).count(),
            1
        );
        assert!(out.concat().len() <= 2000);
    }

    #[test]
    fn a_line_without_end_is_cut_and_costs_no_memory() {
        let mut filter = TailFilter::new(LogOpening::Text, DEFAULT_BUDGET);
        for _ in 0..10_000 {
            assert!(filter.push(LogStream::Stdout, &[b'x'; 4096]).is_empty());
        }
        assert!(filter.stdout.text.len() <= LINE_CHARACTERS + LOOKAHEAD);
        assert!(filter.finish().0.concat().len() <= LINE_CHARACTERS + 10);
    }

    #[test]
    fn no_budget_shows_nothing() {
        assert_eq!(run(0, &[b"secret\n", b"x"]), Vec::<String>::new());
    }

    fn opened(opening: LogOpening, budget: usize, log: &[u8]) -> (String, HeldBack) {
        let mut filter = TailFilter::new(opening, budget);
        let mut out = filter.push(LogStream::Stdout, log);
        let (rest, held_back) = filter.finish();
        out.extend(rest);
        (out.concat(), held_back)
    }

    #[test]
    fn metrics_pass_and_the_rest_is_held_back_without_its_number() {
        let log =
            b"epoch=1 loss=0.51234\nrow: Serikova;900101300017\n\x1b[1mloss=0.25\x1b[0m\nacc=0.9";
        let (shown, held_back) = opened(LogOpening::Metrics, 1000, log);
        assert_eq!(shown, "epoch=1 loss=0.5123\nloss=0.25\nacc=0.9\n");
        assert!(held_back.other_lines && !held_back.beyond_budget);
        let (other, _) = opened(LogOpening::Metrics, 1000, &log.repeat(50));
        assert!(!other.contains("not shown"), "{other}");
        let nothing = (String::new(), HeldBack::default());
        assert_eq!(opened(LogOpening::None, 1000, log), nothing);
    }

    #[test]
    fn a_metric_line_that_was_cut_is_none() {
        let log = format!("a=1{} b=2\n", " ".repeat(2000));
        assert_eq!(opened(LogOpening::Metrics, 1000, log.as_bytes()).0, "");
    }

    #[test]
    fn metrics_have_a_budget_too() {
        let log: String = (0..10_000).map(|n| format!("step={n}\n")).collect();
        let (shown, held_back) = opened(LogOpening::Metrics, 500, log.as_bytes());
        assert!(shown.len() <= 500 && held_back.beyond_budget);
    }

    fn longest_run(text: &str) -> usize {
        text.split(|c: char| !c.is_numeric())
            .map(|run| run.chars().count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn the_budget_holds_and_no_identifier_passes(
            pieces in proptest::collection::vec("[0-9]{0,14}|[ -~]{0,30}|\n|\\PC{0,4}|x{900,1100}|\x1b\\[[0-9;]{0,3}m", 0..60),
            cuts in proptest::collection::vec(1_usize..50, 1..20),
            budget in 0_usize..5000,
        ) {
            let text = pieces.concat();
            let mut filter = TailFilter::new(LogOpening::Text, budget);
            let mut out = String::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break }
                let (chunk, after) = rest.split_at((*cut).min(rest.len()));
                out.extend(filter.push(LogStream::Stdout, chunk));
                rest = after;
            }
            out.extend(filter.finish().0);
            prop_assert!(out.len() <= budget, "{} > {budget}", out.len());
            prop_assert!(longest_run(&out) < 9, "{out:?}");
            prop_assert!(!out.chars().any(|c| c.is_control() && c != '\n'));
            let whole: String = run(budget, &[text.as_bytes()]).concat();
            prop_assert_eq!(whole, out, "chunking changes nothing");
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let out = run(3000, &chunks).concat();
            prop_assert!(out.len() <= 3000);
            prop_assert!(longest_run(&out) < 9, "{:?}", out);
        }

        #[test]
        fn an_identifier_at_any_place_is_masked(before in "[a-z ]{0,1100}", after in "[a-z ]{0,100}", iin in "[0-9]{12}") {
            let line = format!("{before}{iin}{after}\n");
            let out = run(DEFAULT_BUDGET, &[line.as_bytes()]).concat();
            prop_assert!(longest_run(&out) == 0, "{:?}", out);
        }
    }
}
