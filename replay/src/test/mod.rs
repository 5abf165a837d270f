//! `replay test`: every recording against what is expected of it, and how good the rules are at it.

pub(crate) mod comparison; // expected and actual alerts -> differences
pub(crate) mod expectation; // expected.yaml -> Expectation
mod judge; // what matters of the difference
mod golden; // the exact numbers
pub(crate) mod scenario; // paths -> the folders to run
pub(crate) mod verdict; // a scenario -> how it went
pub(crate) mod spread; // numbers -> median and worst
pub(crate) mod score; // all verdicts -> by rule and by detector
mod text; // scores -> text
mod markdown; // scores -> the table of the README
mod junit; // verdicts -> JUnit XML

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use detector_core::alert::plain_json;
use detector_core::engine::Engine;
use detector_core::rule::RuleSet;

use crate::args::{TestArgs, TestFormat};
use crate::input::rules;
use crate::outcome::{Outcome, say};
use crate::output::Output;
use scenario::Scenario;
use score::Report;
use verdict::Verdict;

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let scenarios = scenario::find(&args.paths, Some(&names(&rules)))?;
    let mut output = Output::open(args.output.as_deref())?;
    let engine = Engine::new(rules);
    let Some(tested) = tested(&engine, &args.rules, scenarios, args.threads())? else {
        return Ok(Outcome::RulesBroken);
    };
    let Tested {
        scenarios,
        mut verdicts,
        mut report,
    } = tested;
    if args.accept {
        accept(&scenarios, &mut verdicts)?;
    }
    if args.exact {
        for verdict in &mut verdicts {
            let changed = std::mem::take(&mut verdict.changed);
            verdict.differences.extend(changed);
        }
    }
    if args.accept || args.exact {
        report = Report::of(engine.rules(), &scenarios, &verdicts);
    }
    match args.format {
        TestFormat::Text => output.write_all(text::page(&report).as_bytes())?,
        TestFormat::Markdown => output.write_all(markdown::table(&report).as_bytes())?,
        TestFormat::Json => {
            plain_json::write_pretty(&report, &mut output)?;
            output.write_all(b"\n")?;
        }
        TestFormat::Junit => output.write_all(junit::document(&report)?.as_bytes())?,
    }
    output.finish()?;
    for note in verdicts.iter().flat_map(|verdict| &verdict.notes) {
        say(&format!("note: {note}"));
    }
    for (scenario, verdict) in scenarios.iter().zip(&verdicts) {
        for change in &verdict.changed {
            say(&format!("changed: {}: {change}", scenario.folder.display()));
        }
    }
    if args.format != TestFormat::Text {
        // The differences are news whatever the format.
        for line in text::failures(&report).lines() {
            say(line);
        }
    }
    Ok(outcome(&verdicts))
}

/// Writes the golden files anew where numbers differ, and says which.
fn accept(scenarios: &[Scenario], verdicts: &mut [Verdict]) -> anyhow::Result<()> {
    for (scenario, verdict) in scenarios.iter().zip(verdicts) {
        if verdict.changed.is_empty() && scenario.golden.is_there() {
            continue;
        }
        for difference in std::mem::take(&mut verdict.changed) {
            say(&format!("{}: {difference}", scenario.folder.display()));
        }
        scenario.golden.accept(&verdict.alerts)?;
        say(&format!("wrote `{}`", scenario.golden.path.display()));
    }
    Ok(())
}

/// Recordings, how each went, and what that says of the rules.
pub(crate) struct Tested {
    pub(crate) scenarios: Vec<Scenario>,
    /// In the order of the scenarios.
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) report: Report,
}

/// Runs all of them; `paths` are those of the engine's rules. `None` where lists are broken: that has been said.
pub(crate) fn tested(
    engine: &Engine,
    paths: &[PathBuf],
    scenarios: Vec<Scenario>,
    threads: NonZeroUsize,
) -> anyhow::Result<Option<Tested>> {
    let Some(of_their_own) = engines(paths, &scenarios)? else {
        return Ok(None);
    };
    let engine_of = |at: usize| of_their_own.get(&at).unwrap_or(engine);
    let verdicts = run_all(engine_of, &scenarios, threads)?;
    let report = Report::of(engine.rules(), &scenarios, &verdicts);
    Ok(Some(Tested {
        scenarios,
        verdicts,
        report,
    }))
}

/// Unread input comes first: without it the other results say little.
fn outcome(verdicts: &[Verdict]) -> Outcome {
    if verdicts.iter().any(|verdict| verdict.is_unread) {
        return Outcome::InputUnread;
    }
    match verdicts.iter().all(Verdict::is_passed) {
        true => Outcome::Done,
        false => Outcome::ExpectationFailed,
    }
}

fn names(rules: &RuleSet) -> BTreeSet<&str> {
    let metas = rules.correlations.iter().map(|rule| &rule.meta);
    metas
        .map(|meta| meta.name.as_deref().unwrap_or(&meta.id))
        .collect()
}

/// Engines for the scenarios that have lists of their own, by place. `None` where lists are broken: that has been said.
fn engines(
    rules: &[PathBuf],
    scenarios: &[Scenario],
) -> anyhow::Result<Option<BTreeMap<usize, Engine>>> {
    let mut engines = BTreeMap::new();
    for (at, scenario) in scenarios.iter().enumerate() {
        let Some(allowlist) = &scenario.allowlist else {
            continue;
        };
        match rules::load_with_lists(rules, (allowlist, scenario.lists))? {
            Some(rules) => engines.insert(at, Engine::new(rules)),
            None => return Ok(None),
        };
    }
    Ok(Some(engines))
}

/// One verdict for each scenario, in their order, worked out on several threads: the largest recordings first.
fn run_all<'e>(
    engine_of: impl Fn(usize) -> &'e Engine + Sync,
    scenarios: &[Scenario],
    threads: NonZeroUsize,
) -> anyhow::Result<Vec<Verdict>> {
    let mut order: Vec<usize> = (0..scenarios.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(scenarios[at].bytes()));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((at, Verdict::of(engine_of(at), &scenarios[at])));
        }
        done
    };
    let mut verdicts: Vec<(usize, anyhow::Result<Verdict>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    });
    verdicts.sort_by_key(|(at, _)| *at);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}
