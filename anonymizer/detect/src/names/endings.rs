//! Endings of words, refused at a glance.

/// A list of endings of at least two Cyrillic letters each, with a bit for every pair of last letters.
#[derive(Debug)]
pub struct Endings {
    bits: [u64; 64],
    list: Vec<&'static str>,
}

impl Endings {
    /// Of a list.
    pub fn new(list: Vec<&'static str>) -> Self {
        let mut bits = [0; 64];
        for ending in &list {
            if let Some((cell, bit)) = pair(ending)
                && let Some(word) = bits.get_mut(cell)
            {
                *word |= bit;
            }
        }
        Self { bits, list }
    }

    /// The endings of `word`, in the order of the list.
    pub fn of<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'static str> + 's {
        let likely = pair(word)
            .is_some_and(|(cell, bit)| self.bits.get(cell).is_some_and(|word| word & bit != 0));
        let list = if likely { self.list.as_slice() } else { &[] };
        list.iter()
            .copied()
            .filter(move |ending| word.ends_with(ending))
    }

    /// Whether `word` has one of them.
    pub fn any(&self, word: &str) -> bool {
        self.of(word).next().is_some()
    }
}

/// The place of the two last letters among 64 x 64, by the low bits of their second bytes.
fn pair(word: &str) -> Option<(usize, u64)> {
    match word.as_bytes() {
        [.., before, _, last] => Some((usize::from(before & 63), 1 << (last & 63))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_found() {
        let endings = Endings::new(vec!["ов", "бай", "енко"]);
        assert!(endings.any("иванов") && endings.any("ахметбай") && endings.any("ов"));
        assert!(!endings.any("дом") && !endings.any("") && !endings.any("в"));
        assert_eq!(endings.of("шевченко").collect::<Vec<_>>(), ["енко"]);
    }
}
