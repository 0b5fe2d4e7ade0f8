//! Codes by their first characters.

use std::collections::BTreeSet;

use super::{Prefix, ROOT, Rows};

impl Prefix {
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let levels = self.lengths.len() + usize::from(!self.blocks.is_empty()) + 2;
        let mut rows = Rows::new(levels);
        let mut blocks: Vec<(&str, &str, &str)> = self
            .blocks
            .iter()
            .filter_map(|block| {
                block
                    .split_once('-')
                    .map(|(first, last)| (first, last, block.as_str()))
            })
            .collect();
        blocks.sort_unstable();
        for value in values {
            rows.push(value, self.above(value, &blocks), ROOT);
        }
        rows
    }

    /// `blocks` are first and last code and the text of each block, in order.
    fn above(&self, value: &str, blocks: &[(&str, &str, &str)]) -> Option<Vec<String>> {
        let width = blocks.first().map(|(first, ..)| first.chars().count());
        let mut above = Vec::new();
        for length in &self.lengths {
            let prefix: String = value.chars().take(*length as usize).collect();
            // A00. is A00.
            let short = prefix.trim_end_matches(|c: char| c.is_ascii_punctuation() || c == ' ');
            above.push(if short.is_empty() {
                prefix.clone()
            } else {
                short.to_owned()
            });
            if width == Some(*length as usize) {
                let before = blocks.partition_point(|(first, ..)| *first <= prefix.as_str());
                let (_, last, block) = blocks.get(before.checked_sub(1)?)?;
                above.push((prefix.as_str() <= *last).then(|| (*block).to_owned())?);
            }
        }
        Some(above)
    }
}
