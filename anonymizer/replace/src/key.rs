//! The key that all replacements are made under.

use std::fmt;

use ring::hmac;
use zeroize::Zeroizing;

/// 32 secret random bytes: of a project, a sandbox or the platform. It prints as `***` and is wiped when dropped.
///
/// Replacements under one key are equal for equal persons; under two keys they cannot be linked.
#[derive(Clone)]
pub struct ProjectKey(Zeroizing<[u8; 32]>);

impl ProjectKey {
    /// A key from 32 secret random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The HMAC-SHA-256 key of pseudonyms, which is the key itself.
    pub(crate) fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_ref())
    }

    /// A key of its own for a purpose: HMAC-SHA-256 of the purpose. The eight bytes before it are no length of a domain, so that no
    /// pseudonym is ever a key.
    pub(crate) fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut context = hmac::Context::with_key(&self.hmac());
        context.update(&[0xff; 8]);
        context.update(purpose.as_bytes());
        let mut key = Zeroizing::new([0; 32]);
        for (to, from) in key.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        key
    }

    pub(crate) fn derived_hmac(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derived(purpose).as_ref())
    }
}

impl fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProjectKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_not_shown_and_purposes_have_keys_of_their_own() {
        let key = ProjectKey::new([7; 32]);
        assert_eq!(format!("{key:?}"), "ProjectKey(***)");
        assert_ne!(key.derived("ff1"), key.derived("noise"));
        assert_ne!(key.derived("ff1"), ProjectKey::new([8; 32]).derived("ff1"));
    }
}
