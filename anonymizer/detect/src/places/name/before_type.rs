//! Names with their type after them.

use super::{LONGEST, Name};
use crate::places::lexicon::{Names, Roles};
use crate::places::reader::{Mark, Reader};
use crate::text::{Gap, Token};

impl Reader<'_> {
    /// A name with its type after it: **Абай** `көшесі`, **Самал-2** `шағын ауданы`, **Садовая** `ул.`: the name and the
    /// first word of the type. In an `open` address, whose last component ends right before, more words may be of the name.
    pub fn name_before_type(&self, place: usize, open: bool) -> Option<(Name, Mark)> {
        if self.is(place, '"') {
            let name = self.quoted(place)?;
            return self.typed(place, name.next).map(|mark| (name, mark));
        }
        let first = self.token(place)?;
        if !first.is_word() && !first.is_number() || first.is_word() && !self.may_begin(place) {
            return None;
        }
        let begin = self.initials(place);
        let mut at = begin;
        let mut lined = false;
        for words in 1..=LONGEST {
            let token = self.token(at)?;
            if at > place && (token.gap > Gap::Line || self.text.is_tabbed(at)) {
                return None;
            }
            // `Иван Ильич Чайковский көшесі`: the street's name begins behind the patronymic.
            if at > begin && self.is_patronymic(at.saturating_sub(1)) {
                return None;
            }
            lined |= at > begin && token.gap > Gap::Space;
            at = self.unit(at, words == 1)?;
            let known = || self.known(begin, Names::ALL) == Some(at);
            let cased = !self.token(begin)?.is_lower();
            if let Some(mark) = self.typed(place, at) {
                let known = known();
                let name = Name {
                    next: at,
                    known,
                    cased,
                    numeric: first.is_number() && words == 1,
                };
                let street = open && mark.roles.any(Roles::STREET_AFTER);
                let second = words == 2 && name.cased && mark.roles.any(Roles::STREET_AFTER);
                let fits = street || self.fits(begin, words, name, begin > place, second);
                return (fits && (known || !lined)).then_some((name, mark));
            }
            // In text with capitals all words of a name have them.
            if !cased && words > 1 && !open && !known() {
                return None;
            }
        }
        None
    }

    /// Whether the word at `place` begins neither a name nor anything else of an address: no capital, no class, not known,
    /// and no type follows.
    pub fn is_prose(&self, place: usize) -> bool {
        self.token(place).is_some_and(Token::is_lower)
            && self.roles(place) == Roles::NONE
            && !self.roles(place + 1).any(Roles::TYPE | Roles::NAMED)
            && !self.is_glued(place + 1, '-')
            && self.known(place, Names::ALL).is_none()
    }

    fn may_begin(&self, place: usize) -> bool {
        self.may_name(place)
            || self.roles(place).any(Roles::REPUBLIC)
            || self.initials(place) > place
    }

    fn is_patronymic(&self, place: usize) -> bool {
        const ENDINGS: [&str; 8] = ["вна", "вич", "ична", "қызы", "кызы", "ұлы", "улы", "вне"];
        self.token(place).is_some_and(|token| {
            let folded = self.text.folded(token);
            token.len > 5 && ENDINGS.iter().any(|ending| folded.ends_with(ending))
        })
    }

    /// Passes over one word of a name, with what is joined to it.
    fn unit(&self, at: usize, first: bool) -> Option<usize> {
        let token = self.token(at)?;
        if token.is_number() {
            if token.len > 3 {
                return None;
            }
            let ordinal = self.is_glued(at + 1, '-')
                && self
                    .glued_word(at + 2)
                    .is_some_and(|word| word.len <= 3 && !self.roles(at + 2).any(Roles::NO_NAME));
            return Some(
                at + 1
                    + if ordinal {
                        2
                    } else {
                        usize::from(self.glued_word(at + 1).is_some_and(|word| word.len == 1))
                    },
            );
        }
        let allowed = first && self.roles(at).any(Roles::REPUBLIC)
            || self.may_name(at)
            || self.roles(at).any(Roles::YEARS | Roles::PARTICLE);
        if !token.is_word() || !allowed || !first && token.len == 1 {
            return None;
        }
        let next = self.hyphens(at + 1);
        let number = self.is_glued(next, '-')
            && self
                .glued_number(next + 1)
                .is_some_and(|number| number.len <= 2);
        if !number {
            return Some(next);
        }
        let letter = usize::from(self.glued_word(next + 2).is_some_and(|word| word.len == 1));
        Some(next + 2 + letter)
    }

    /// The type at `at` after the name that begins at `place`, if the word there is one.
    fn typed(&self, place: usize, mut at: usize) -> Option<Mark> {
        let after = self.mark(at).next;
        if self.roles(at).any(Roles::NAMED)
            && self.same_line(at)
            && self.roles(after).any(Roles::TYPE)
        {
            at = after;
        }
        // `11-мкр`.
        let numeric = self.token(place).is_some_and(Token::is_number);
        at += usize::from(numeric && self.is_glued(at, '-'));
        if self.token(at)?.gap > Gap::Line {
            return None;
        }
        let mark = self.mark(at);
        mark.roles.any(Roles::TYPE).then_some(mark)
    }

    /// Whether so many words are credible as one name; of two, the second may be in lower case where `lower` says so.
    fn fits(&self, begin: usize, words: usize, name: Name, initials: bool, lower: bool) -> bool {
        if name.known || words == 1 {
            return true;
        }
        let second = self.hyphens(begin + 1);
        // The first word alone is a settlement, or begins the sentence before a name that is known.
        let split = self.known(second, Names::ALL) == Some(name.next);
        let settled = self.known(begin, Names::SETTLEMENT) == Some(second);
        let upper = self
            .token(begin)
            .is_some_and(|token| token.is_upper() && token.len > 1);
        let place = !self.roles(name.next).any(Roles::STREET_AFTER);
        if (settled || upper || place || self.begins(begin)) && split {
            return false;
        }
        let cased = lower
            || (begin..name.next).all(|at| {
                !self.token(at).is_some_and(Token::is_lower)
                    || self.roles(at).any(Roles::PARTICLE | Roles::YEARS)
                    || self.is_glued(at.saturating_sub(1), '-')
            });
        let begins_numbered = self.token(begin).is_some_and(Token::is_number);
        let numbered = (begin..name.next).any(|at| self.token(at).is_some_and(Token::is_number));
        cased && !settled && (words == 2 || numbered || initials || begins_numbered)
    }
}
