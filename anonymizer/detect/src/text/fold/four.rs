//! Four Cyrillic letters at once.

use std::sync::LazyLock;

use super::super::Loose;
use super::super::alphabet::Packed;

/// The rows of the characters whose first byte is one of 0xD0 to 0xD3: Cyrillic ones.
pub type Cyrillic = [Packed; 0x100];

static CYRILLIC: LazyLock<Cyrillic> =
    LazyLock::new(|| std::array::from_fn(|character| Packed::new(0x400 + character as u32)));

/// The rows of Cyrillic characters.
pub fn cyrillic() -> &'static Cyrillic {
    &CYRILLIC
}

/// Up to four letters in a row, which are the next ones of a word.
#[derive(Clone, Copy)]
pub struct Four {
    rows: [Packed; 4],
    pub count: usize,
    pub bytes: usize,
}

impl Four {
    /// One letter of so many bytes.
    #[inline]
    pub fn one(letter: Packed, bytes: usize) -> Self {
        let none = Packed::default();
        Self {
            rows: [letter, none, none, none],
            count: 1,
            bytes,
        }
    }

    /// The Cyrillic letters among the next eight bytes, up to what is none; nothing if there is none, or what is no letter stands
    /// among Cyrillic characters, or the text ends.
    #[inline]
    pub fn read(bytes: &[u8], at: usize, table: &Cyrillic) -> Option<Self> {
        // A lane of 16 bits holds a character of two bytes, the first of them in the lower bits.
        const LEAD: u64 = 0x00FC_00FC_00FC_00FC;
        const CYRILLIC: u64 = 0x00D0_00D0_00D0_00D0;
        let lanes = u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<8>()?);
        let count = (((lanes & LEAD) ^ CYRILLIC).trailing_zeros() / 16) as usize;
        let places = (lanes & 0x0003_0003_0003_0003) << 6 | (lanes >> 8 & 0x003F_003F_003F_003F);
        let row = |lane: usize| {
            let place = (places >> (16 * lane)) as u8;
            table.get(usize::from(place)).copied().unwrap_or_default()
        };
        let among = |lane: usize| {
            if lane < count {
                row(lane)
            } else {
                Packed::default()
            }
        };
        let rows = match count {
            4 => [row(0), row(1), row(2), row(3)],
            _ => [among(0), among(1), among(2), Packed::default()],
        };
        let four = Self {
            rows,
            count,
            bytes: 2 * count,
        };
        (count > 0 && four.all().is_letter()).then_some(four)
    }

    /// Whether four letters were read, so that more may follow.
    #[inline]
    pub const fn is_whole(&self) -> bool {
        self.count == 4
    }

    /// The facts of all letters.
    #[inline]
    pub const fn all(&self) -> Packed {
        let [first, ..] = self.rows;
        first.or(self.later())
    }

    /// The facts of all letters but the first.
    #[inline]
    pub const fn later(&self) -> Packed {
        let [_, second, third, fourth] = self.rows;
        second.or(third).or(fourth)
    }

    /// A hash with these letters, where none waited.
    #[inline]
    pub fn append(&self, hash: Loose) -> Loose {
        let letters = self
            .rows
            .iter()
            .fold(0, |letters, row| letters << 16 | u64::from(row.loose()));
        if self.is_whole() {
            return hash.with_four(letters);
        }
        hash.with_waiting(letters >> (16 * (4 - self.count)))
    }
}
