//! A mergeable estimate of how many distinct keys were seen, for what is too many to keep.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::window::key::Key;

/// log2 of the number of registers.
const PRECISION: u32 = 14;
const REGISTERS: usize = 1 << PRECISION;

/// HyperLogLog with 16,384 registers: 16 KiB, standard error 1.04 / √16384 = 0.8 %; 98.7 % of estimates are within 2 %.
///
/// Equal sets of keys are equal values. The estimator is that of Ertl, "New cardinality estimation algorithms for
/// HyperLogLog sketches" (arXiv:1702.01284), section 4, which needs no bias tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    registers: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            registers: vec![0; REGISTERS],
        }
    }
}

impl Sketch {
    pub fn add(&mut self, key: Key) {
        // Ids need not be uniform (a UUID has fixed bits): hash the key's bits once more.
        let mut hasher = SipHasher13::new();
        hasher.write(&key.to_u128().to_le_bytes());
        let hash = hasher.finish();
        let register = (hash >> (64 - PRECISION)) as usize;
        let rest = hash << PRECISION | 1 << (PRECISION - 1);
        let rank = rest.leading_zeros() as u8 + 1;
        self.registers[register] = self.registers[register].max(rank);
    }

    pub fn merge(&mut self, other: &Sketch) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// The estimated number of distinct keys.
    pub fn estimate(&self) -> u64 {
        const RANK_MAX: usize = (64 - PRECISION) as usize + 1;
        let mut of_rank = [0u32; RANK_MAX + 1];
        for &register in &self.registers {
            of_rank[usize::from(register).min(RANK_MAX)] += 1;
        }
        let m = REGISTERS as f64;
        let mut z = m * tau(1.0 - f64::from(of_rank[RANK_MAX]) / m);
        for rank in (1..RANK_MAX).rev() {
            z = 0.5 * (z + f64::from(of_rank[rank]));
        }
        z += m * sigma(f64::from(of_rank[0]) / m);
        let alpha = 0.5 / std::f64::consts::LN_2;
        (alpha * m * m / z).round() as u64
    }
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(keys: std::ops::Range<u128>) -> Sketch {
        let mut sketch = Sketch::default();
        keys.for_each(|k| sketch.add(Key::from_u128(k)));
        sketch
    }

    #[test]
    fn estimates_stay_within_three_standard_errors() {
        for n in [0u64, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] {
            let estimate = sketch(0..u128::from(n)).estimate();
            let error = (estimate as f64 - n as f64).abs() / (n.max(1)) as f64;
            assert!(error < 0.025, "{n} was estimated as {estimate}");
        }
    }

    #[test]
    fn merging_is_the_union() {
        let mut left = sketch(0..3_000);
        left.merge(&sketch(2_000..5_000));
        assert_eq!(left, sketch(0..5_000));
    }
}
