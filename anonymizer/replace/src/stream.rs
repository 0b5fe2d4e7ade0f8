//! Numbers that a key and a subject decide: the randomness of noise, shifts and surrogates.

use std::convert::Infallible;

use fake::rand::rand_core::TryRng;
use ring::hmac;

/// A stream of numbers: HMAC-SHA-256 of a seed and a counter. Without the key it cannot be told from random numbers.
#[derive(Clone)]
pub struct Stream<'k> {
    key: &'k hmac::Key,
    seed: [u8; 16],
    block: [u8; 32],
    used: usize,
    counter: u32,
}

impl<'k> Stream<'k> {
    pub(crate) fn new(key: &'k hmac::Key, seed: [u8; 16]) -> Self {
        Self {
            key,
            seed,
            block: [0; 32],
            used: 32,
            counter: 0,
        }
    }

    fn next(&mut self) -> u64 {
        if self.used >= self.block.len() {
            let mut message = [0; 20];
            let bytes = self.seed.into_iter().chain(self.counter.to_be_bytes());
            message
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = from);
            let tag = hmac::sign(self.key, &message);
            self.block
                .iter_mut()
                .zip(tag.as_ref())
                .for_each(|(to, from)| *to = *from);
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        let bytes = self.block.get(self.used..self.used + 8);
        self.used += 8;
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u64::from_be_bytes)
    }
}

impl TryRng for Stream<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            let bytes = self.next().to_be_bytes();
            chunk
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// A whole number below `bound`, each as likely as the others but for 1 in 2^32 or less; 0 if `bound` is.
pub(crate) fn below<R: fake::rand::Rng + ?Sized>(rng: &mut R, bound: usize) -> usize {
    part(rng.next_u64(), bound)
}

/// So far through `bound` as `fraction` is through 2^64.
pub(crate) fn part(fraction: u64, bound: usize) -> usize {
    ((u128::from(fraction) * bound as u128) >> 64) as usize
}

/// A number of 64 bits, all equally likely.
pub(crate) fn fraction<R: fake::rand::Rng + ?Sized>(rng: &mut R) -> u64 {
    rng.next_u64()
}

/// A number from 0 to 1, without 1, of 53 bits.
pub(crate) fn unit<R: fake::rand::Rng + ?Sized>(rng: &mut R) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_are_even() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let mut one = Stream::new(&key, [2; 16]);
        let mut same = Stream::new(&key, [2; 16]);
        let mut other = Stream::new(&key, [3; 16]);
        let mut counts = [0u32; 10];
        let mut equal = 0;
        for _ in 0..10_000 {
            let number = below(&mut one, 10);
            assert_eq!(number, below(&mut same, 10));
            equal += u32::from(number == below(&mut other, 10));
            if let Some(count) = counts.get_mut(number) {
                *count += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
        assert!((800..1200).contains(&equal), "{equal}");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&unit(&mut one))));
        assert_eq!(below(&mut one, 0), 0);
    }
}
