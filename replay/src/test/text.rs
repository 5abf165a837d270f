//! The report as a person reads it.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::expectation::Kind;
use super::score::{Report, Score};
use super::spread::Spread;
use crate::output::printable::printable;
use crate::output::quantity::{count, counted, duration};

const UNKNOWN: &str = "-";

/// Failures, then the detectors, the rules and a closing line.
pub(crate) fn page(report: &Report) -> String {
    let mut page = failures(report);
    if !page.is_empty() {
        page.push('\n');
    }
    for (what, scores) in [("DETECTOR", &report.detectors), ("RULE", &report.rules)] {
        let (told, idle): (Vec<&Score>, Vec<&Score>) = scores.iter().partition(|it| has_news(it));
        let _ = writeln!(page, "{}", table(what, &told));
        if !idle.is_empty() {
            let idle = counted(idle.len() as u64, &what.to_lowercase());
            let _ = writeln!(
                page,
                "not listed: {idle} that should not alert here, and did not"
            );
        }
        page.push('\n');
    }
    let _ = writeln!(page, "{}", closing(report));
    page
}

/// Whether the recordings say anything about it: of a few of them, most rules have nothing but zeros.
fn has_news(score: &Score) -> bool {
    let alerts = score.true_positives + score.missed + score.false_positives;
    alerts > 0 || score.alerts_per_quiet_day.is_some()
}

/// Every scenario that failed and why, one line each; empty where none did.
pub(crate) fn failures(report: &Report) -> String {
    let mut lines = String::new();
    for scenario in report.scenarios.iter().filter(|scenario| !scenario.passed) {
        let about = format!("FAILED {}: {}", scenario.folder, scenario.about);
        let _ = writeln!(lines, "{}", printable(&about));
        for difference in &scenario.differences {
            let _ = writeln!(lines, "    {}", printable(&difference.to_string()));
        }
    }
    lines
}

fn table(what: &str, scores: &[&Score]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.force_no_tty();
    let headings = [
        "FOUND",
        "MISSED",
        "FALSE",
        "PRECISION",
        "RECALL",
        "EVENTS",
        "WORST",
        "SECONDS",
        "WORST",
        "A QUIET DAY",
    ];
    let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut header = vec![Cell::new(what)];
    header.extend(headings.map(|heading| number(heading.to_owned())));
    table.set_header(header);
    for score in scores {
        let mut row = vec![Cell::new(printable(&score.name))];
        row.extend(cells(score).map(number));
        table.add_row(row);
    }
    table.trim_fmt()
}

fn cells(score: &Score) -> [String; 10] {
    let [events, events_worst, seconds, seconds_worst] = times(score.time_to_alert.as_ref());
    [
        count(score.true_positives as u64),
        count(score.missed as u64),
        count(score.false_positives as u64),
        ratio(score.precision),
        ratio(score.recall),
        events,
        events_worst,
        seconds,
        seconds_worst,
        score
            .alerts_per_quiet_day
            .map_or_else(|| UNKNOWN.into(), |alerts| format!("{alerts:.1}")),
    ]
}

/// Median and worst, in events and then in time.
pub(crate) fn times(spread: Option<&Spread>) -> [String; 4] {
    let Some(spread) = spread else {
        return [UNKNOWN; 4].map(str::to_owned);
    };
    let events = |events: Option<usize>| events.map_or_else(|| UNKNOWN.into(), |n| count(n as u64));
    let time = |seconds: f64| duration((seconds * 1000.0) as i64);
    [
        events(spread.median_events),
        events(spread.worst_events),
        time(spread.median_seconds),
        time(spread.worst_seconds),
    ]
}

/// `100 %`, `96.3 %`
pub(crate) fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        None => UNKNOWN.into(),
        // Never 100 % of what is not whole.
        Some(ratio) if ratio < 1.0 => format!("{:.1} %", (ratio * 1000.0).floor() / 10.0),
        Some(_) => "100 %".into(),
    }
}

fn closing(report: &Report) -> String {
    let of = |kind: Kind| {
        let scenarios = report.scenarios.iter();
        scenarios.filter(|scenario| scenario.kind == kind).count() as u64
    };
    let events: u64 = report
        .scenarios
        .iter()
        .map(|scenario| scenario.events)
        .sum();
    let failed = report
        .scenarios
        .iter()
        .filter(|scenario| !scenario.passed)
        .count();
    let result = match failed {
        0 => "all as expected".to_owned(),
        failed => format!("{} FAILED", count(failed as u64)),
    };
    format!(
        "{} with an attack, {} with a near miss, {} of quiet traffic; {}: {result}",
        counted(of(Kind::Attack), "recording"),
        count(of(Kind::NearMiss)),
        count(of(Kind::Quiet)),
        counted(events, "event"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_share_is_rounded_up_to_all() {
        assert_eq!(ratio(Some(1.0)), "100 %");
        assert_eq!(ratio(Some(0.9999)), "99.9 %");
        assert_eq!(ratio(Some(0.0)), "0.0 %");
        assert_eq!(ratio(None), "-");
    }
}
