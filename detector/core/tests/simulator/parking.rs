//! What waits for a child's episode: parked hits and marks, performed with faults and mistakes.

use std::collections::BTreeMap;

use detector_core::store::parked::states;
use detector_core::store::{Effect, EffectResult, ItemKey, ParkedPart, StateStore};

use super::mistake::{Mutation, SeenEarly};
use super::world::World;

impl World<'_> {
    pub(crate) fn see_early(&mut self, at: usize) {
        if let Mutation::LookBeforeParking | Mutation::ReadBeforeTheMarks = self.mutation {
            let now = SeenEarly {
                marks: self.store.look(i64::MIN).expect("memory answers"),
                parts: self.store.parked().into_iter().map(|it| it.0).collect(),
            };
            let [before, last] = &mut self.seen_early[at];
            *before = std::mem::replace(last, now);
        }
    }

    pub(crate) fn perform_of_parking(&mut self, effect: &Effect, at: usize) -> EffectResult {
        let is_troubled = self.fail_rate > 0;
        let some = |length: usize, random: &mut fastrand::Rng| match random.u8(..4) {
            0 if is_troubled => random.usize(..=length),
            _ => length,
        };
        let (store, early) = (&self.store, &self.seen_early[at][0]);
        match effect {
            Effect::Park(parts) => {
                let stored = some(parts.len(), &mut self.random);
                store.park(&parts[..stored]).expect("memory answers");
                let told = (0..parts.len()).map(|at| at < stored && !self.fails());
                EffectResult::Park(told.collect())
            }
            Effect::Look { from } => {
                let mut marks = store.look(*from).expect("memory answers");
                if self.mutation == Mutation::LookBeforeParking {
                    marks.retain(|mark| early.marks.contains(mark));
                }
                let all = marks.len();
                self.random.shuffle(&mut marks);
                marks.truncate(some(all, &mut self.random));
                let is_all = marks.len() == all;
                EffectResult::Look { marks, is_all }
            }
            Effect::Arm(marks) => {
                let set = some(marks.len(), &mut self.random);
                if self.mutation != Mutation::NeverMark {
                    store.arm(&marks[..set]).expect("memory answers");
                    self.seen.marked += set as u64;
                }
                let told = (0..marks.len()).map(|at| at < set && !self.fails());
                EffectResult::Arm(told.collect())
            }
            Effect::Pending => {
                let mut marks = store.pending().expect("memory answers");
                let all = marks.len();
                marks.truncate(some(all, &mut self.random).max(1));
                if self.mutation == Mutation::ServeFirst {
                    store.serve(&marks).expect("memory answers");
                }
                let is_all = marks.len() == all;
                EffectResult::Pending { marks, is_all }
            }
            Effect::ReadParked {
                slice,
                place,
                after,
            } => {
                let parts = store.read_parked(*slice, *place, *after);
                let mut parts = parts.expect("memory answers");
                if self.mutation == Mutation::ReadBeforeTheMarks {
                    parts.retain(|part| early.parts.contains(&part.name));
                }
                let all = parts.len();
                parts.truncate(some(all, &mut self.random).max(1));
                self.seen.read_back += parts.len() as u64;
                let is_all = parts.len() == all;
                EffectResult::ReadParked { parts, is_all }
            }
            Effect::Serve(marks) => {
                store.serve(marks).expect("memory answers");
                EffectResult::Serve
            }
            _ => unreachable!("others are performed elsewhere"),
        }
    }

    /// The states that were ever parked, by item.
    pub(crate) fn parked(&self) -> BTreeMap<ItemKey, Vec<Vec<u8>>> {
        let here = self.store.parked().into_iter().map(|(_, part)| part);
        let parts: Vec<ParkedPart> = here.chain(self.expired_parts.iter().cloned()).collect();
        let mut all: BTreeMap<ItemKey, Vec<Vec<u8>>> = BTreeMap::new();
        for part in parts {
            for (key, states) in states(&part.deltas).expect("a part that was stored") {
                all.entry(key).or_default().extend(states);
            }
        }
        all
    }
}
