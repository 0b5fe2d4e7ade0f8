//! What is known of a word.

/// Facts of a word form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u32);

impl Facts {
    /// A form of a given name.
    pub const GIVEN: Self = Self(1);
    /// The given name is not rare or foreign to Kazakhstan.
    pub const COMMON: Self = Self(1 << 1);
    /// The name is also a common word.
    pub const WORD: Self = Self(1 << 2);
    /// The name is also that of a place, a feast, a club.
    pub const PLACE: Self = Self(1 << 3);
    /// The nominative of a given name.
    pub const NOMINATIVE: Self = Self(1 << 4);
    /// A form of a surname that its ending does not betray.
    pub const SURNAME: Self = Self(1 << 5);
    /// The stem of a known surname: `иванов`, `достоевск`.
    pub const STEM: Self = Self(1 << 6);
    /// Says what a person is, before the name: `судья`, `оқушы`.
    pub const TITLE: Self = Self(1 << 7);
    /// Says that a person follows, by whatever name: `сын`, `құрметті`.
    pub const CUE: Self = Self(1 << 8);
    /// Follows a name: `ханым`.
    pub const AFTER: Self = Self(1 << 9);
    /// Makes a place of the name that follows: `улица`.
    pub const STREET: Self = Self(1 << 10);
    /// Makes a place or an institution of the name before: `көшесі`, `атындағы`.
    pub const STREET_AFTER: Self = Self(1 << 11);
    /// `имени`.
    pub const NAMED: Self = Self(1 << 12);
    /// Makes an institution, a work or a term of the lone name that follows: `театр`, `синдром`.
    pub const INSTITUTION: Self = Self(1 << 13);
    /// Stands between a name and what makes a place of it: `батыр`.
    pub const MIDDLE: Self = Self(1 << 14);
    /// Never part of a name.
    pub const STOP: Self = Self(1 << 15);
    /// The form of an organization: `ТОО`.
    pub const ORGANIZATION: Self = Self(1 << 16);

    /// The given name is known in lower case too.
    pub const PLAIN: Self = Self(1 << 17);

    /// Heads a column of names, or stands before one in a field: `ФИО`, `тегі`.
    pub const HEADING: Self = Self(1 << 18);

    /// Says what people do, after the name: `сказала`, `дейді`.
    pub const DOES: Self = Self(1 << 19);
    /// Opens a list of what is no person: `сорта`.
    pub const SORTS: Self = Self(1 << 20);

    /// Greets somebody, who is named after the comma.
    pub const GREETS: Self = Self(1 << 21);

    /// The given name is one of men, in the lists that tell.
    pub const MALE: Self = Self(1 << 22);
    /// The given name is one of women.
    pub const FEMALE: Self = Self(1 << 23);

    /// What a word says of its neighbours, as a number.
    pub const fn class(self) -> u64 {
        const NAMES: u32 = Facts::COMMON.0 | Facts::WORD.0 | Facts::STEM.0 | Facts::PLAIN.0;
        const SEXES: u32 = Facts::MALE.0 | Facts::FEMALE.0 | Facts::NOMINATIVE.0;
        (self.0 & !(NAMES | SEXES)) as u64
    }

    /// Whether nothing is known.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has all of `facts`.
    pub const fn has(self, facts: Self) -> bool {
        self.0 & facts.0 == facts.0
    }

    /// Whether it has any of `facts`.
    pub const fn any(self, facts: Self) -> bool {
        self.0 & facts.0 != 0
    }

    /// Both.
    pub const fn and(self, facts: Self) -> Self {
        Self(self.0 | facts.0)
    }

    /// Without those of `facts`.
    pub const fn without(self, facts: Self) -> Self {
        Self(self.0 & !facts.0)
    }
}
