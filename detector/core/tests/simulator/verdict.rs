//! What must be true when the world has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use detector_core::rule::CorrelationIx;
use detector_core::store::{EpisodeId, ItemKey, Mark, Notice, Plan, Portions, StateStore};
use detector_core::window::Windows;
use detector_core::window::interval::Interval;

use super::mistake::Mutation;
use super::scenario::Scenario;
use super::world::{Recorded, Seen, Told, World};
use crate::oracle::TICK_MS;

/// Attempts per request: few, so that batches give up often.
const ATTEMPTS_MAX: u32 = 3;

/// Runs one schedule; the error says what is wrong with its end.
pub(crate) fn run(scenario: &Scenario, seed: u64, mutation: Mutation) -> Result<Seen, String> {
    let portions = Portions {
        page_groups: 1 + (seed % 3) as usize,
        at_once_bytes_max: [0, 420, 1_000_000][(seed / 27 % 3) as usize],
        log_part_bytes: 100,
        log_read_bytes: [1, 400, 100_000][(seed / 9 % 3) as usize],
        slice_ms: TICK_MS * [4, 16, 64][(seed / 3 % 3) as usize],
    };
    let plan = || scenario.plan(ATTEMPTS_MAX).in_portions(portions);
    let (plan, deferring, parking) = (
        plan(),
        plan().deferring(),
        plan().deferring().parking(i64::MIN),
    );
    let mut world = World::new(scenario, [&plan, &deferring, &parking], seed, mutation);
    world.run();
    if let Some(violation) = world.violations.first() {
        return Err(violation.clone());
    }
    states_equal_the_undisturbed(&mut world, &plan)?;
    let due = world.due();
    if !due.is_empty() {
        return Err(format!("still due: {due:?}"));
    }
    if world.log() > 0 {
        return Err(format!("{} parts are left in the log", world.log()));
    }
    let pending = world.store.pending().expect("memory answers");
    if !pending.is_empty() {
        return Err(format!("marks are left that nobody served: {pending:?}"));
    }
    announced_once_each(&mut world, &plan)?;
    closed_once_each(&mut world, &plan)?;
    Ok(world.seen)
}

/// The merged state of every group is the same, to the last byte, whatever happened on the way: that of an undisturbed
/// pass, whose episodes are the oracle's, less what the group has forgotten.
fn states_equal_the_undisturbed(world: &mut World<'_>, plan: &Plan<'_>) -> Result<(), String> {
    let mut parts: BTreeMap<ItemKey, Vec<Vec<u8>>> = BTreeMap::new();
    for (key, item) in world.items() {
        parts.entry(key).or_default().push(item.state);
    }
    for (key, states) in world.parked() {
        parts.entry(key).or_default().extend(states);
    }
    let wanted = &world.scenario.states;
    if parts.keys().ne(wanted.keys()) {
        return Err(format!("{} groups, not {}", parts.len(), wanted.len()));
    }
    let windows = Windows::new(world.scenario.engine.rules());
    for (key, parts) in parts {
        let rule: CorrelationIx = plan.rule_of(key.rule).ok_or("an item of no rule")?;
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let unite = |states: &[&[u8]], watermark| {
            let united = windows.unite(rule, key.group, states, watermark);
            united.map_err(|error| error.to_string())
        };
        let united = unite(&parts, None)?;
        let quiet_ms = world.scenario.engine.rules().correlations[rule.0 as usize].quiet_ms;
        let watermark = united.forgotten_to.map(|to| to + quiet_ms + 1);
        if united.state != unite(&[&wanted[&key]], watermark)?.state {
            return Err(format!("the state of {rule:?} {key:?} differs"));
        }
        world.seen.forgetful += u64::from(watermark.is_some());
    }
    Ok(())
}

/// Every episode was announced, under one id that lives on; nothing else was.
fn announced_once_each(world: &mut World<'_>, plan: &Plan<'_>) -> Result<(), String> {
    let mut live: BTreeMap<ItemKey, Vec<Interval>> = BTreeMap::new();
    let openings = world
        .published
        .iter()
        .filter(|told| told.notice == Notice::Opened);
    let number_of_openings = openings.clone().count();
    let published: BTreeSet<EpisodeId> = openings.map(|told| told.id).collect();
    for (
        id,
        Recorded {
            number,
            key,
            episode,
        },
    ) in &world.recorded
    {
        match episode.mark {
            Mark::MergedInto(into) => {
                if world.recorded[&into].number > *number {
                    return Err(format!("{into} is younger than {id}, which it took in"));
                }
                world.seen.merged += 1;
            }
            Mark::Unpublished => return Err(format!("{id} is not published")),
            Mark::Published => return Err(format!("{id} is not closed")),
            Mark::Closed if published.contains(id) != world.scenario.pages(plan, *key) => {
                return Err(format!(
                    "{id} is marked and was never announced, or is silent and was"
                ));
            }
            Mark::Closed => live.entry(*key).or_default().push(episode.span),
        }
    }
    live.values_mut().for_each(|spans| spans.sort());
    if live != world.scenario.spans {
        return Err("the live episodes are not those to be announced".into());
    }
    for Told { key, id, span, .. } in &world.published {
        if world.recorded.get(id).is_none_or(|r| r.key != *key) {
            return Err(format!("{id} was announced and is recorded nowhere"));
        }
        let within = |i: &Interval| i.start <= span.start && span.end <= i.end;
        if !world
            .scenario
            .spans
            .get(key)
            .is_some_and(|spans| spans.iter().any(within))
        {
            return Err(format!("{id} was announced and is no episode"));
        }
    }
    world.seen.repeated_announcements += (number_of_openings - published.len()) as u64;
    Ok(())
}

/// Every live episode was closed, after it was announced and under the same id, with the oracle's totals each time.
fn closed_once_each(world: &mut World<'_>, plan: &Plan<'_>) -> Result<(), String> {
    let mut opened: BTreeSet<EpisodeId> = BTreeSet::new();
    let mut closed: BTreeMap<EpisodeId, &str> = BTreeMap::new();
    let mut repeated = 0;
    for Told {
        id,
        notice,
        episode,
        ..
    } in &world.published
    {
        if *notice == Notice::Opened {
            opened.insert(*id);
            continue;
        }
        if !opened.contains(id) {
            return Err(format!("{id} was closed and not announced before"));
        }
        match closed.insert(*id, episode) {
            Some(before) if before != episode => {
                return Err(format!("{id} was closed with\n{before}\nand\n{episode}"));
            }
            before => repeated += u64::from(before.is_some()),
        }
    }
    if let Some((id, recorded)) = world
        .recorded
        .iter()
        .filter(|(_, recorded)| world.scenario.pages(plan, recorded.key))
        .find(|(id, recorded)| closed.contains_key(id) != (recorded.episode.mark == Mark::Closed))
    {
        return Err(format!("{id} is marked {:?}", recorded.episode.mark));
    }
    let mut totals: Vec<&str> = closed.into_values().collect();
    totals.sort_unstable();
    let expected = &world.scenario.expected_alerts;
    if totals != *expected {
        let (found, expected) = (totals.join("\n"), expected.join("\n"));
        return Err(format!("closed with\n{found}\nexpected\n{expected}"));
    }
    world.seen.closed += totals.len() as u64;
    world.seen.repeated_closings += repeated;
    Ok(())
}
