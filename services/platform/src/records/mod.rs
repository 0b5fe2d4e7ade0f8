//! What the platform remembers, and how each thing may change.
//!
//! Every record is a plain value kept by `sandyq-store` under its resource name. Each state is an enum with one pure table of
//! transitions; a transition that the table lacks is an error, never a silent repair.

pub mod access;
pub mod airlock;
pub mod identity;
pub mod incident;
pub mod job;
pub mod library;
pub mod rule;
pub mod sandbox;
pub mod secret;
pub mod subject;
pub mod system;
pub mod trial;

/// A transition that the table of a state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {state}; {event} is not possible in that state")]
pub struct TransitionError {
    /// The kind of thing, such as `grant`.
    pub what: &'static str,
    /// Its present state.
    pub state: &'static str,
    /// The event that was refused.
    pub event: &'static str,
}

/// Declares a state enum, an event enum and the pure transition function between them.
macro_rules! machine {
    (
        $(#[$meta:meta])*
        $state:ident, $event:ident, $what:literal,
        states { $($s:ident = $text:literal),* $(,)? }
        events { $($e:ident),* $(,)? }
        $( $from:ident + $on:ident => $to:ident; )*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $state { $(#[doc = $text] #[serde(rename = $text)] $s),* }

        /// What can happen to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $event { $(#[doc = stringify!($e)] $e),* }

        impl $state {
            /// Every state, in order.
            #[cfg(test)]
            #[allow(dead_code, reason = "not every table has a test of its own")]
            pub const ALL: &[Self] = &[$(Self::$s),*];

            /// The name that is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$s => $text),* }
            }

            /// The state after an event.
            ///
            /// # Errors
            /// The event is not possible in this state.
            pub fn after(self, event: $event) -> Result<Self, $crate::records::TransitionError> {
                match (self, event) {
                    $((Self::$from, $event::$on) => Ok(Self::$to),)*
                    #[allow(unreachable_patterns, reason = "a table may be complete")]
                    _ => Err($crate::records::TransitionError {
                        what: $what,
                        state: self.as_str(),
                        event: match event { $($event::$e => stringify!($e)),* },
                    }),
                }
            }
        }
    };
}
pub(crate) use machine;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::access::{GrantEvent, GrantState};
    use super::library::{VersionEvent, VersionState};

    #[test]
    fn a_published_version_can_only_be_retired() {
        for event in [
            VersionEvent::Finalize,
            VersionEvent::Classify,
            VersionEvent::Refuse,
            VersionEvent::Start,
            VersionEvent::Verify,
            VersionEvent::Fail,
            VersionEvent::Publish,
        ] {
            assert!(VersionState::Published.after(event).is_err(), "{event:?}");
        }
        assert_eq!(
            VersionState::Published.after(VersionEvent::Retire),
            Ok(VersionState::Retired)
        );
    }

    #[test]
    fn only_a_verified_version_is_published() {
        for state in VersionState::ALL {
            let published = state.after(VersionEvent::Publish).is_ok();
            assert_eq!(published, *state == VersionState::Verified, "{state:?}");
        }
    }

    #[test]
    fn an_ended_grant_never_comes_back() {
        for state in [GrantState::Denied, GrantState::Expired, GrantState::Revoked] {
            for event in [
                GrantEvent::Approve,
                GrantEvent::Deny,
                GrantEvent::Expire,
                GrantEvent::Revoke,
            ] {
                assert!(state.after(event).is_err(), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn a_refused_transition_names_state_and_event() {
        let error = GrantState::Denied.after(GrantEvent::Approve).unwrap_err();
        assert_eq!(
            error.to_string(),
            "grant is DENIED; Approve is not possible in that state"
        );
    }
}
