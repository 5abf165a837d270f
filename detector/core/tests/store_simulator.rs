//! The store protocol in a simulated world that loses, repeats, delays and crashes.
//!
//! Architecture invariants 1 and 2: whatever the schedule, the episodes are the oracle's, the state of every group is
//! that of an undisturbed pass to the last byte, and every episode is announced under one id that lives on.

mod oracle;
mod simulator;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use detector_core::store::drive::drive;
use detector_core::store::{Announcement, Batch, Mark, MemoryStore};
use simulator::mistake::Mutation;
use simulator::scenario::{END_MS, Fold, Scenario};
use simulator::verdict::run;
use simulator::world::Seen;

/// Schedules run on each generated rule set and stream.
const SCHEDULES_PER_SCENARIO: u64 = 8;

const UNPOISONED: &str = "nobody panics while holding it";

/// Runs schedules on all cores, and tells the first problem in the order of scenarios.
fn schedules(total: u64, first_scenario: u64) -> Seen {
    let scenarios = total.div_ceil(SCHEDULES_PER_SCENARIO);
    let next = AtomicU64::new(0);
    let problems = Mutex::new(BTreeMap::new());
    let worker = || {
        let mut seen = Seen::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= scenarios || !problems.lock().expect(UNPOISONED).is_empty() {
                return seen;
            }
            match scenario_schedules(first_scenario + at) {
                Ok(more) => seen.add(more),
                Err(problem) => drop(problems.lock().expect(UNPOISONED).insert(at, problem)),
            }
        }
    };
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            seen.add(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    if let Some((_, problem)) = problems.into_inner().expect(UNPOISONED).pop_first() {
        panic!("{problem}");
    }
    seen
}

fn scenario_schedules(at: u64) -> Result<Seen, String> {
    let scenario = Scenario::generate(at);
    let mut seen = Seen::default();
    for schedule in 0..SCHEDULES_PER_SCENARIO {
        let more = run(&scenario, schedule_seed(at, schedule), Mutation::None)
            .map_err(|problem| format!("scenario {at}, schedule {schedule}: {problem}"))?;
        seen.add(more);
    }
    Ok(seen)
}

fn schedule_seed(scenario: u64, schedule: u64) -> u64 {
    scenario * SCHEDULES_PER_SCENARIO + schedule
}

/// `VEDETTE_SCHEDULES` sets how many; `VEDETTE_SCENARIO` the first scenario, to run a failure again.
#[test]
fn whatever_happens_episodes_are_the_oracles_and_announced_under_one_id() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let total = number("VEDETTE_SCHEDULES").unwrap_or(2_000);
    let seen = schedules(total, number("VEDETTE_SCENARIO").unwrap_or(0));
    println!("{total} schedules: {seen:#?}");
    if total >= 1_000 {
        assert!(seen.all_above(total / 100), "too little happened: {seen:?}");
    }
}

/// Scenarios in which one of the schedules once failed, so seldom that no ordinary run would find it: a sweep, or a batch,
/// that had read children long before showed them to a group that had forgotten them, and the group waited for their ends. In
/// the last an item was over, and written once more after a pack had forgotten where it lies; and so were those that follow.
#[test]
fn schedules_that_once_failed_hold() {
    for scenario in [
        49_480, 103_204, 313_780, 152_352, 14_902, 20_002, 40_289, 69_964, 171_714, 260_360,
    ] {
        scenario_schedules(scenario).unwrap_or_else(|problem| panic!("{problem}"));
    }
}

/// Each mistake is found within so many schedules of the scenarios in which it can show.
const CAUGHT_WITHIN: u64 = 8_000;

#[test]
fn every_mutation_is_caught() {
    for mutation in Mutation::ALL {
        let (step, first) = mutation.scenarios();
        let scenarios = (first..).step_by(step);
        let scenarios = scenarios.take((CAUGHT_WITHIN / SCHEDULES_PER_SCENARIO) as usize);
        let caught = scenarios.into_iter().find_map(|at| {
            let scenario = Scenario::generate(at);
            (0..SCHEDULES_PER_SCENARIO).find_map(|schedule| {
                let seed = schedule_seed(at, schedule);
                let problem = run(&scenario, seed, mutation).err()?;
                Some((seed + 1, problem))
            })
        });
        let (schedules, problem) = caught.unwrap_or_else(|| panic!("{mutation:?} is not caught"));
        println!("{mutation:?} is caught by schedule {schedules}: {problem}");
    }
}

/// Real threads over the store in memory, each with every other record, some of them twice.
#[test]
fn threads_that_share_a_store_lose_and_repeat_nothing() {
    for at in 0..40 {
        let scenario = Scenario::generate(at);
        let store = MemoryStore::default();
        let told = Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (scenario, store, told) = (&scenario, &store, &told);
                scope.spawn(move || {
                    let plan = scenario.plan(1_000);
                    let mine = |place: &usize| place % 2 == thread % 2;
                    for place in (0..scenario.records.len()).filter(mine) {
                        let record = &scenario.records[place];
                        let mut fold = Fold::new(scenario);
                        fold.record(&record.bytes, record.arrival, 0);
                        let step = Batch::of_records(&plan, fold.finish(), None);
                        let report = drive(step, store, &mut |a| {
                            told.lock().unwrap().insert(a.id);
                            true
                        });
                        assert!(report.is_complete(), "{report:?}");
                    }
                });
            }
        });
        let plan = scenario.plan(1);
        let mut publish = |a: &Announcement| {
            told.lock().unwrap().insert(a.id);
            true
        };
        let report = drive(Batch::sweep(&plan, END_MS, None), &store, &mut publish);
        assert!(report.is_complete());
        let told = told.lock().unwrap();
        for (key, item) in store.items() {
            let pages = scenario.pages(&plan, key);
            let mut live = item.episodes.iter().filter(|e| e.mark == Mark::Closed);
            assert!(item.unclosed().next().is_none());
            assert!(live.all(|e| told.contains(&e.id) == pages));
        }
        let states: BTreeMap<_, _> = store
            .items()
            .into_iter()
            .map(|(key, item)| (key, item.state))
            .collect();
        assert!(states == scenario.states, "scenario {at}");
    }
}
