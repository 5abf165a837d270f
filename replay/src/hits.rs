//! `replay match`: every hit of a detection rule, one JSON line each.

use std::io::Write;
use std::ops::ControlFlow;

use detector_core::engine::{Engine, Mode};
use detector_core::event::Event;
use detector_core::rule::DetectionRule;

use crate::args::MatchArgs;
use crate::input;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::progress::Progress;
use crate::recording::{self, HitSink};
use crate::{rules, run};

pub(crate) fn run(args: &MatchArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let plan = input::plan(&args.source.inputs)?;
    let engine = Engine::new(rules);
    let mut worker = engine.worker(Mode::HitsOnly);
    let mut lines = HitLines {
        output: Output::open(None)?,
        failed: None,
    };
    let mut progress = Progress::new(plan.bytes_total, run::visibility(&args.source));
    let recording = recording::feed(plan, &mut worker, &mut lines, &mut progress)?;
    progress.finish();
    let written = match lines.failed {
        Some(error) => Err(error.into()),
        None => lines.output.finish(),
    };
    run::close(&recording, args.source.quiet, written)
}

/// The wire form of a hit, a contract.
#[derive(serde::Serialize)]
struct HitLine<'h> {
    rule_id: &'h str,
    event_id: &'h str,
    /// RFC 3339 in UTC with milliseconds.
    event_time: Option<String>,
}

struct HitLines {
    output: Output,
    failed: Option<std::io::Error>,
}

impl HitSink for HitLines {
    fn hit(&mut self, rule: &DetectionRule, event: &Event<'_, '_>) -> ControlFlow<()> {
        if self.failed.is_some() {
            return ControlFlow::Break(());
        }
        let line = HitLine {
            rule_id: &rule.meta.id,
            event_id: event.id,
            event_time: event.time.map(|time| time.to_string()),
        };
        let written = serde_json::to_writer(&mut self.output, &line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"));
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
