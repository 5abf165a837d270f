//! Times that differ from request to request, the same for the same seed.

/// Of a request: half take no longer than this, and 99 of 100 no longer than that, in milliseconds.
const MEDIAN_MS: f64 = 6.0;
const P99_MS: f64 = 20.0;

/// The 99th percentile of a normal distribution, in standard deviations.
const P99_DEVIATIONS: f64 = 2.326;

/// The first pause before a request that was refused is made again, and the longest, in microseconds: those of
/// `detector/lambda`.
const PAUSE_FIRST_US: f64 = 25_000.0;
const PAUSE_MAX_US: f64 = 2_000_000.0;

#[derive(Debug)]
pub(super) struct Chance(fastrand::Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// What a request takes, in microseconds: log-normal.
    pub(super) fn request_us(&mut self) -> i64 {
        let deviation = (P99_MS / MEDIAN_MS).ln() / P99_DEVIATIONS;
        (MEDIAN_MS * (deviation * self.normal()).exp() * 1000.0) as i64
    }

    /// How long to wait before attempt number `attempt`; none before number 0.
    pub(super) fn pause_us(&mut self, attempt: u32) -> i64 {
        let doubled = PAUSE_FIRST_US * f64::from(2u32.saturating_pow(attempt.clamp(1, 16) - 1));
        match attempt {
            0 => 0,
            _ => (doubled.min(PAUSE_MAX_US) * self.0.f64()) as i64,
        }
    }

    /// One of so many.
    pub(super) fn one_of(&mut self, number: usize) -> usize {
        self.0.usize(..number)
    }

    /// Any time below `most_us`.
    pub(super) fn below_us(&mut self, most_us: i64) -> i64 {
        self.0.i64(0..most_us)
    }

    /// Box and Muller's way from two even numbers to a normal one.
    fn normal(&mut self) -> f64 {
        let (first, second) = (1.0 - self.0.f64(), self.0.f64());
        (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_take_as_long_as_is_said() {
        let mut chance = Chance::new(1);
        let mut all: Vec<i64> = (0..100_000).map(|_| chance.request_us()).collect();
        all.sort_unstable();
        assert!((5_900..6_100).contains(&all[50_000]), "{}", all[50_000]);
        assert!((19_000..21_000).contains(&all[99_000]), "{}", all[99_000]);
    }

    #[test]
    fn pauses_double_up_to_two_seconds() {
        let mut chance = Chance::new(1);
        assert_eq!(chance.pause_us(0), 0);
        for (attempt, longest) in [(1, 25_000), (3, 100_000), (9, 2_000_000), (99, 2_000_000)] {
            let pauses = (0..1_000).map(|_| chance.pause_us(attempt));
            let most = pauses.max().unwrap_or_default();
            assert!((longest * 9 / 10..=longest).contains(&most), "{most}");
        }
    }
}
