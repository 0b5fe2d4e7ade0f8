//! Whom rules found around a word.

/// How far away others were found, before a word and behind it: from 0 for next to it to [`FAR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    pub before: u64,
    pub behind: u64,
}

/// Nobody was found near.
pub const FAR: u64 = 5;

impl Around {
    /// Nobody at all.
    pub const NOBODY: Self = Self {
        before: FAR,
        behind: FAR,
    };

    /// Of a word in `word` among people, who are in order; all in bytes.
    pub fn of(word: (usize, usize), people: &[(usize, usize)]) -> Self {
        let steps = |bytes: usize| match bytes {
            0..4 => 0,
            4..12 => 1,
            12..48 => 2,
            48..120 => 3,
            120..320 => 4,
            _ => FAR,
        };
        let next = people.partition_point(|person| person.0 < word.1);
        let behind = people.get(next).map(|person| person.0 - word.1);
        let before = people.get(..next).unwrap_or_default().iter().rev().take(3);
        let before = before
            .filter(|person| person.1 <= word.0)
            .map(|person| word.0 - person.1)
            .min();
        Self {
            before: before.map_or(FAR, steps),
            behind: behind.map_or(FAR, steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_count_and_the_word_itself_does_not() {
        let people = [(10, 20), (40, 50), (52, 60), (500, 510)];
        let of = |word| {
            let Around { before, behind } = Around::of(word, &people);
            (before, behind)
        };
        assert_eq!(of((22, 30)), (0, 1));
        assert_eq!(of((40, 50)), (2, 0));
        assert_eq!(of((900, 910)), (FAR, FAR));
        assert_eq!(Around::of((5, 6), &[]), Around::NOBODY);
    }
}
