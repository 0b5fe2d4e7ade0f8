//! Tokens as words of addresses.

use super::lexicon::{Lexicon, Names, Roles};
use super::table::{joined, phrase};
use super::window::{Reach, Window};
use crate::glance::Glance;
use crate::text::{Gap, Text, Token, hash};

/// A word, perhaps joined (`к-сі`) and with the dot of an abbreviation, by its classes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    pub roles: Roles,
    /// The classes of the first word alone, with or without a dot.
    pub word: Roles,
    /// The place after it.
    pub next: usize,
    /// Whether it was written with the dot of an abbreviation.
    pub dotted: bool,
    /// Whether it is one letter.
    pub letter: bool,
}

/// Reads the tokens of a text.
#[derive(Clone, Copy)]
pub struct Reader<'t> {
    pub text: &'t Text,
    pub lexicon: &'static Lexicon,
    window: &'t Window,
}

impl<'t> Reader<'t> {
    /// A window belongs to one text.
    pub fn new(text: &'t Text, window: &'t Window) -> Self {
        Self {
            text,
            lexicon: Lexicon::shared(),
            window,
        }
    }

    pub fn token(&self, place: usize) -> Option<&'t Token> {
        self.text.token(place)
    }

    /// Whether the token is that sign.
    pub fn is(&self, place: usize, sign: char) -> bool {
        self.token(place).is_some_and(|token| token.is(sign))
    }

    /// Whether the token is that sign and follows at once.
    pub fn is_glued(&self, place: usize, sign: char) -> bool {
        self.token(place)
            .is_some_and(|token| token.is(sign) && token.is_glued())
    }

    /// The word at `place` if it follows at once.
    pub fn glued_word(&self, place: usize) -> Option<&'t Token> {
        self.token(place)
            .filter(|token| token.is_word() && token.is_glued())
    }

    /// The number at `place` if it follows at once.
    pub fn glued_number(&self, place: usize) -> Option<&'t Token> {
        self.token(place)
            .filter(|token| token.is_number() && token.is_glued())
    }

    /// The digits of a number of at most nine digits.
    pub fn value(&self, token: &Token) -> Option<u32> {
        (token.is_number() && token.len <= 9).then(|| self.text.folded(token).parse().ok())?
    }

    /// Whether nothing but space stands before the token: it is in the same line and in the same cell of a table.
    pub fn same_line(&self, place: usize) -> bool {
        self.token(place)
            .is_some_and(|token| token.gap <= Gap::Space)
            && !self.text.is_tabbed(place)
    }

    /// Whether the one capital letter at `place` is an initial rather than the abbreviation of a type: a name or another
    /// initial stands before it in the same cell, or another initial behind it.
    pub fn is_initial(&self, place: usize) -> bool {
        let single = |at: usize| {
            self.token(at)
                .is_some_and(|token| token.is_word() && token.len == 1 && token.is_upper())
        };
        if !single(place) {
            return false;
        }
        if self.is(place + 1, '.') && single(place + 2) && self.is(place + 3, '.') {
            return self.same_line(place + 2);
        }
        let Some(before) = place.checked_sub(1).filter(|_| self.same_line(place)) else {
            return false;
        };
        if self.is(before, '.') && self.is_glued(before, '.') {
            return before.checked_sub(1).is_some_and(single);
        }
        self.token(before)
            .is_some_and(|name| name.is_word() && name.len > 2 && name.is_title())
            && self.roles(before) == Roles::NONE
    }

    /// The classes of the word at `place`.
    #[inline]
    pub fn mark(&self, place: usize) -> Mark {
        match self.token(place) {
            Some(token) if token.is_word() => {
                // Most words are of no class, alone or joined to what is glued to them.
                if !token.glance.has(Glance::ROLE) && !self.may_be_joined(place) {
                    return Mark {
                        next: place + 1,
                        letter: token.len == 1,
                        ..Mark::default()
                    };
                }
                self.kept_mark(place, token)
            }
            Some(token) if token.is('№') => Mark {
                roles: Roles::NUMBER_SIGN,
                next: place + 1,
                ..Mark::default()
            },
            _ => Mark {
                next: place + 1,
                ..Mark::default()
            },
        }
    }

    /// Whether another word may be joined to the one at `place`.
    #[inline]
    fn may_be_joined(&self, place: usize) -> bool {
        let sign = |sign: &Token| sign.is_glued() && !sign.is_word() && !sign.is(',');
        self.token(place + 1).is_some_and(sign)
            && self.token(place + 2).is_some_and(Token::is_glued)
    }

    /// The classes of a word that may have some.
    #[inline(never)]
    fn kept_mark(&self, place: usize, token: &Token) -> Mark {
        self.window.mark(place, || self.word_mark(place, token))
    }

    fn word_mark(&self, place: usize, token: &Token) -> Mark {
        let word = self.lexicon.roles(token.hash);
        if let Some((roles, next)) = self.joined(place, token) {
            let (next, dotted) = self.dot(next, roles);
            let letter = false;
            return Mark {
                roles,
                word,
                next,
                dotted,
                letter,
            };
        }
        let (next, dotted) = self.dot(place + 1, word);
        if word.any(Roles::NEEDS_DOT) && !dotted {
            return Mark {
                word,
                next: place + 1,
                ..Mark::default()
            };
        }
        Mark {
            roles: word,
            word,
            next,
            dotted,
            letter: token.len == 1,
        }
    }

    fn joined(&self, place: usize, token: &Token) -> Option<(Roles, usize)> {
        let sign = self.token(place + 1).filter(|sign| sign.is_glued())?;
        let sign = ['-', '/', '.'].into_iter().find(|known| sign.is(*known))?;
        let after = self.glued_word(place + 2)?;
        // `Сабитов Ш.А.`: initials, not `ш.а.`
        let capitals = [token, after]
            .iter()
            .all(|word| word.len == 1 && word.is_upper());
        let name = || {
            self.text
                .before(place, 1)
                .is_some_and(|name| name.is_word() && name.is_title() && name.len > 1)
        };
        let follows = || {
            self.is_glued(place + 3, '.')
                && self
                    .glued_word(place + 4)
                    .is_some_and(|name| name.is_title() && name.len > 1)
        };
        if sign == '.' && capitals && (name() || follows()) {
            return None;
        }
        let roles = self.lexicon.roles(joined(token.hash, sign, after.hash));
        (roles != Roles::NONE).then_some((roles, place + 3))
    }

    /// Passes over the dot of an abbreviation.
    fn dot(&self, place: usize, roles: Roles) -> (usize, bool) {
        let dotted = roles.any(Roles::ABBREVIATION) && self.is_glued(place, '.');
        (place + usize::from(dotted), dotted)
    }

    #[inline]
    pub fn roles(&self, place: usize) -> Roles {
        self.mark(place).roles
    }

    /// The longest known name of `kind` that begins at `place`: the place after it.
    pub fn known(&self, place: usize, kind: Names) -> Option<usize> {
        let token = self.token(place)?;
        // Most words begin no name.
        let may = token.is_number() || token.is_word() && token.glance.has(Glance::BEGIN);
        if !may {
            return None;
        }
        let length = self.window.reach(place, || self.reach(place)).longest(kind);
        (length > 0).then_some(place + length)
    }

    /// How far the known names that begin at `place` reach, for each kind.
    fn reach(&self, place: usize) -> Reach {
        let mut state = phrase::EMPTY;
        let mut reach = Reach::default();
        let mut at = place;
        for step in 0..6 {
            let Some(token) = self
                .token(at)
                .filter(|token| step == 0 || token.gap <= Gap::Line)
            else {
                break;
            };
            let hash = match token.is_number() {
                true => hash(self.text.folded(token)),
                false if token.is_word() => token.hash,
                false => break,
            };
            state = phrase::with(state, hash);
            let names = self.lexicon.names(state);
            at += 1;
            reach.extend(names, at - place);
            if !names.goes_on() {
                break;
            }
            // Parts may be joined by a hyphen or follow an initial's dot.
            let hyphen = self.is_glued(at, '-')
                || self.is_glued(at, ',')
                || self.is_glued(at, '.') && token.len == 1;
            at += usize::from(hyphen);
        }
        reach
    }

    /// Whether the token begins a name: a capital letter, or no letters of case at all.
    pub fn is_cased(&self, place: usize) -> bool {
        self.token(place)
            .is_some_and(|token| token.is_word() && (token.is_title() || token.is_upper()))
    }

    /// Whether the token begins a sentence or line.
    pub fn begins(&self, place: usize) -> bool {
        let Some(token) = self.token(place) else {
            return false;
        };
        let stop = |sign: &Token| ['.', '!', '?', ';'].iter().any(|stop| sign.is(*stop));
        place == 0 || token.gap >= Gap::Line || self.text.before(place, 1).is_some_and(stop)
    }

    /// Whether a sentence ends with the sign at `place`: not after an abbreviation or an initial.
    pub fn ends_sentence(&self, place: usize) -> bool {
        if self.is(place, '!') || self.is(place, '?') {
            return true;
        }
        if !self.is(place, '.') || place == 0 {
            return false;
        }
        let before = self.token(place - 1);
        let long = before.is_some_and(|word| {
            word.is_word() && word.len > 3 && !self.mark(place - 1).word.any(Roles::ABBREVIATION)
        });
        let apart = self
            .token(place + 1)
            .is_none_or(|next| !next.is_glued() && !next.is_lower());
        apart
            && (long
                || before.is_some_and(Token::is_number)
                || before.is_some_and(|sign| sign.is(')')))
    }
}
