//! The detectors' scores as a table of a Markdown document, such as the README's.

use std::fmt::Write;

use super::score::Report;
use super::text::{ratio, times};
use crate::output::printable::printable;
use crate::output::quantity::{count, counted};

/// The table and the line below it.
pub(crate) fn table(report: &Report) -> String {
    let mut table = String::from(
        "| detector | attacks found | recall | precision | events to the alert: median, worst | time: median, worst |\n\
         |---|---|---|---|---|---|\n",
    );
    for score in &report.detectors {
        let attacks = score.attacks.unwrap_or_default();
        let [events, events_worst, time, time_worst] = times(score.time_to_alert.as_ref());
        let _ = writeln!(
            table,
            "| {} | {} of {} | {} | {} | {events}, {events_worst} | {time}, {time_worst} |",
            printable(&score.name).replace('|', "\\|"),
            attacks.found,
            attacks.all,
            ratio(score.recall),
            ratio(score.precision),
        );
    }
    let quiet = &report.quiet;
    let _ = writeln!(
        table,
        "\n{} in {} of quiet traffic ({:.1} days).",
        counted(quiet.alerts as u64, "alert"),
        counted(quiet.events, "event"),
        quiet.days
    );
    let others = report
        .scenarios
        .iter()
        .filter(|scenario| scenario.attacks.is_empty());
    let (mut near_misses, mut false_alerts) = (0u64, 0);
    for scenario in others {
        near_misses += 1;
        let unexpected = scenario.differences.iter();
        false_alerts += unexpected
            .filter(|d| matches!(d, super::comparison::Difference::Unexpected { .. }))
            .count();
    }
    let _ = writeln!(
        table,
        "{} in {} without an attack.",
        counted(false_alerts as u64, "false alert"),
        count(near_misses) + " recordings",
    );
    table
}
