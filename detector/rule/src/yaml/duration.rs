//! Durations as Sigma writes them: `30s`, `5m`, `1h`, `7d`.

use rsigma_parser::Timespan;

use crate::yaml::yaml_tree::{Kind, Node};

/// The longest window: 366 days.
pub const WINDOW_LENGTH_MAX_MS: i64 = 366 * 24 * 3600 * 1000;

/// Reads a duration of 1 s to 366 d, in milliseconds; `what` is the key it stands under, as written.
pub(crate) fn parse_duration(node: &Node, what: &str) -> Result<i64, String> {
    let text = match &node.kind {
        Kind::Text(text) => text.trim(),
        Kind::Int(n) => {
            let n = n.unsigned_abs().max(1);
            return Err(format!(
                "`{what}` {} has no unit, write `{n}m` for minutes or `{n}s` for seconds",
                node.shown()
            ));
        }
        _ => {
            return Err(format!(
                "`{what}` must be a duration like `5m`, not {}",
                node.shown()
            ));
        }
    };
    let seconds = Timespan::parse(text)
        .map_err(|_| {
            format!(
                "`{what}` {} is not a duration, try `{}`",
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
            "`{what}` {} is empty, the shortest is `1s`",
            node.shown()
        )),
        1..=WINDOW_LENGTH_MAX_MS => Ok(ms),
        _ => {
            let hint = long_unit(node).map_or(String::new(), |long| format!("; {long}"));
            Err(format!(
                "`{what}` {} is too long, the longest is `366d`{hint}",
                node.shown()
            ))
        }
    }
}

/// A word on the units that are taken for others: to Sigma, `M` is months.
pub(crate) fn long_unit(node: &Node) -> Option<String> {
    let text = node.text()?.trim();
    let digits = text.strip_suffix(['M', 'y'])?;
    let number: u64 = digits.parse().ok()?;
    let plural = if number == 1 { "" } else { "s" };
    let (unit, fix) = match text.ends_with('M') {
        true => ("month", format!("for minutes write `{digits}m`")),
        false => (
            "year",
            format!("for days write `{}d`", number.saturating_mul(365)),
        ),
    };
    Some(format!("`{text}` is {number} {unit}{plural}, {fix}"))
}

/// What the author meant by `5 mins` or `1h30m`.
fn guess(text: &str) -> String {
    const UNITS: [(&str, f64); 4] = [("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0)];
    let parts = parts(text);
    if let [(number, _)] = parts[..]
        && number >= 1e9
    {
        return "366d".to_owned();
    }
    if let [(number, unit)] = parts[..]
        && number.fract() == 0.0
    {
        return format!("{number}{unit}");
    }
    let length = |unit| {
        UNITS
            .iter()
            .find(|known| known.0 == unit)
            .map(|known| known.1)
    };
    let lengths = parts
        .iter()
        .filter_map(|&(number, unit)| Some(number * length(unit)?));
    let seconds = lengths.sum::<f64>().round();
    let whole = |(_, length): &&(&str, f64)| seconds > 0.0 && seconds % length == 0.0;
    let whole = UNITS.iter().find(whole);
    whole.map_or("5m".to_owned(), |(unit, length)| {
        format!("{}{unit}", seconds / length)
    })
}

/// Each number with the unit that its word stands for; minutes where it stands for none.
fn parts(text: &str) -> Vec<(f64, &'static str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        let word: String = after.chars().take_while(|c| !c.is_ascii_digit()).collect();
        rest = after;
        let word: String = word.chars().filter(|c| c.is_alphabetic()).collect();
        let unit = match word.to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            "w" | "week" | "weeks" => "w",
            "mo" | "mon" | "month" | "months" => "M",
            "y" | "yr" | "year" | "years" => "y",
            _ => "m",
        };
        parts.extend(number.parse().ok().map(|number: f64| (number, unit)));
    }
    parts
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
            "timespan",
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
        for (written, said) in [
            ("5 mins", "`timespan` `5 mins` is not a duration, try `5m`"),
            (
                "2 hours",
                "`timespan` `2 hours` is not a duration, try `2h`",
            ),
            ("1h30m", "`timespan` `1h30m` is not a duration, try `90m`"),
            (
                "1.5 hours",
                "`timespan` `1.5 hours` is not a duration, try `90m`",
            ),
            (
                "99999999999999999999s",
                "`timespan` `99999999999999999999s` is not a duration, try `366d`",
            ),
            ("soon", "`timespan` `soon` is not a duration, try `5m`"),
            ("0s", "`timespan` `0s` is empty, the shortest is `1s`"),
            (
                "367d",
                "`timespan` `367d` is too long, the longest is `366d`",
            ),
            (
                "30M",
                "`timespan` `30M` is too long, the longest is `366d`; `30M` is 30 months, for minutes write `30m`",
            ),
        ] {
            assert_eq!(text(written).unwrap_err(), said);
        }
        assert_eq!(
            duration(Kind::Int(10)).unwrap_err(),
            "`timespan` `10` has no unit, write `10m` for minutes or `10s` for seconds"
        );
    }

    #[test]
    fn months_and_years_are_pointed_out() {
        let long = |text: &str| {
            long_unit(&Node {
                line: 1,
                column: 1,
                kind: Kind::Text(text.to_owned()),
            })
        };
        assert_eq!(
            long("10M").as_deref(),
            Some("`10M` is 10 months, for minutes write `10m`")
        );
        assert_eq!(
            long("1y").as_deref(),
            Some("`1y` is 1 year, for days write `365d`")
        );
        assert_eq!(long("10m"), None);
    }
}
