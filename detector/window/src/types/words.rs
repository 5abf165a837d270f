//! What several types say alike of a rule.

use std::fmt::Display;

use detector_rule::{Comparison, MILLION, Threshold};

/// `10 or more`, `more than 5 and 9 or fewer`
pub fn number<T: Display>(threshold: &Threshold<T>) -> String {
    let parts = threshold
        .0
        .iter()
        .map(|(comparison, number)| match comparison {
            Comparison::Gte => format!("{number} or more"),
            Comparison::Gt => format!("more than {number}"),
            Comparison::Lte => format!("{number} or fewer"),
            Comparison::Lt => format!("fewer than {number}"),
            Comparison::Eq => format!("exactly {number}"),
            Comparison::Neq => format!("other than {number}"),
        });
    parts.collect::<Vec<_>>().join(" and ")
}

/// Places of inputs: `0 2`
pub(super) fn places(places: &[usize]) -> String {
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    places.join(" ")
}

/// A length of time in what a rule says of itself: `600000ms`
pub(super) fn in_ms(ms: i64) -> String {
    format!("{ms}ms")
}

/// Millionths in what a rule says of itself: `2.5`
pub(super) fn of_million(millionths: u64) -> f64 {
    millionths as f64 / MILLION as f64
}

/// `within 10 minutes`
pub fn within(timespan_ms: i64) -> String {
    format!("within {}", duration(timespan_ms))
}

/// `10 minutes`
pub fn duration(ms: i64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute")];
    let whole = units.iter().find(|(unit, _)| ms % unit == 0);
    let (number, unit) = whole.map_or((ms / 1000, "second"), |(ms_each, unit)| {
        (ms / ms_each, *unit)
    });
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_and_times_are_words() {
        let many = Threshold(vec![(Comparison::Gt, 5), (Comparison::Lte, 9)]);
        assert_eq!(number(&many), "more than 5 and 9 or fewer");
        for (ms, words) in [
            (1_000, "1 second"),
            (90_000, "90 seconds"),
            (600_000, "10 minutes"),
            (3_600_000, "1 hour"),
            (172_800_000, "2 days"),
        ] {
            assert_eq!(duration(ms), words);
        }
    }
}
