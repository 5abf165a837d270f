//! The time that an invocation has left, and how long to wait between attempts.

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// When work on an invocation must stop, so that there is time left to answer.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

/// The invocation's time is over; what was asked for may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the invocation's time is over")]
pub struct TimeIsOver;

/// Of the time that an invocation has, this is kept for the last steps: progress, metrics, the answer.
const RESERVE_MAX: Duration = Duration::from_secs(3);

impl Deadline {
    /// For an invocation that Lambda ends at `end`: a tenth of the time that is left, at most three seconds, is kept
    /// back.
    pub fn before(end: SystemTime) -> Self {
        let left = end
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO);
        Self::after(left - (left / 10).min(RESERVE_MAX))
    }

    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    /// Half of what was kept back: for the last steps of an invocation whose deadline has passed.
    pub fn last_steps(self) -> Self {
        Self(self.0.max(Instant::now()) + RESERVE_MAX / 3)
    }

    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// What `future` comes to, if it does so in time.
    ///
    /// # Errors
    /// It does not.
    pub async fn bound<F: Future>(self, future: F) -> Result<F::Output, TimeIsOver> {
        // A future that is ready at once would win over a deadline that has passed.
        if self.is_over() {
            return Err(TimeIsOver);
        }
        tokio::time::timeout_at(self.0, future)
            .await
            .map_err(|_| TimeIsOver)
    }

    /// Waits before attempt number `attempt` (none before number 0), no longer than to the deadline.
    pub async fn pause_before(self, attempt: u32) {
        let until = Instant::now() + pause_before(attempt, fastrand::f64());
        tokio::time::sleep_until(until.min(self.0)).await;
    }
}

const PAUSE_FIRST: Duration = Duration::from_millis(25);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Full jitter: `random`, in 0..1, times a pause that doubles with every attempt, up to two seconds.
fn pause_before(attempt: u32, random: f64) -> Duration {
    if attempt == 0 {
        return Duration::ZERO;
    }
    let doubled = PAUSE_FIRST * 2u32.saturating_pow(attempt.min(16) - 1);
    doubled.min(PAUSE_MAX).mul_f64(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_spread_out() {
        let longest: Vec<u128> = (0..9)
            .map(|attempt| pause_before(attempt, 1.0).as_millis())
            .collect();
        assert_eq!(longest, [0, 25, 50, 100, 200, 400, 800, 1600, 2000]);
        assert_eq!(pause_before(u32::MAX, 1.0), PAUSE_MAX);
        assert_eq!(pause_before(3, 0.0), Duration::ZERO);
        assert_eq!(pause_before(3, 0.5), Duration::from_millis(50));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_cut_off() {
        let deadline = Deadline::after(Duration::from_secs(1));
        assert_eq!(deadline.bound(std::future::ready(1)).await, Ok(1));
        let late = deadline.bound(tokio::time::sleep(Duration::from_secs(2)));
        assert_eq!(late.await, Err(TimeIsOver));
        assert!(deadline.is_over());
        assert_eq!(deadline.bound(std::future::ready(1)).await, Err(TimeIsOver));
        assert!(!deadline.last_steps().is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_goes_beyond_the_deadline() {
        let begin = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(1));
        for attempt in 0..20 {
            deadline.pause_before(attempt).await;
        }
        assert!(begin.elapsed() <= Duration::from_millis(2));
    }

    #[test]
    fn a_part_of_the_time_is_kept_back() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let left = |seconds: u64| {
                let end = SystemTime::now() + Duration::from_secs(seconds);
                Deadline::before(end).0.duration_since(Instant::now())
            };
            assert!((8..10).contains(&left(10).as_secs()));
            assert!((96..=97).contains(&left(100).as_secs()));
            assert!(Deadline::before(SystemTime::UNIX_EPOCH).is_over());
        });
    }
}
