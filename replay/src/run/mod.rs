//! `replay run`: the episodes that a recording holds.

use std::io::Write;
use std::num::NonZeroUsize;

use detector_core::alert::Alert;
use detector_core::alert::incident::Incident;
use detector_core::engine::{Engine, Mode};
use detector_core::found::Found;
use detector_core::tally::Tally;

use crate::args::{ColorChoice, Format, RunArgs};
use crate::input;
use crate::input::crew::findings::no_hits;
use crate::input::crew::places::SHOWN_MAX;
use crate::input::crew::recording::Recording;
use crate::input::crew::{Crew, Limits};
use crate::input::rules;
use crate::outcome::{Outcome, say};
use crate::output::Output;
use crate::output::progress::{Progress, Visibility};
use crate::output::quantity::counted;
use crate::output::waiting::Notes;
use crate::report::json;
use crate::report::summary::{Run, summary};
use crate::report::table::{self, Paint, Style};

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let plan = input::plan(&args.source.inputs)?.noting(Notes::unless(args.source.quiet));
    let output = Output::open_noting(args.output.as_deref(), plan.notes)?;
    let engine = args.source.engine(rules);
    let crew = Crew {
        mode: match args.as_arrived {
            true => Mode::AsArrived,
            false => Mode::Set,
        },
        // What is too late, and who is forgotten, depends on what came before.
        threads: match args.as_arrived || args.rule_state_max.is_some() {
            true => NonZeroUsize::MIN,
            false => args.source.threads(),
        },
        write_hit: no_hits,
        limits: Limits {
            rule_bytes_max: args
                .rule_state_max
                .map(|mib| mib.get().saturating_mul(1 << 20)),
            ..Limits::default()
        },
    };
    let mut progress = Progress::new(plan.bytes_total, visibility(&args.source));
    let (recording, found) = crew.find(&engine, plan, &mut progress)?;
    let tally = &found.tally;
    if args.as_arrived && tally.too_late_hits > 0 && !args.source.quiet {
        say(&format!(
            "note: {} left out as too late; without recorded arrival times, the order of the recording must be that of arrival",
            counted(tally.too_late_hits, "hit")
        ));
    }
    tell_evictions(&engine, tally);
    tell_doubts(&engine, tally);
    let incidents = match args.format {
        Format::Incidents => found.incidents(),
        _ => Vec::new(),
    };
    let Found { told, tally, .. } = found;
    let alerts: Vec<Alert> = told.into_iter().map(|told| told.alert).collect();
    let run = Run {
        rules: engine.rules(),
        recording: &recording,
        alerts: &alerts,
        tally: &tally,
    };
    let written = write(&run, &incidents, args, output);
    close(&recording, args.source.quiet, written)
}

pub(crate) fn visibility(source: &crate::args::SourceArgs) -> Visibility {
    match source.quiet || source.no_progress {
        true => Visibility::Hidden,
        false => Visibility::Terminal,
    }
}

fn write(
    run: &Run<'_>,
    incidents: &[Incident],
    args: &RunArgs,
    mut output: Output,
) -> anyhow::Result<()> {
    match args.format {
        Format::Json | Format::Incidents => {
            match args.format {
                Format::Incidents => json::write(incidents, &mut output)?,
                _ => json::write(run.alerts, &mut output)?,
            }
            output.finish()?;
            if !args.source.quiet {
                let text = summary(run, Paint::Plain);
                text.lines().for_each(say);
            }
            Ok(())
        }
        Format::Text => {
            let style = style(args.color, &output);
            writeln!(output, "{}", episodes(run, style))?;
            write!(output, "\n{}", summary(run, style.paint))?;
            output.finish()
        }
    }
}

/// The table, or plain words where there is nothing to put into it.
fn episodes(run: &Run<'_>, style: Style) -> String {
    let alerts: &[Alert] = run.alerts;
    let events: u64 = run.tally.events.iter().sum();
    if !alerts.is_empty() {
        let heading = counted(alerts.len() as u64, "episode");
        return format!("{heading}\n{}", table::episodes(alerts, style));
    }
    if events == 0 {
        return "no episode: no event was read".into();
    }
    "no episode: no rule's condition held".into()
}

pub(crate) fn style(choice: ColorChoice, output: &Output) -> Style {
    let terminal = output.is_terminal();
    let wanted = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => terminal && !is_set("NO_COLOR") && !is_dumb(),
    };
    Style {
        paint: match wanted {
            true => Paint::Colour,
            false => Paint::Plain,
        },
        width: terminal.then(terminal_width).flatten(),
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// As the terminal says, or as `COLUMNS` does.
fn terminal_width() -> Option<u16> {
    let asked = comfy_table::Table::new().width();
    asked.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// Places of no known form that are shown; applications may well write many.
const UNRECOGNISED_SHOWN_MAX: usize = 5;

/// Says on standard error what could not be read, and decides the outcome. A failed write of the results comes last,
/// so that it hides nothing.
pub(crate) fn close(
    recording: &Recording,
    quiet: bool,
    written: anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    if !quiet {
        for name in &recording.empty {
            say(&format!("note: `{name}` is empty"));
        }
    }
    let unreadable = &recording.unreadable;
    for line in unreadable.lines("unreadable", "record", SHOWN_MAX) {
        say(&line);
    }
    if !quiet {
        let unrecognised = &recording.unrecognised;
        for line in unrecognised.lines("of no known form", "event", UNRECOGNISED_SHOWN_MAX) {
            say(&line);
        }
    }
    let nothing_known = recording.of_no_known_form();
    for failure in recording.failures.iter().chain(&nothing_known) {
        say(&format!("error: {failure}"));
    }
    written?;
    let is_read = recording.failures.is_empty() && unreadable.total() == 0;
    Ok(match is_read && nothing_known.is_none() {
        true => Outcome::Done,
        false => Outcome::InputUnread,
    })
}

/// Not silenced by `--quiet`: near a threshold the answer may be another.
fn tell_doubts(engine: &Engine, tally: &Tally) {
    for (rule, doubts) in engine.rules().correlations.iter().zip(&tally.doubts) {
        if doubts.thinned > 0 {
            let kept = rule.window.kept_at_most();
            let of_what = kept.unwrap_or_else(|| "it keeps one by one".to_owned());
            say(&format!(
                "approximate: {} of \"{}\" had more than {of_what}",
                counted(doubts.thinned, "group"),
                rule.meta.title
            ));
        }
        if doubts.unjudged > 0 {
            say(&format!(
                "unknown: {} of \"{}\" could not be judged, since {}",
                counted(doubts.unjudged, "hit"),
                rule.meta.title,
                rule.window.unjudged_since()
            ));
        }
    }
}

/// Not silenced by `--quiet`: what was forgotten may have been an attack.
fn tell_evictions(engine: &Engine, tally: &Tally) {
    for (rule, groups) in engine.rules().correlations.iter().zip(&tally.evicted) {
        if *groups > 0 {
            say(&format!(
                "warning: {} of \"{}\" were forgotten for want of room, those farthest from firing: raise --rule-state-max, or leave it out",
                counted(*groups, "group"),
                rule.meta.title
            ));
        }
    }
}
