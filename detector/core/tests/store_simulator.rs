//! The store protocol in a simulated world that loses, repeats, delays and crashes.
//!
//! Architecture invariants 1 and 2: whatever the schedule, the episodes are the oracle's, the state of every group is
//! that of an undisturbed pass to the last byte, and every episode is announced under one id that lives on.

mod oracle;
mod simulator;

use simulator::mutation::Mutation;
use simulator::scenario::Scenario;
use simulator::verdict::run;
use simulator::world::Seen;

/// Schedules run on each generated rule set and stream.
const SCHEDULES_PER_SCENARIO: u64 = 8;

fn schedules(total: u64, first_scenario: u64) -> Seen {
    let mut seen = Seen::default();
    for at in 0..total.div_ceil(SCHEDULES_PER_SCENARIO) {
        let at = first_scenario + at;
        let scenario = Scenario::generate(at);
        for schedule in 0..SCHEDULES_PER_SCENARIO {
            match run(&scenario, schedule_seed(at, schedule), Mutation::None) {
                Ok(more) => seen.add(more),
                Err(problem) => panic!("scenario {at}, schedule {schedule}: {problem}"),
            }
        }
    }
    seen
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

#[test]
fn every_mutation_is_caught() {
    for mutation in Mutation::ALL {
        let caught = (0..500).find_map(|at| {
            let scenario = Scenario::generate(at);
            (0..SCHEDULES_PER_SCENARIO).find_map(|schedule| {
                let problem = run(&scenario, schedule_seed(at, schedule), mutation).err()?;
                Some((schedule_seed(at, schedule) + 1, problem))
            })
        });
        let (runs, problem) = caught.unwrap_or_else(|| panic!("{mutation:?} is not caught"));
        println!("{mutation:?}: caught by schedule {runs}: {problem}");
    }
}
