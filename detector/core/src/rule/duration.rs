//! Durations as Sigma writes them: `30s`, `5m`, `1h`, `7d`.

use rsigma_parser::Timespan;

use super::yaml_tree::{Kind, Node};

/// The longest window: 366 days.
pub const WINDOW_LENGTH_MAX_MS: i64 = 366 * 24 * 3600 * 1000;

/// Reads a duration of 1 s to 366 d, in milliseconds; `what` names it in the message.
pub(super) fn parse_duration(node: &Node, what: &str) -> Result<i64, String> {
    let text = match &node.kind {
        Kind::Text(text) => text.trim(),
        Kind::Int(n) => {
            return Err(format!("{what} `{n}` has no unit, try `{n}s`"));
        }
        _ => {
            return Err(format!(
                "{what} must be a duration like `5m`, not {}",
                node.shown()
            ));
        }
    };
    let seconds = Timespan::parse(text)
        .map_err(|_| {
            format!(
                "{what} {} is not a duration, try `{}`",
                node.shown(),
                guess(text)
            )
        })?
        .seconds;
    let ms = i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000);
    match ms {
        0 => Err(format!(
            "{what} {} is empty, the shortest is `1s`",
            node.shown()
        )),
        1..=WINDOW_LENGTH_MAX_MS => Ok(ms),
        _ => Err(format!(
            "{what} {} is too long, the longest is `366d`",
            node.shown()
        )),
    }
}

/// What the author meant by `5 mins`.
fn guess(text: &str) -> String {
    let digits: String = text
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let word: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    let unit = match word.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "week" | "weeks" => "w",
        "mo" | "mon" | "month" | "months" => "M",
        "y" | "yr" | "year" | "years" => "y",
        _ => "m",
    };
    format!("{}{unit}", if digits.is_empty() { "5" } else { &digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(kind: Kind) -> Result<i64, String> {
        parse_duration(
            &Node {
                line: 1,
                column: 1,
                kind,
            },
            "window",
        )
    }

    fn text(text: &str) -> Result<i64, String> {
        duration(Kind::Text(text.to_owned()))
    }

    #[test]
    fn reads_every_unit_up_to_the_limit() {
        assert_eq!(text("1s"), Ok(1000));
        assert_eq!(text("5m"), Ok(300_000));
        assert_eq!(text("366d"), Ok(WINDOW_LENGTH_MAX_MS));
        assert_eq!(text("1M"), Ok(2_629_746_000));
    }

    #[test]
    fn says_what_to_write_instead() {
        assert_eq!(
            text("5 mins").unwrap_err(),
            "window `5 mins` is not a duration, try `5m`"
        );
        assert_eq!(
            text("2 hours").unwrap_err(),
            "window `2 hours` is not a duration, try `2h`"
        );
        assert_eq!(
            text("soon").unwrap_err(),
            "window `soon` is not a duration, try `5m`"
        );
        assert_eq!(
            text("0s").unwrap_err(),
            "window `0s` is empty, the shortest is `1s`"
        );
        assert_eq!(
            text("367d").unwrap_err(),
            "window `367d` is too long, the longest is `366d`"
        );
        assert_eq!(
            duration(Kind::Int(300)).unwrap_err(),
            "window `300` has no unit, try `300s`"
        );
    }
}
