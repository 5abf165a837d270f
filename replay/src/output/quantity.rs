//! Numbers, sizes, moments and durations as people read them.

use detector_core::time::Timestamp;

/// `1,234,567`
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 file`, `3 files`: the plural takes an `s`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

/// `512 B`, `1.5 MiB`
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `850ms`, `42s`, `7m30s`, `2h05m`, `3d04h`
pub(crate) fn duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0 => format!("{ms}ms"),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m{:02}s", seconds % 60),
        3_600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// `2024-05-01 12:00:00 …` and `12:07:30 UTC (7m30s)`; the second date only where it differs.
pub(crate) fn stretch(from: Timestamp, until: Timestamp) -> [String; 2] {
    // Short ones would seem to begin and end at once.
    let shown = match until.millis() - from.millis() {
        ..10_000 => "2024-05-01 12:00:00.000".len(),
        _ => "2024-05-01 12:00:00".len(),
    };
    let (from_text, until_text) = (to(from, shown), to(until, shown));
    let end = match from_text[..10] == until_text[..10] {
        true => &until_text[11..],
        false => &until_text,
    };
    let length = duration(until.millis() - from.millis());
    [format!("{from_text} …"), format!("{end} UTC ({length})")]
}

/// The first characters of `2024-05-01 12:00:00.000`.
fn to(time: Timestamp, shown: usize) -> String {
    let mut text = time.to_string().replace('T', " ");
    text.truncate(shown);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1_000, 1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
    }

    #[test]
    fn sizes_move_to_the_next_unit() {
        let texts = [0, 1_023, 1_024, 1_572_864, (1 << 30) - 1, u64::MAX].map(bytes);
        assert_eq!(
            texts,
            ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "1.0 GiB", "16.0 EiB"]
        );
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let texts = [0, 999, 1_000, 59_999, 450_000, 7_500_000, 273_600_000].map(duration);
        assert_eq!(
            texts,
            ["0ms", "999ms", "1s", "59s", "7m30s", "2h05m", "3d04h"]
        );
    }

    #[test]
    fn a_stretch_names_the_second_date_where_it_differs() {
        let at = |text| Timestamp::from_rfc3339(text).unwrap();
        let noon = at("2024-05-01T12:00:00Z");
        assert_eq!(
            stretch(noon, at("2024-05-01T12:07:30.500Z")),
            ["2024-05-01 12:00:00 …", "12:07:30 UTC (7m30s)"]
        );
        assert_eq!(
            stretch(noon, at("2024-05-02T00:00:00Z")),
            ["2024-05-01 12:00:00 …", "2024-05-02 00:00:00 UTC (12h00m)"]
        );
        assert_eq!(
            stretch(noon, at("2024-05-01T12:00:00.001Z")),
            ["2024-05-01 12:00:00.000 …", "12:00:00.001 UTC (1ms)"]
        );
    }
}
