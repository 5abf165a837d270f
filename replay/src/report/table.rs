//! Alerts go in, a table that a person reads comes out. Everything that was taken from a log is made safe first.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};
use detector_core::alert::{Alert, AlertRule, GroupValues, ShownValues, Status};

use crate::output::printable::{clipped, printable};
use crate::output::quantity::{count, stretch};

/// The most characters of a title or a group value that are shown.
const VALUE_CHARS_MAX: usize = 80;

/// Values of a field that are shown; all of them are in the JSON output.
const SHOWN_VALUES_MAX: usize = 2;

/// How text is laid out and painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) paint: Paint,
    /// Columns of the terminal; `None`: as wide as it comes.
    pub(crate) width: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Colour,
    Plain,
}

/// The episodes in order: as a table where all of it fits, else as blocks of lines, so that no name and no value is cut
/// in two and all of them can be copied.
pub(crate) fn episodes(alerts: &[Alert], style: Style) -> String {
    let fits = |width: u16| {
        let lines = table(alerts, Paint::Plain);
        let widest = lines.lines().map(|line| line.chars().count()).max();
        widest.unwrap_or_default() <= usize::from(width)
    };
    if style.width.is_none_or(fits) {
        return table(alerts, style.paint);
    }
    let blocks: Vec<String> = alerts
        .iter()
        .map(|alert| block(alert, style.paint))
        .collect();
    blocks.join("\n\n")
}

fn table(alerts: &[Alert], paint: Paint) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    // Never asks the terminal: what it is told decides, so that a file and a test get the same text.
    table.force_no_tty();
    if paint == Paint::Colour {
        table.enforce_styling();
    }
    table.set_header([
        "LEVEL",
        "OPENED … HELD UNTIL",
        "RULE",
        "GROUP",
        "COUNT",
        "DISTINCT",
        "STATUS",
    ]);
    for alert in alerts {
        table.add_row(row(alert));
    }
    table.trim_fmt()
}

fn row(alert: &Alert) -> Vec<Cell> {
    let number = |text| Cell::new(text).set_alignment(CellAlignment::Right);
    vec![
        level(alert.rule.level),
        Cell::new(stretch(alert.opened_at, alert.held_until).join("\n")),
        Cell::new(rule(&alert.rule).join("\n")),
        Cell::new(
            [group(&alert.group), shown(&alert.shown)]
                .concat()
                .join("\n"),
        ),
        number(count(alert.count)),
        number(distinct(alert)),
        Cell::new(status(alert.status)),
    ]
}

fn block(alert: &Alert, paint: Paint) -> String {
    let mut lines = vec![painted_level(alert.rule.level, paint)];
    lines.push(rule(&alert.rule).join(" · "));
    lines.push(stretch(alert.opened_at, alert.held_until).join(" "));
    lines.extend(group(&alert.group));
    lines.extend(shown(&alert.shown));
    lines.push(format!(
        "count {}, distinct {}, {}",
        count(alert.count),
        distinct(alert),
        status(alert.status)
    ));
    lines.join("\n  ")
}

fn distinct(alert: &Alert) -> String {
    alert.distinct.map_or_else(|| "-".into(), count)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Closed => "closed",
    }
}

fn level(level: Option<&str>) -> Cell {
    let cell = Cell::new(printable(level.unwrap_or("-")));
    match level {
        Some("critical") => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Some("high") => cell.fg(Color::Red),
        Some("medium") => cell.fg(Color::Yellow),
        Some("low") => cell.fg(Color::Cyan),
        _ => cell,
    }
}

/// The same outside a table.
fn painted_level(level: Option<&str>, paint: Paint) -> String {
    let text = printable(level.unwrap_or("-"));
    if paint == Paint::Plain {
        return text.into_owned();
    }
    let style = owo_colors::Style::new();
    let style = match level {
        Some("critical") => style.red().bold(),
        Some("high") => style.red(),
        Some("medium") => style.yellow(),
        Some("low") => style.cyan(),
        _ => style,
    };
    style.style(text).to_string()
}

/// The title, and the name, or the id of a rule without one.
fn rule(rule: &AlertRule) -> Vec<String> {
    let reference = rule.name.as_ref().unwrap_or(&rule.id);
    let mut lines = vec![clipped(&rule.title, VALUE_CHARS_MAX)];
    if *reference != rule.title {
        lines.push(clipped(reference, VALUE_CHARS_MAX));
    }
    lines
}

fn group(group: &GroupValues) -> Vec<String> {
    if group.0.is_empty() {
        return vec!["(all)".into()];
    }
    let pairs = group.0.iter();
    pairs
        .map(|(field, value)| {
            // A missing field is a value where a detection rule alerts by itself.
            let shown = if value.is_empty() { "(missing)" } else { value };
            format!("{}={}", printable(field), clipped(shown, VALUE_CHARS_MAX))
        })
        .collect()
}

/// The first values of each field, a line for each, and how many more there are.
fn shown(shown: &ShownValues) -> Vec<String> {
    let mut lines = Vec::new();
    for (field, values) in shown.known() {
        let mut head = format!("{}: ", printable(field));
        for value in values.iter().take(SHOWN_VALUES_MAX) {
            lines.push(head + &clipped(value, VALUE_CHARS_MAX));
            head = "  ".to_owned();
        }
        if values.len() > SHOWN_VALUES_MAX
            && let Some(last) = lines.last_mut()
        {
            last.push_str(&format!(", +{}", values.len() - SHOWN_VALUES_MAX));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use detector_core::time::Timestamp;

    const PLAIN: Style = Style {
        paint: Paint::Plain,
        width: None,
    };

    fn alert(value: &str) -> Alert {
        let at = |text| Timestamp::from_rfc3339(text).unwrap();
        Alert {
            incident_id: None,
            level: None,
            alert_id: "a1".into(),
            rule: AlertRule {
                id: "r1".into(),
                name: Some("stuffing".into()),
                title: "Credential stuffing".into(),
                level: Some("high"),
            },
            group: GroupValues(vec![("source_ip".into(), value.into())]),
            first_event_time: at("2024-05-01T11:59:00Z"),
            opened_at: at("2024-05-01T12:00:00Z"),
            held_until: at("2024-05-01T12:07:30Z"),
            last_event_time: at("2024-05-01T12:02:30Z"),
            status: Status::Closed,
            count: 1_234,
            distinct: Some(17),
            shown: ShownValues(vec![
                (
                    "account".into(),
                    vec!["ann".into(), "bo".into(), "cy".into()],
                ),
                ("route".into(), vec![]),
            ]),
            event_ids: vec!["e1".into()],
        }
    }

    #[test]
    fn a_row_tells_the_episode() {
        let text = episodes(&[alert("192.0.2.7")], PLAIN);
        for part in [
            "high",
            "2024-05-01 12:00:00 …",
            "12:07:30 UTC (7m30s)",
            "Credential stuffing",
            "stuffing",
            "source_ip=192.0.2.7",
            "account: ann",
            "  bo, +1",
            "1,234",
            "17",
            "closed",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn hostile_values_reach_no_terminal_raw() {
        let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\nLEVEL\u{202e}evil\u{9b}31m\u{0}";
        let mut alert = alert(hostile);
        alert.rule.title = hostile.into();
        alert.rule.name = Some(hostile.into());
        alert.group.0[0].0 = hostile.into();
        alert.shown.0[0] = (hostile.into(), vec![hostile.into()]);
        for width in [None, Some(80), Some(40)] {
            let style = Style { width, ..PLAIN };
            let text = episodes(std::slice::from_ref(&alert), style);
            assert!(
                text.chars()
                    .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_narrow_terminal_gets_blocks() {
        let style = Style {
            width: Some(79),
            ..PLAIN
        };
        let expected = "\
high
  Credential stuffing · stuffing
  2024-05-01 12:00:00 … 12:07:30 UTC (7m30s)
  source_ip=192.0.2.7
  account: ann
    bo, +1
  count 1,234, distinct 17, closed";
        assert_eq!(episodes(&[alert("192.0.2.7")], style), expected);
    }

    #[test]
    fn colours_follow_the_level_and_only_where_asked() {
        let style = Style {
            paint: Paint::Colour,
            width: Some(120),
        };
        assert!(episodes(&[alert("a")], style).contains('\u{1b}'));
    }

    #[test]
    fn what_does_not_fit_a_table_is_a_block_and_long_values_are_clipped() {
        let mut alert = alert(&"long value ".repeat(100));
        alert.rule.title = "word ".repeat(40).into();
        let style = Style {
            width: Some(80),
            ..PLAIN
        };
        let text = episodes(&[alert], style);
        assert!(text.starts_with("high\n"), "{text}");
        assert!(text.contains("(+1020)"), "{text}");
    }
}
