//! Numbers below a known bound in as few bytes as they need.

/// Counts that are kept side by side.
const LANES: usize = 4;

/// One number a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Codes {
    /// Below 2^8.
    U8(Vec<u8>),
    /// Below 2^16.
    U16(Vec<u16>),
    /// Any.
    U32(Vec<u32>),
}

/// Runs the same lines for each width.
macro_rules! each {
    ($codes:expr, $values:ident => $body:expr) => {
        match $codes {
            $crate::table::Codes::U8($values) => $body,
            $crate::table::Codes::U16($values) => $body,
            $crate::table::Codes::U32($values) => $body,
        }
    };
}
pub(crate) use each;

impl Default for Codes {
    fn default() -> Self {
        Self::U8(Vec::new())
    }
}

impl Codes {
    pub(crate) fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// The number of a row, 0 beyond the end.
    pub(crate) fn get(&self, row: usize) -> u32 {
        match self {
            Self::U8(values) => values.get(row).copied().map_or(0, u32::from),
            Self::U16(values) => values.get(row).copied().map_or(0, u32::from),
            Self::U32(values) => values.get(row).copied().unwrap_or_default(),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::U8(values) => Box::new(values.iter().map(|code| u32::from(*code))),
            Self::U16(values) => Box::new(values.iter().map(|code| u32::from(*code))),
            Self::U32(values) => Box::new(values.iter().copied()),
        }
    }

    /// Appends numbers below `bound`, changing to a wider kind when the bound asks for it.
    pub(crate) fn extend(&mut self, bound: usize, more: impl Iterator<Item = u32>) {
        self.widen(bound);
        match self {
            Self::U8(values) => values.extend(more.map(|code| code as u8)),
            Self::U16(values) => values.extend(more.map(|code| code as u16)),
            Self::U32(values) => values.extend(more),
        }
    }

    fn widen(&mut self, bound: usize) {
        let wider = match (&*self, bound) {
            (Self::U8(values), 0x101..=0x1_0000) => {
                Self::U16(values.iter().map(|code| u16::from(*code)).collect())
            }
            (Self::U8(values), 0x1_0001..) => {
                Self::U32(values.iter().map(|code| u32::from(*code)).collect())
            }
            (Self::U16(values), 0x1_0001..) => {
                Self::U32(values.iter().map(|code| u32::from(*code)).collect())
            }
            _ => return,
        };
        *self = wider;
    }

    /// Replaces each number by what `map` gives for it. The result is below `bound`, which is at most what it was.
    pub(crate) fn map(&mut self, map: &[u32]) {
        each!(self, values => for value in values.iter_mut() {
            *value = map.get(*value as usize).copied().unwrap_or_default() as _;
        });
    }

    /// How often each number below `bound` occurs.
    pub(crate) fn counts(&self, bound: usize) -> Vec<u64> {
        // Like numbers often stand together, and adding to the count just written would wait for it.
        let mut lanes = [const { Vec::new() }; LANES];
        lanes.iter_mut().for_each(|lane| lane.resize(bound, 0_u64));
        each!(self, values => for values in values.chunks(LANES) {
            for (value, lane) in values.iter().zip(&mut lanes) {
                if let Some(count) = lane.get_mut(*value as usize) {
                    *count += 1;
                }
            }
        });
        let [mut counts, others @ ..] = lanes;
        for other in others {
            counts
                .iter_mut()
                .zip(other)
                .for_each(|(sum, more)| *sum += more);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_widen_and_keep_their_values() {
        let mut codes = Codes::default();
        codes.extend(200, [0, 199].into_iter());
        codes.extend(300, [299].into_iter());
        assert!(matches!(codes, Codes::U16(_)));
        codes.extend(70_000, [69_999].into_iter());
        assert_eq!(codes.iter().collect::<Vec<_>>(), [0, 199, 299, 69_999]);
        assert_eq!((codes.get(3), codes.get(4), codes.len()), (69_999, 0, 4));
        assert_eq!(Codes::U8(vec![1, 1, 0]).counts(2), [1, 2]);
    }
}
