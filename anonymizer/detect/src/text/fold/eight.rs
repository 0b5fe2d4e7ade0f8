//! Eight Cyrillic letters at once.

use std::sync::LazyLock;

use super::super::Loose;
use super::super::alphabet::Packed;

/// The rows of the characters whose first byte is one of 0xD0 to 0xD3, which are Cyrillic, and as many empty ones for what stands
/// behind them.
pub type Cyrillic = [Packed; 0x200];

static CYRILLIC: LazyLock<Cyrillic> = LazyLock::new(|| {
    std::array::from_fn(|place| match place {
        0..0x100 => Packed::new(0x400 + place as u32),
        _ => Packed::default(),
    })
});

/// The rows of Cyrillic characters.
pub fn cyrillic() -> &'static Cyrillic {
    &CYRILLIC
}

/// Up to eight letters in a row, which are the next ones of a word.
#[derive(Clone, Copy)]
pub struct Eight {
    /// The letters in hashes, four by four, 16 bits each; 0 behind the last.
    fours: [u64; 2],
    /// The facts of the first.
    pub first: Packed,
    /// The facts of all others.
    pub later: Packed,
    pub count: usize,
}

impl Eight {
    /// The Cyrillic letters among the next sixteen bytes, up to what is none; nothing if there is none, or what is no letter stands
    /// among Cyrillic characters, or the text ends.
    #[inline(always)]
    pub fn read(bytes: &[u8], at: usize, table: &Cyrillic) -> Option<Self> {
        let (front, rest) = bytes.get(at..)?.split_first_chunk::<8>()?;
        let back = u64::from_le_bytes(*rest.first_chunk::<8>()?);
        let (places, before) = places(u64::from_le_bytes(*front), 0);
        let (others, behind) = places_behind(back, before);
        let row = |places: u64, lane: u32| {
            let place = (places >> (16 * lane)) as usize % table.len();
            table.get(place).copied().unwrap_or_default()
        };
        let one = [0, 1, 2, 3].map(|lane| row(places, lane));
        let two = [0, 1, 2, 3].map(|lane| row(others, lane));
        let [first, second, third, fourth] = one;
        let [fifth, sixth, seventh, eighth] = two;
        let later = second
            .or(third)
            .or(fourth)
            .or(fifth.or(sixth).or(seventh.or(eighth)));
        let letters = |rows: [Packed; 4]| {
            let [a, b, c, d] = rows.map(|row| u64::from(row.loose()));
            a << 48 | b << 32 | c << 16 | d
        };
        let eight = Self {
            fours: [letters(one), letters(two)],
            first,
            later,
            count: before + behind,
        };
        (before > 0 && first.or(later).is_letter()).then_some(eight)
    }

    /// Whether eight letters were read, so that more may follow.
    #[inline]
    pub const fn is_whole(&self) -> bool {
        self.count == 8
    }

    /// The facts of all letters.
    #[inline]
    pub const fn all(&self) -> Packed {
        self.first.or(self.later)
    }

    /// A hash with these letters, where none waited.
    #[inline]
    pub const fn append(&self, hash: Loose) -> Loose {
        hash.with_eight(self.fours, self.count)
    }
}

/// The places in the table of four characters of two bytes each, the first of them in the lowest bits, and how many of them are
/// Cyrillic from the first on; those behind have places of empty rows.
#[inline]
const fn places(lanes: u64, ended: u64) -> (u64, usize) {
    // The first byte of a character is in the lower bits of its lane.
    const LEAD: u64 = 0x00FC_00FC_00FC_00FC;
    const CYRILLIC: u64 = 0x00D0_00D0_00D0_00D0;
    let other = ((lanes & LEAD) ^ CYRILLIC) | ended;
    // All lanes from the first other one on.
    let behind = other & other.wrapping_neg();
    let behind = behind.wrapping_neg() & 0x0100_0100_0100_0100;
    let places = (lanes & 0x0003_0003_0003_0003) << 6 | (lanes >> 8 & 0x003F_003F_003F_003F);
    (places | behind, (other.trailing_zeros() / 16) as usize)
}

/// The same of the four characters behind four of which so many were Cyrillic.
#[inline]
const fn places_behind(lanes: u64, before: usize) -> (u64, usize) {
    places(lanes, (before < 4) as u64)
}
