//! A batch of the core, driven over a world that takes its time.

use std::future::Future;

use detector_core::store::{Effect, EffectResult, Report, Step};

use crate::deadline::Deadline;

/// What performs the effects of a batch: in production DynamoDB and SNS, in tests also something that fails.
pub trait World {
    /// Performs the effect, in time for `deadline`. What could not be found out in time is [`EffectResult::Failed`], or
    /// an unknown outcome of its part.
    fn perform(&self, effect: &Effect, deadline: Deadline) -> impl Future<Output = EffectResult>;
}

/// Performs what the batch asks for until it is done. When the deadline has passed, nothing more is performed: the rest
/// fails, and its positions are reported.
pub async fn drive(mut step: Step<'_>, world: &impl World, deadline: Deadline) -> Report {
    loop {
        match step {
            Step::Done(report) => return report,
            Step::Ask {
                batch,
                effect,
                attempt,
            } => {
                // A write follows the reading it rests on at once: the longer it waits, the likelier it is to lose.
                if !matches!(effect, Effect::Write(_)) {
                    deadline.pause_before(attempt).await;
                }
                let result = match deadline.is_over() {
                    true => EffectResult::Failed,
                    false => world.perform(&effect, deadline).await,
                };
                step = batch.resume(result);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use detector_core::rule::{CorrelationIx, RuleFile, RuleSet};
    use detector_core::store::batch::Batch;
    use detector_core::store::drive::perform;
    use detector_core::store::{Deltas, MemoryStore, Plan, StoreTimes};
    use detector_core::window::key::Key;
    use detector_core::window::load_rules;
    use tokio::time::Instant;

    use super::*;

    struct Memory {
        store: MemoryStore,
        /// So many effects fail first, each after a second.
        failures: RefCell<u32>,
        asked: RefCell<Vec<Instant>>,
    }

    impl World for Memory {
        async fn perform(&self, effect: &Effect, deadline: Deadline) -> EffectResult {
            self.asked.borrow_mut().push(Instant::now());
            let left = *self.failures.borrow();
            if left > 0 {
                *self.failures.borrow_mut() = left - 1;
                let second = tokio::time::sleep(Duration::from_secs(1));
                let _ = deadline.bound(second).await;
                return EffectResult::Failed;
            }
            perform(effect, &self.store, &mut |_| true)
        }
    }

    fn rules() -> RuleSet {
        let text = "
title: Any
id: 11111111-1111-4111-8111-111111111111
name: any
level: low
logsource: {product: aws, service: lambda}
detection: {seen: {event: x}, condition: seen}
---
title: Any at all
id: 22222222-2222-4222-8222-222222222222
level: high
correlation: {type: event_count, rules: [any], group-by: [sub], timespan: 10m, condition: {gte: 1}}
";
        let file = RuleFile {
            path: "rules.yml".to_owned(),
            text: text.to_owned(),
        };
        load_rules(&[file]).unwrap()
    }

    async fn report(failures: u32, seconds: u64) -> (Report, usize) {
        let rules = rules();
        let times = StoreTimes {
            lateness_ms: 900_000,
            attempts_max: 4,
        };
        let plan = Plan::new(&rules, times);
        let mut deltas = Deltas::default();
        // An empty state cannot be read, which is told, but only where the item can be had at all.
        let group = (CorrelationIx(0), Key::from_u128(1));
        deltas.add(group, &[], 7, 0);
        let world = Memory {
            store: MemoryStore::default(),
            failures: RefCell::new(failures),
            asked: RefCell::default(),
        };
        let deadline = Deadline::after(Duration::from_secs(seconds));
        let report = drive(Batch::of_records(&plan, deltas, None), &world, deadline).await;
        let asked = world.asked.borrow().len();
        (report, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_tried_again_as_often_as_the_batch_says() {
        let (report, asked) = report(9, 60).await;
        assert_eq!((report.lowest_failed, asked), (Some(7), 4));
        assert!(
            report
                .failures
                .values()
                .all(|why| why.contains("every attempt"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn past_the_deadline_nothing_more_is_asked_for() {
        let (report, asked) = report(9, 1).await;
        assert_eq!((report.lowest_failed, asked), (Some(7), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_effect_that_fails_at_first_is_performed_in_the_end() {
        let (report, asked) = report(2, 60).await;
        assert_eq!((report.lowest_failed, asked), (None, 3));
        let mut told = report.unreadable.values();
        assert!(told.all(|why| why.contains("state is empty")));
    }
}
