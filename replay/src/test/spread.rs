//! Times to an alert go in, their median and the worst come out.

use super::verdict::Delay;

/// Of several attacks.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Spread {
    /// In events of the attack, the one that completed the condition included; `None` where nobody counted them.
    pub(crate) median_events: Option<usize>,
    pub(crate) worst_events: Option<usize>,
    pub(crate) median_seconds: f64,
    pub(crate) worst_seconds: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(delays: &[Delay]) -> Option<Self> {
        let mut ms: Vec<i64> = delays.iter().map(|delay| delay.ms).collect();
        let mut events: Vec<usize> = delays.iter().filter_map(|delay| delay.events).collect();
        ms.sort_unstable();
        events.sort_unstable();
        let seconds = |ms: i64| ms as f64 / 1000.0;
        Some(Self {
            median_events: median(&events),
            worst_events: events.last().copied(),
            median_seconds: seconds(median(&ms)?),
            worst_seconds: seconds(*ms.last()?),
        })
    }
}

/// The lower of the two in the middle, so that it is one that occurred.
fn median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_worst() {
        let delay = |events, ms| Delay { events, ms };
        assert_eq!(Spread::of(&[]), None);
        let spread = Spread::of(&[
            delay(Some(9), 500),
            delay(None, 90_000),
            delay(Some(1), 0),
            delay(Some(4), 1_500),
        ]);
        let expected = Spread {
            median_events: Some(4),
            worst_events: Some(9),
            median_seconds: 0.5,
            worst_seconds: 90.0,
        };
        assert_eq!(spread, Some(expected));
    }
}
