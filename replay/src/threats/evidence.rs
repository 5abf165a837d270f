//! Logs go in; how often each mitigation was seen at work, and how often it was missing, comes out.

use std::io;

use anyhow::anyhow;
use detector_core::engine::{Engine, Mode};
use detector_core::event::LogSource;
use detector_core::rule::Mitigation;
use detector_core::tally::Tally;

use crate::args::ThreatsArgs;
use crate::input;
use crate::input::crew::findings::no_hits;
use crate::input::crew::order::Stop;
use crate::input::crew::{Crew, Limits, Read};
use crate::outcome::Outcome;
use crate::output::progress::{Progress, Visibility};
use crate::output::waiting::Notes;
use crate::run;

/// What a log shows of a mitigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// Seen, and never missing.
    AtWork,
    Leaks,
    NotSeen,
    /// There is no event of the logs that would show it.
    NoLog,
    /// It names no rules: it is somebody's word.
    #[serde(rename = "no_evidence")]
    Word,
}

impl Evidence {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AtWork => "at work",
            Self::Leaks => "leaks",
            Self::NotSeen => "not seen",
            Self::NoLog => "no log",
            Self::Word => "no evidence",
        }
    }
}

/// What was counted of one mitigation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) evidence: Evidence,
    /// Hits of its `seen_by`, and of its `broken_by`.
    pub(super) seen: u64,
    pub(super) missing: u64,
    /// Events of the logs in which it is seen.
    pub(super) of: u64,
}

/// The counters of the logs, and whether all of them could be read.
pub(super) fn counted(engine: &Engine, args: &ThreatsArgs) -> anyhow::Result<(Tally, Outcome)> {
    let plan = input::plan(&args.logs)?.noting(Notes::unless(args.quiet));
    if !args.quiet {
        plan.tell_skipped();
    }
    let crew = Crew {
        mode: Mode::HitsOnly,
        threads: args.threads(),
        write_hit: no_hits,
        limits: Limits::default(),
    };
    let visibility = match args.quiet {
        true => Visibility::Hidden,
        false => Visibility::Terminal,
    };
    let mut progress = Progress::new(plan.bytes_total, visibility);
    let Read {
        mut recording,
        worker,
        stopped,
    } = crew.read(engine, plan, &mut io::sink(), &mut progress);
    progress.finish();
    if let Some(Stop::State(error) | Stop::Hits(error)) = stopped {
        return Err(error.into());
    }
    let spilled = std::mem::take(&mut recording.spill).into_merged();
    let finished = spilled
        .map_err(Into::into)
        .and_then(|mut runs| worker.finish(&mut runs));
    let (_, tally) = finished.map_err(|error| anyhow!("the logs cannot be evaluated: {error}"))?;
    let outcome = run::close(&recording, args.quiet, Ok(()))?;
    Ok((tally, outcome))
}

impl Seen {
    pub(super) fn of(mitigation: &Mitigation, engine: &Engine, tally: &Tally) -> Self {
        let hits = |rules: &[u32]| -> u64 {
            let counts = rules
                .iter()
                .filter_map(|rule| tally.hits.get(*rule as usize));
            counts.sum()
        };
        let (seen_by, broken_by) = (&mitigation.seen_by.rules, &mitigation.broken_by.rules);
        let (seen, missing) = (hits(seen_by), hits(broken_by));
        let looked_at = match seen_by.is_empty() {
            true => broken_by,
            false => seen_by,
        };
        let of = events(looked_at, engine, tally);
        let evidence = match () {
            () if looked_at.is_empty() => Evidence::Word,
            () if missing > 0 => Evidence::Leaks,
            () if of == 0 => Evidence::NoLog,
            () if seen > 0 || seen_by.is_empty() => Evidence::AtWork,
            () => Evidence::NotSeen,
        };
        Self {
            evidence,
            seen,
            missing,
            of,
        }
    }
}

/// Events of all log sources that the rules read.
fn events(rules: &[u32], engine: &Engine, tally: &Tally) -> u64 {
    let detections = &engine.rules().detections;
    let is_read = |source: &LogSource| {
        let mut read = rules
            .iter()
            .filter_map(|rule| detections.get(*rule as usize));
        read.any(|rule| rule.sources.contains(source))
    };
    let by_source = LogSource::ALL.iter().zip(&tally.events);
    by_source
        .filter(|(source, _)| is_read(source))
        .map(|(_, events)| events)
        .sum()
}
