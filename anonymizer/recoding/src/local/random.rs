//! Pseudo-random numbers that are the same wherever the search runs.

/// xorshift64*, Vigna 2016: "An experimental exploration of Marsaglia's xorshift generators, scrambled".
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        // A step of splitmix64, so that neighbouring seeds do not begin alike.
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((state ^ (state >> 31)) | 1)
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`, which is above 0.
    #[inline]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let high = self.next() >> 32;
        ((high * bound as u64) >> 32) as usize
    }

    /// Exponentially distributed with mean 1. The logarithm is taken linearly between powers of two, which is near enough.
    #[inline]
    pub(super) fn exponential(&mut self) -> f64 {
        let uniform = self.next() | 1;
        let exponent = uniform.leading_zeros();
        let mantissa = (uniform << exponent) as f64 / (1_u64 << 63) as f64;
        (f64::from(exponent) + 2.0 - mantissa) * std::f64::consts::LN_2
    }
}
