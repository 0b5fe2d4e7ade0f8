//! Numbers that stand together as one: `8 (701) 123-45-67`.

use std::cell::OnceCell;

use super::cue::Cues;
use crate::text::{Gap, Letters, Text, Token};

/// How a group of digits hangs on the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joint(u8);

impl Joint {
    /// Space.
    pub const SPACE: Self = Self(1);
    /// The end of a line.
    pub const LINE: Self = Self(2);
    /// A dash.
    pub const DASH: Self = Self(4);
    /// A dot with nothing after it.
    pub const DOT: Self = Self(8);
    /// A bracket.
    pub const BRACKET: Self = Self(16);
    /// A slash.
    pub const SLASH: Self = Self(32);

    /// Whether it has some of `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Some digits of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// The place of the number among the tokens.
    place: u32,
    /// How many digits, as far as that fits.
    len: u16,
    /// The digits of the run up to the end of this group, as far as that fits.
    total: u16,
    joint: Joint,
    /// Everything that joins the groups up to this one.
    joints: Joint,
    /// Whether the groups up to this one are those of a large number.
    thousands: bool,
}

/// The longest run that is looked at, in digits and in groups.
const LONGEST: usize = 20;

/// A number and what may be its continuation.
#[derive(Debug)]
pub struct Run<'t> {
    /// The text it stands in.
    pub text: &'t Text,
    groups: [Group; LONGEST],
    count: usize,
    /// A bit for each number of digits at which a group ends.
    ends: u32,
    /// The first digits, read when they are first asked for.
    values: OnceCell<[u8; LONGEST]>,
    cues: OnceCell<Cues>,
}

/// The first groups of a run, which have together a wanted number of digits.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    digits: [u8; LONGEST],
    len: usize,
    /// The place of the first number among the tokens.
    pub first: usize,
    /// The place of the last number.
    pub last: usize,
    /// How many groups.
    pub groups: usize,
    /// Everything that joins the groups.
    pub joints: Joint,
    /// Whether the groups are those of a large number: up to three digits, then threes.
    pub thousands: bool,
}

impl Digits {
    /// The digits, each from 0 to 9.
    pub fn values(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    /// The digits of a number of known length.
    pub fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.values().try_into().ok()
    }

    /// Whether they are broken up as numbers of documents are not: by brackets, slashes or dots, or into many groups.
    pub fn is_broken_up(&self) -> bool {
        let signs = Joint::BRACKET.and(Joint::SLASH).and(Joint::DOT);
        self.joints.any(signs) || self.groups > 3
    }

    /// The digits as text.
    pub fn text(&self) -> String {
        self.values()
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }
}

impl<'t> Run<'t> {
    /// Whether the run that begins with the number at `place` may have so many digits; a quick look.
    pub fn may_reach(text: &Text, place: usize, digits: usize) -> bool {
        let long = text
            .token(place)
            .is_some_and(|token| token.folded_len() >= digits);
        long || next(text, place).is_some()
    }

    /// The run that begins with the number at `place`.
    #[inline]
    pub fn read(text: &'t Text, place: usize) -> Self {
        let mut run = Self {
            text,
            groups: [Group::default(); LONGEST],
            count: 0,
            ends: 0,
            values: OnceCell::new(),
            cues: OnceCell::new(),
        };
        let (mut at, mut joint, mut total) = (place, Joint::default(), 0);
        let (mut joints, mut thousands) = (Joint::default(), true);
        for group in &mut run.groups {
            let Some(token) = text.token(at) else { break };
            let len = token.folded_len();
            total += len;
            if total > LONGEST && run.count > 0 {
                break;
            }
            joints = joints.and(joint);
            thousands &= if run.count == 0 {
                len <= 3
            } else {
                len == 3 && joint == Joint::SPACE
            };
            *group = Group {
                place: at as u32,
                len: len.try_into().unwrap_or(u16::MAX),
                total: total.try_into().unwrap_or(u16::MAX),
                joint,
                joints,
                thousands,
            };
            run.count += 1;
            run.ends |= 1_u32.checked_shl(total as u32).unwrap_or(0);
            match next(text, at) {
                Some((place, joined)) => (at, joint) = (place, joined),
                None => break,
            }
        }
        run
    }

    /// The place of the first number among the tokens.
    pub fn first(&self) -> usize {
        self.groups.first().map_or(0, |group| group.place as usize)
    }

    /// How many digits it has at most.
    pub fn reach(&self) -> usize {
        self.groups()
            .last()
            .map_or(0, |group| usize::from(group.total))
    }

    fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    /// The groups that have together `wanted` digits, if they end there.
    pub fn digits(&self, wanted: usize) -> Option<Digits> {
        if wanted > LONGEST || self.ends >> wanted & 1 == 0 {
            return None;
        }
        // Every group before that one ends at a smaller number of digits.
        let last = (self.ends & ((1 << wanted) - 1)).count_ones() as usize;
        let group = self.groups().get(last)?;
        let mut digits = *self.values.get_or_init(|| self.values());
        digits.get_mut(wanted..)?.fill(0);
        Some(Digits {
            digits,
            len: wanted,
            first: self.first(),
            last: group.place as usize,
            groups: last + 1,
            joints: group.joints,
            thousands: last > 0 && group.thousands,
        })
    }

    fn values(&self) -> [u8; LONGEST] {
        let mut values = [0; LONGEST];
        let tokens = self
            .groups()
            .iter()
            .filter_map(|group| self.text.token(group.place as usize));
        let digits = tokens.flat_map(|token| self.text.folded(token).bytes());
        for (value, digit) in values.iter_mut().zip(digits) {
            *value = digit.wrapping_sub(b'0');
        }
        values
    }

    /// Whether the first groups have these lengths.
    pub fn has_groups(&self, lengths: &[usize]) -> bool {
        let mut groups = self.groups().iter().map(|group| usize::from(group.len));
        lengths.iter().all(|length| groups.next() == Some(*length))
    }

    /// What joins the group of that place to the one before it.
    pub fn joint(&self, group: usize) -> Joint {
        self.groups()
            .get(group)
            .map_or_else(Joint::default, |group| group.joint)
    }

    /// What stands before it.
    pub fn cues(&self) -> &Cues {
        self.cues
            .get_or_init(|| Cues::before(self.text, self.first()))
    }

    /// What stands before the token at `place`, which is not far before the run.
    pub fn cues_before(&self, place: usize) -> Cues {
        if place == self.first() {
            *self.cues()
        } else {
            Cues::before(self.text, place)
        }
    }

    /// Whether `digits` are no part of a longer word, decimal number or row of numbers.
    pub fn is_alone(&self, digits: &Digits) -> bool {
        self.is_apart(digits) && (digits.groups == 1 || !self.is_in_row(digits))
    }

    /// Whether no Latin letter, decimal point or underscore is glued to `digits`.
    pub fn is_apart(&self, digits: &Digits) -> bool {
        let text = self.text;
        let latin = |token: &Token| token.is_word() && token.letters.has(Letters::LATIN);
        let point = |token: &Token| token.is('.') || token.is(',');
        let short =
            |token: Option<&Token>| token.is_some_and(|token| token.is_number() && token.len <= 4);
        if let (Some(first), Some(before)) =
            (text.token(digits.first), text.before(digits.first, 1))
        {
            let decimal = point(before) && before.is_glued() && short(text.before(digits.first, 2));
            if first.is_glued() && (latin(before) || decimal || before.is('_')) {
                return false;
            }
        }
        let Some(after) = text.token(digits.last + 1).filter(|after| after.is_glued()) else {
            return true;
        };
        let decimal =
            point(after) && short(text.token(digits.last + 2).filter(|token| token.is_glued()));
        !latin(after) && !after.is('_') && !decimal
    }

    /// Whether other numbers stand in the same row, parted like the groups of `digits`.
    pub fn is_in_row(&self, digits: &Digits) -> bool {
        let text = self.text;
        let follows = next(text, digits.last).is_some_and(|(_, joint)| !joint.any(Joint::LINE));
        let number = |back| {
            text.before(digits.first, back)
                .is_some_and(|token| token.is_number())
        };
        let before = text.before(digits.first, 1);
        let gap = text
            .token(digits.first)
            .map_or(Gap::Block, |token| token.gap);
        let dashed = before.is_some_and(|token| token.is('-') || token.is('.')) && number(2);
        follows || (gap <= Gap::Space && number(1)) || (gap == Gap::None && dashed)
    }
}

/// The number that continues the one at `place`, and how.
fn next(text: &Text, place: usize) -> Option<(usize, Joint)> {
    let mut joint = Joint::default();
    for at in place + 1..place + 5 {
        let token = text.token(at)?;
        let gap = match token.gap {
            Gap::None => Joint::default(),
            Gap::Space => Joint::SPACE,
            Gap::Line => Joint::LINE,
            Gap::Block => return None,
        };
        // A dot before a space ends a sentence.
        if joint.any(Joint::DOT) && gap != Joint::default() {
            return None;
        }
        joint = joint.and(gap);
        if token.is_number() {
            return Some((at, joint));
        }
        if token.is_word() {
            return None;
        }
        joint = joint.and(match char::from_u32(token.hash as u32)? {
            '-' => Joint::DASH,
            '·' => Joint::DOT,
            '.' if gap == Joint::default() => Joint::DOT,
            '(' | ')' => Joint::BRACKET,
            '/' => Joint::SLASH,
            _ => return None,
        });
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn first(text: &str, wanted: usize) -> Option<(String, usize, bool)> {
        let mut read = Text::default();
        read.read(text);
        let run = Run::read(&read, *read.numbers().first()? as usize);
        let digits = run.digits(wanted)?;
        Some((digits.text(), digits.groups, run.is_alone(&digits)))
    }

    #[test]
    fn groups_make_one_number() {
        let found = |digits: &str, groups, alone| Some((digits.to_owned(), groups, alone));
        assert_eq!(
            first("8 (701) 123-45-67", 11),
            found("87011234567", 5, true)
        );
        assert_eq!(first("900101\n300017.", 12), found("900101300017", 2, true));
        assert_eq!(first("900.101.300.017", 12), found("900101300017", 4, true));
        assert_eq!(first("900101. 300017", 12), None);
        assert_eq!(first("900101\n\n300017", 12), None);
        assert_eq!(first("900101, 300017", 12), None);
        assert_eq!(
            first("900101 300017 5", 12),
            found("900101300017", 2, false)
        );
        assert_eq!(first("900101300017 5", 12), found("900101300017", 1, true));
        assert_eq!(
            first("900101300017.55", 12),
            found("900101300017", 1, false)
        );
        assert_eq!(first("900101300017kg", 12), found("900101300017", 1, false));
    }

    #[test]
    fn large_numbers_are_known_by_their_groups() {
        let mut read = Text::default();
        for (text, thousands) in [
            ("87 011 234 567", true),
            ("8 701 123 45 67", false),
            ("87-011-234-567", false),
        ] {
            read.read(text);
            let run = Run::read(&read, 0);
            assert_eq!(run.digits(11).unwrap().thousands, thousands, "{text}");
        }
    }
}
