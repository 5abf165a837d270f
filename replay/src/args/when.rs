//! Moments on the command line: `2h` before now, or RFC 3339.

use detector_core::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    AgoMs(i64),
    At(Timestamp),
}

impl When {
    /// Reads the argument.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let at = Timestamp::from_rfc3339(text).map(Self::At);
        at.or_else(|| ago(text)).ok_or_else(|| {
            "expected a duration before now such as `90s`, `30m`, `2h`, `7d` or `1w`, or a moment such as `2026-05-21T10:00:00Z`".into()
        })
    }

    pub(crate) fn before(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::AgoMs(ms) => Timestamp::from_millis(now.millis() - ms),
            Self::At(moment) => Some(moment),
        }
    }
}

fn ago(text: &str) -> Option<When> {
    let unit = text.chars().next_back()?;
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let unit_ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return None,
    };
    Some(When::AgoMs(i64::from(number) * unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_moments() {
        let now = Timestamp::from_rfc3339("2026-05-21T10:00:00Z").unwrap();
        let read = |text| Some(When::parse(text).ok()?.before(now)?.to_string());
        assert_eq!(read("2h").as_deref(), Some("2026-05-21T08:00:00.000Z"));
        assert_eq!(read("0s").as_deref(), Some("2026-05-21T10:00:00.000Z"));
        assert_eq!(read("1w").as_deref(), Some("2026-05-14T10:00:00.000Z"));
        assert_eq!(
            read("2026-05-21T10:00:00+02:00").as_deref(),
            Some("2026-05-21T08:00:00.000Z")
        );
        for text in [
            "",
            "h",
            "2",
            "2M",
            "-2h",
            "2 h",
            "5ä",
            "yesterday",
            "4000000000w",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
