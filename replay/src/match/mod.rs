//! `replay match`: every hit of a detection rule, one JSON line each.

use detector_core::alert::plain_json;
use detector_core::engine::Mode;
use detector_core::event::Event;
use detector_core::rule::DetectionRule;

use crate::args::MatchArgs;
use crate::input;
use crate::input::crew::order::Stop;
use crate::input::crew::{Crew, Limits};
use crate::input::rules;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::output::progress::Progress;
use crate::output::waiting::Notes;
use crate::run;

pub(crate) fn run(args: &MatchArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let plan = input::plan(&args.source.inputs)?.noting(Notes::unless(args.source.quiet));
    if !args.source.quiet {
        plan.tell_skipped();
    }
    let mut output = Output::open(None)?;
    let engine = args.source.engine(rules);
    let crew = Crew {
        mode: Mode::HitsOnly,
        threads: args.source.threads(),
        write_hit,
        limits: Limits::default(),
    };
    let mut progress = Progress::new(plan.bytes_total, run::visibility(&args.source));
    let read = crew.read(&engine, plan, &mut output, &mut progress);
    progress.finish();
    let written = match read.stopped {
        Some(Stop::Hits(error) | Stop::State(error)) => Err(error.into()),
        Some(Stop::Panic) | None => output.finish(),
    };
    run::close(&read.recording, args.source.quiet, written)
}

/// The wire form of a hit, a contract.
#[derive(serde::Serialize)]
struct HitLine<'h> {
    rule_id: &'h str,
    event_id: &'h str,
    /// RFC 3339 in UTC with milliseconds.
    event_time: Option<String>,
}

fn write_hit(lines: &mut Vec<u8>, rule: &DetectionRule, event: &Event<'_, '_>) {
    let line = HitLine {
        rule_id: &rule.meta.id,
        event_id: event.id,
        event_time: event.time.map(|time| time.to_string()),
    };
    plain_json::write(&line, &mut *lines).expect("a hit has nothing that is not JSON");
    lines.push(b'\n');
}
