//! Counting different values in little memory: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007).

/// Registers: the standard error is 1.04 / sqrt(4096), 1.6 percent.
const REGISTERS: usize = 4096;

#[derive(Debug)]
pub struct Sketch {
    registers: Vec<u8>,
}

impl Sketch {
    pub fn new() -> Self {
        Self {
            registers: Vec::new(),
        }
    }

    #[inline]
    pub fn add(&mut self, hash: u64) {
        if self.registers.is_empty() {
            self.registers = vec![0; REGISTERS];
        }
        let place = hash as usize & (REGISTERS - 1);
        let rank = (hash >> 12 | 1 << 52).trailing_zeros() as u8 + 1;
        if let Some(register) = self.registers.get_mut(place) {
            *register = rank.max(*register);
        }
    }

    pub fn join(&mut self, other: &Self) {
        if self.registers.is_empty() {
            self.registers.clone_from(&other.registers);
            return;
        }
        for (register, other) in self.registers.iter_mut().zip(&other.registers) {
            *register = (*register).max(*other);
        }
    }

    pub fn estimate(&self) -> u64 {
        if self.registers.is_empty() {
            return 0;
        }
        let count = REGISTERS as f64;
        let sum: f64 = self
            .registers
            .iter()
            .map(|rank| (-f64::from(*rank)).exp2())
            .sum();
        let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        let small = raw <= 2.5 * count && empty > 0;
        (if small {
            count * (count / empty as f64).ln()
        } else {
            raw
        })
        .round() as u64
    }
}
