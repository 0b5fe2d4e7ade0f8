//! What jobs take of a machine.

use serde::{Deserialize, Serialize};

/// Amounts of each resource: what a job needs, or what there is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Resources {
    /// Thousandths of a processor.
    pub cpu_millis: u64,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Output volumes, bytes.
    pub disk_bytes: u64,
    /// Jobs.
    pub slots: u64,
}

/// The largest part that is taken of any one resource, in billionths: the
/// dominant share of Ghodsi et al. (2011).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(pub u64);

const WHOLE: u128 = 1_000_000_000;

impl Resources {
    /// More of everything than there can be.
    pub const UNLIMITED: Self = Self {
        cpu_millis: u64::MAX,
        memory_bytes: u64::MAX,
        disk_bytes: u64::MAX,
        slots: u64::MAX,
    };

    fn each(&self) -> [(&'static str, u64); 4] {
        [
            ("cpu_millis", self.cpu_millis),
            ("memory_bytes", self.memory_bytes),
            ("disk_bytes", self.disk_bytes),
            ("slots", self.slots),
        ]
    }

    fn with(&self, other: &Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            cpu_millis: of(self.cpu_millis, other.cpu_millis),
            memory_bytes: of(self.memory_bytes, other.memory_bytes),
            disk_bytes: of(self.disk_bytes, other.disk_bytes),
            slots: of(self.slots, other.slots),
        }
    }

    /// Whether there is enough of everything.
    #[must_use]
    pub fn fits(&self, free: &Self) -> bool {
        self.cpu_millis <= free.cpu_millis
            && self.memory_bytes <= free.memory_bytes
            && self.disk_bytes <= free.disk_bytes
            && self.slots <= free.slots
    }

    /// The first resource of which there is not enough, with what is asked and
    /// what there is.
    #[must_use]
    pub fn beyond(&self, most: &Self) -> Option<(&'static str, u64, u64)> {
        let pairs = self.each().into_iter().zip(most.each());
        pairs
            .map(|((name, asked), (_, most))| (name, asked, most))
            .find(|(_, asked, most)| asked > most)
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// What is left; nothing where more is taken than there is.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_sub)
    }

    /// The smaller of each.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        self.with(other, u64::min)
    }

    /// The dominant share of what is taken in what there is.
    #[must_use]
    pub fn share_of(&self, capacity: &Self) -> Share {
        let parts = self.each().into_iter().zip(capacity.each());
        let share = parts.map(|((_, taken), (_, all))| {
            let part = u128::from(taken) * WHOLE / u128::from(all.max(1));
            u64::try_from(part).unwrap_or(u64::MAX)
        });
        Share(share.max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of section 4.1 of the paper: 9 CPUs and 18 GB; a task of A takes
    /// 1 CPU and 4 GB, one of B 3 CPUs and 1 GB.
    #[test]
    fn the_dominant_share_is_that_of_the_scarcest_resource() {
        let all = Resources {
            cpu_millis: 9000,
            memory_bytes: 18,
            ..Resources::UNLIMITED
        };
        let task = |cpu_millis, memory_bytes| Resources {
            cpu_millis,
            memory_bytes,
            disk_bytes: 0,
            slots: 1,
        };
        assert_eq!(task(1000, 4).share_of(&all), Share(222_222_222));
        assert_eq!(task(3000, 1).share_of(&all), Share(333_333_333));
    }

    #[test]
    fn the_first_resource_that_lacks_is_named() {
        let free = Resources {
            cpu_millis: 10,
            memory_bytes: 5,
            disk_bytes: 5,
            slots: 1,
        };
        let asked = Resources {
            memory_bytes: 6,
            ..free
        };
        assert!(free.fits(&free) && !asked.fits(&free));
        assert_eq!(asked.beyond(&free), Some(("memory_bytes", 6, 5)));
        assert_eq!(free.minus(&asked).memory_bytes, 0);
    }
}
