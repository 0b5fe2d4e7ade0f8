//! What is done to the platform, drawn from a seed.

use std::time::Duration;

use sandyq_platform::failpoint::STEPS;

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to one below.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// States whose transactions are cut, before and after.
const STATES: [&str; 7] = [
    "STAGING",
    "RUNNING",
    "COLLECTING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "CANCELLED",
];

/// A fault; the number is the milliseconds after the submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server kills itself at a place.
    Failpoint(String),
    KillServer(u64),
    RemoveContainer(u64),
    KillEngine(u64),
    /// In order; the engine kills its containers.
    EndEngine(u64),
    FreezeEngine(u64),
    KillBoth(u64),
}

impl Fault {
    /// One of each kind, and more of those that have many places, in an order of their own.
    pub fn every_kind(random: &mut Random) -> Vec<Self> {
        let mut faults = vec![
            Self::Failpoint(place(random)),
            Self::Failpoint(place(random)),
            Self::KillServer(random.below(1500)),
            Self::RemoveContainer(random.below(1200)),
            Self::KillEngine(random.below(1200)),
            Self::EndEngine(random.below(1200)),
            Self::FreezeEngine(random.below(1200)),
            Self::KillBoth(random.below(1200)),
        ];
        for last in (1..faults.len()).rev() {
            let other = random.below(last as u64 + 1) as usize;
            faults.swap(last, other);
        }
        faults
    }

    pub fn delay(&self) -> Duration {
        Duration::from_millis(match self {
            Self::Failpoint(_) => 0,
            Self::KillServer(after)
            | Self::RemoveContainer(after)
            | Self::KillEngine(after)
            | Self::EndEngine(after)
            | Self::FreezeEngine(after)
            | Self::KillBoth(after) => *after,
        })
    }

    /// Whether containers may be lost by it.
    pub fn takes_containers(&self) -> bool {
        matches!(
            self,
            Self::RemoveContainer(_) | Self::KillEngine(_) | Self::EndEngine(_) | Self::KillBoth(_)
        )
    }

    /// Whether the engine may break off what it was asked.
    pub fn breaks_calls(&self) -> bool {
        matches!(
            self,
            Self::KillEngine(_) | Self::EndEngine(_) | Self::KillBoth(_)
        )
    }
}

/// A place to die at, the first to third time that it is reached.
fn place(random: &mut Random) -> String {
    let times = 1 + random.below(3);
    let states = STATES.len() as u64;
    let steps = STEPS.len() as u64;
    let name = match random.below(2 * states + steps) {
        n if n < states => format!("before {}", STATES[n as usize]),
        n if n < 2 * states => format!("after {}", STATES[(n - states) as usize]),
        n => STEPS[(n - 2 * states) as usize].to_owned(),
    };
    format!("{name}@{times}")
}
