//! Rules that are edited while a stream runs: whatever is edited, in turns with workers that have not heard of it, the
//! episodes are soon those of the new rules, none is lost, and each is announced under one id.

#[path = "../oracle/mod.rs"]
mod oracle;
mod told; // single edits

use std::collections::{BTreeMap, BTreeSet};

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::{CorrelationIx, RuleFile};
use detector_core::store::drive::drive;
use detector_core::store::{
    Announcement, Batch, Deltas, EpisodeId, Mark, MemoryStore, Notice, Plan, StoreTimes,
};
use detector_core::time::Timestamp;
use detector_core::window::load_rules;

use oracle::compare::{as_episode, written};
use oracle::generate;
use oracle::{Correlation, Episode, Event, Input, Kind, ORIGIN_MS, TICK_MS, evaluate, millis};

/// How much later than its time an event arrives at most.
const DELAY_TICKS_MAX: i64 = 12;
const END_MS: i64 = 4_000_000_000_000;
/// Bursts of events, this far apart or a little less.
const BURSTS: i64 = 5;
const BURST_TICKS: i64 = 60;
/// How long workers with the old rules go on beside those with the new ones.
const OVERLAP_TICKS: i64 = 20;
const SCENARIOS: u64 = 300;

struct Nobody;
impl Observer for Nobody {}

fn engine(correlations: &[Correlation]) -> Option<Engine> {
    let file = RuleFile {
        path: "generated.yml".into(),
        text: generate::yaml(correlations),
    };
    load_rules(&[file]).ok().map(Engine::new)
}

fn plan(engine: &Engine, in_force_since: i64) -> Plan<'_> {
    let times = StoreTimes {
        lateness_ms: DELAY_TICKS_MAX * TICK_MS,
        attempts_max: 3,
    };
    Plan::new(engine.rules(), times).in_force_since(in_force_since)
}

/// Other thresholds and quiet periods, wherever states live on; how many thresholds rise, fall, and quiet periods change.
fn edited(random: &mut fastrand::Rng, old: &[Correlation], seen: &mut Seen) -> Vec<Correlation> {
    let mut new = old.to_vec();
    for rule in &mut new {
        let quiet = [rule.timespan, 2, 20, 40][random.usize(..4)];
        if random.bool() && quiet != rule.quiet {
            match quiet > rule.quiet {
                true => seen.longer_quiet += 1,
                false => seen.shorter_quiet += 1,
            }
            rule.quiet = quiet;
        }
        let is_counted = matches!(rule.kind, Kind::EventCount | Kind::ValueCount(_));
        let is_kept = match &rule.kind {
            Kind::Temporal(_) | Kind::TemporalOrdered => false,
            _ => !is_counted || rule.threshold.iter().all(|(by, _)| by.starts_with('g')),
        };
        if is_kept && rule.threshold.len() == 1 && random.bool() {
            let bound = &mut rule.threshold[0].1;
            let edited = (*bound + 100 * random.i64(-2..4)).max(100);
            if is_counted {
                seen.falls += u64::from(edited < *bound);
                seen.rises += u64::from(edited > *bound);
            }
            *bound = edited;
        }
        if let Some(by_value) = rule.by_value.as_mut().filter(|_| is_kept) {
            for (_, number) in &mut by_value.numbers {
                if random.u8(..3) == 0 {
                    let edited = (*number + random.i64(-2..4)).max(1);
                    seen.listed_falls += u64::from(edited < *number);
                    seen.listed_rises += u64::from(edited > *number);
                    *number = edited;
                }
            }
        }
    }
    new
}

#[derive(Debug, Default)]
struct Seen {
    falls: u64,
    rises: u64,
    listed_falls: u64,
    listed_rises: u64,
    longer_quiet: u64,
    shorter_quiet: u64,
    /// Groups that an old worker left to a new one.
    left: u64,
    /// Episodes from when on all are the new rules'.
    compared: u64,
    /// Those that began before and went on.
    continued: u64,
}

/// How long after the last word of an old worker a rule may still be wrong, in ticks.
fn recovery(rules: &[Correlation], at: usize) -> i64 {
    let rule = &rules[at];
    let reach = match &rule.kind {
        // What is ruled out is so for a timespan before and after, at every depth of `not`.
        Kind::Temporal(_) => 4 * rule.timespan,
        _ => rule.timespan,
    };
    let children = rule.inputs.iter().map(|input| match input {
        Input::Correlation(child) => recovery(rules, *child),
        Input::Detection(_) => DELAY_TICKS_MAX,
    });
    reach + children.max().unwrap_or(0)
}

/// A rule's place and the group-by values.
type Group = (usize, Vec<(&'static str, String)>);

struct Run<'s> {
    rules: &'s [Correlation],
    store: MemoryStore,
    swept_to: Option<i64>,
    opened: BTreeMap<EpisodeId, Group>,
    /// What late hits, or a longer quiet period, joined to another.
    merged: BTreeMap<EpisodeId, EpisodeId>,
    closed_by_new: BTreeSet<EpisodeId>,
    /// When it was open, in milliseconds, and the oracle's form of it.
    closed: BTreeMap<EpisodeId, (Group, i64, i64, String)>,
}

impl Run<'_> {
    fn told(
        &mut self,
        (engine, since): (&Engine, i64),
        told: Vec<Announcement>,
    ) -> Result<(), String> {
        for recorded in self
            .store
            .items()
            .iter()
            .flat_map(|(_, item)| &item.episodes)
        {
            if let Mark::MergedInto(into) = recorded.mark {
                self.merged.insert(recorded.id, into);
            }
        }
        for a in told {
            let rule = &engine.rules().correlations[a.rule.0 as usize];
            let name = rule
                .meta
                .name
                .as_deref()
                .expect("generated rules have names");
            let number = name
                .rsplit('_')
                .next()
                .and_then(|n| n.parse::<usize>().ok());
            let at = number.expect("a rule's name ends in its number");
            let values = a.episode.values.iter().map(ToString::to_string);
            let group = (
                at,
                self.rules[at]
                    .group_by
                    .iter()
                    .copied()
                    .zip(values)
                    .collect(),
            );
            if a.notice == Notice::Opened {
                self.opened.insert(a.id, group);
                continue;
            }
            if !self.opened.contains_key(&a.id) {
                return Err(format!("{} was closed and not opened", a.id));
            }
            let (from, to) = (a.episode.opened_at, a.episode.held_until());
            let alert = Alert::of_announcement(engine.rules(), &a);
            let text = match (from - ORIGIN_MS) % TICK_MS == 0 && (to - ORIGIN_MS) % TICK_MS == 0 {
                true => as_episode(&alert, self.rules),
                false => format!("{alert:?}"),
            };
            // Where an old worker could not mark the end that it told, a new one tells the end by its rules.
            let before = self.closed.insert(a.id, (group, from, to, text.clone()));
            let by_new = since > 0 && self.closed_by_new.insert(a.id);
            if let Some((.., before)) = before
                && before != text
                && !by_new
            {
                return Err(format!("{} was closed as {before} and as {text}", a.id));
            }
        }
        Ok(())
    }

    /// Whether all of it was done; the worker knows these rules.
    fn bring(
        &mut self,
        engine: &Engine,
        since: i64,
        records: &[&(i64, Event)],
    ) -> Result<bool, String> {
        let mut worker = engine.worker(Mode::Set);
        let mut deltas = Deltas::default();
        for (position, (arrival, event)) in (0..).zip(records) {
            let arrival = Timestamp::from_millis(millis(*arrival));
            worker.record(generate::json(event).as_bytes(), arrival, &mut Nobody);
            let latest = worker.tally().latest.unwrap_or_default().millis();
            worker.drain_state(&mut |rule, group, state| {
                deltas.add((rule, group), state, position, latest);
            });
        }
        let plan = plan(engine, since);
        let mut told = Vec::new();
        let step = Batch::of_records(&plan, deltas, self.swept_to);
        let report = drive(step, &self.store, &mut |a| {
            told.push(a.clone());
            true
        });
        self.told((engine, since), told)?;
        if report.is_complete() == report.is_outdated || !report.unreadable.is_empty() {
            return Err(format!("{report:?}"));
        }
        Ok(report.is_complete())
    }

    fn sweep(&mut self, engine: &Engine, since: i64, watermark: i64) -> Result<(), String> {
        let plan = plan(engine, since);
        let mut told = Vec::new();
        let step = Batch::sweep(&plan, watermark, self.swept_to);
        let report = drive(step, &self.store, &mut |a| {
            told.push(a.clone());
            true
        });
        if report.is_complete() {
            self.swept_to = self.swept_to.max(Some(watermark));
        }
        self.told((engine, since), told)
    }
}

fn scenario(seed: u64, seen: &mut Seen) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut old = generate::correlations(&mut random);
    old.retain(|rule| rule.stands_for.is_none());
    let new = edited(&mut random, &old, seen);
    let (Some(old_rules), Some(new_rules)) = (engine(&old), engine(&new)) else {
        return Ok(());
    };
    for at in 0..old.len() as u32 {
        let key = |engine| plan(engine, 0).key_of(CorrelationIx(at));
        assert_eq!(key(&old_rules), key(&new_rules), "{old:#?}\n{new:#?}");
    }
    let mut events = Vec::new();
    for burst in 0..BURSTS {
        let offset = burst * BURST_TICKS - random.i64(0..20);
        let more = generate::events(&mut random);
        events.extend(more.into_iter().map(|event| Event {
            tick: event.tick + offset,
            ..event
        }));
    }
    let mut records: Vec<(i64, Event)> = events
        .iter()
        .map(|event| (event.tick + random.i64(0..=DELAY_TICKS_MAX), event.clone()))
        .collect();
    records.sort_by_key(|(arrival, _)| *arrival);
    let edited_at = random.i64(20..BURSTS * BURST_TICKS * 2 / 3);
    let mut run = Run {
        rules: &new,
        store: MemoryStore::default(),
        swept_to: None,
        opened: BTreeMap::new(),
        merged: BTreeMap::new(),
        closed_by_new: BTreeSet::new(),
        closed: BTreeMap::new(),
    };
    let mut left = &records[..];
    while let Some((arrival, _)) = left.first() {
        let batch = left
            .iter()
            .take_while(|(at, _)| at / 8 == arrival / 8)
            .take(6);
        let batch: Vec<&(i64, Event)> = batch.collect();
        left = &left[batch.len()..];
        let is_new = match arrival - edited_at {
            ..0 => false,
            0..OVERLAP_TICKS => random.bool(),
            _ => true,
        };
        let (rules, since) = if is_new {
            (&new_rules, 1)
        } else {
            (&old_rules, 0)
        };
        if !run.bring(rules, since, &batch)? {
            seen.left += 1;
            // What it could not do comes again, to another worker; a part that it did comes twice.
            if !run.bring(&new_rules, 1, &batch)? {
                return Err("the new rules are outdated".into());
            }
        }
        if random.bool()
            && let Some((next, _)) = left.first()
        {
            run.sweep(rules, since, millis(next - DELAY_TICKS_MAX))?;
        }
    }
    run.sweep(&new_rules, 1, END_MS)?;
    verdict(&run, &events, edited_at + OVERLAP_TICKS, seen)
}

fn verdict(run: &Run<'_>, events: &[Event], old_until: i64, seen: &mut Seen) -> Result<(), String> {
    let is_closed = |mut id: EpisodeId| {
        while let Some(into) = run.merged.get(&id) {
            id = *into;
        }
        run.closed.contains_key(&id)
    };
    let unclosed = run.opened.keys().find(|id| !is_closed(**id));
    if let Some(id) = unclosed {
        return Err(format!("{id} was not closed"));
    }
    let mut expected = evaluate(events, run.rules);
    expected.retain(|episode| oracle::pages(run.rules, episode.correlation));
    for at in 0..run.rules.len() {
        let right_from = millis(old_until + recovery(run.rules, at));
        let own = |group: &Group| group.0 == at;
        let (late, early): (Vec<Episode>, Vec<Episode>) = expected
            .iter()
            .filter(|episode| episode.correlation == at)
            .cloned()
            .partition(|episode| {
                // What it tells of a child that began before is what is left of that.
                millis(episode.opened()) > right_from && episode.first > old_until
            });
        let goes_on: Vec<&Episode> = early
            .iter()
            .filter(|episode| millis(episode.held_until()) > right_from)
            .collect();
        let told = run.closed.values().filter(|(group, ..)| own(group));
        // Of one that goes on from before, a part can be told apart.
        let is_part = |group: &Group, from: i64| {
            goes_on
                .iter()
                .any(|e| e.group == group.1 && from < millis(e.held_until()))
        };
        let mut found: Vec<&str> = Vec::new();
        for (group, from, _, text) in told.clone() {
            if *from > right_from && !is_part(group, *from) {
                found.push(text);
            }
        }
        found.sort_unstable();
        seen.compared += late.len() as u64;
        let late = written(late);
        if found != late {
            let (found, late) = (found.join("\n"), late.join("\n"));
            return Err(format!(
                "rule {at}, from {right_from}: found\n{found}\nexpected\n{late}"
            ));
        }
        for episode in goes_on {
            seen.continued += 1;
            let end = millis(episode.held_until());
            let ends = told.clone().filter(|(group, from, to, _)| {
                group.1 == episode.group && *from < end && *to == end
            });
            if ends.count() != 1 {
                return Err(format!(
                    "rule {at}, from {right_from}: not told once to its end: {episode:?}"
                ));
            }
        }
    }
    Ok(())
}

/// A child that was told as closed and whose parent had forgotten that, so seldom that no ordinary run would find it.
#[test]
fn an_edit_that_once_failed_holds() {
    scenario(6_426, &mut Seen::default()).unwrap_or_else(|problem| panic!("{problem}"));
}

/// `VEDETTE_SCENARIO` sets the first one, to run a failure again.
#[test]
fn soon_after_an_edit_the_episodes_are_those_of_the_new_rules() {
    let mut seen = Seen::default();
    let first = std::env::var("VEDETTE_SCENARIO")
        .ok()
        .and_then(|n| n.parse().ok());
    let first = first.unwrap_or(0);
    for seed in first..first + SCENARIOS {
        if let Err(problem) = scenario(seed, &mut seen) {
            panic!("scenario {seed}: {problem}");
        }
    }
    println!("{seen:#?}");
    let Seen {
        falls,
        rises,
        listed_falls,
        listed_rises,
        longer_quiet,
        shorter_quiet,
        left,
        compared,
        continued,
    } = seen;
    let all = [
        falls,
        rises,
        listed_falls,
        listed_rises,
        longer_quiet,
        shorter_quiet,
        left,
        compared,
        continued,
    ];
    assert!(all.iter().all(|count| *count > SCENARIOS / 20), "{seen:?}");
}
