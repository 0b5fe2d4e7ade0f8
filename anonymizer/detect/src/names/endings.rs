//! Endings of words, refused at a glance.

/// A list of endings of at least two Cyrillic letters each, with a bit for every pair of last letters.
#[derive(Debug)]
pub struct Endings {
    bits: [u64; 64],
    /// Each with its pair, which is compared first.
    list: Vec<(u16, &'static str)>,
}

impl Endings {
    /// Of a list.
    pub fn new(list: Vec<&'static str>) -> Self {
        let list: Vec<_> = list
            .into_iter()
            .filter_map(|ending| Some((pair(ending)?, ending)))
            .collect();
        let mut bits = [0; 64];
        for (pair, _) in &list {
            if let Some(cell) = bits.get_mut(usize::from(pair >> 6)) {
                *cell |= 1 << (pair & 63);
            }
        }
        Self { bits, list }
    }

    /// The endings of `word`, in the order of the list.
    pub fn of<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'static str> + 's {
        let last = pair(word).unwrap_or_default();
        let cell = self
            .bits
            .get(usize::from(last >> 6))
            .copied()
            .unwrap_or_default();
        let list = if cell >> (last & 63) & 1 == 1 {
            self.list.as_slice()
        } else {
            &[]
        };
        list.iter()
            .filter(move |(pair, ending)| *pair == last && word.ends_with(ending))
            .map(|(_, ending)| *ending)
    }

    /// Whether `word` has one of them.
    pub fn any(&self, word: &str) -> bool {
        self.of(word).next().is_some()
    }
}

/// The two last letters by the low bits of their second bytes: 64 x 64.
fn pair(word: &str) -> Option<u16> {
    match word.as_bytes() {
        [.., before, _, last] => Some(u16::from(before & 63) << 6 | u16::from(last & 63)),
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
