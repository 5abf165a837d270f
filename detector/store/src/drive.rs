//! A batch over a store and a publisher that answer at once.

use crate::batch::{Report, Step};
use crate::effect::{Announcement, Effect, EffectResult};
use crate::state_store::StateStore;

/// Performs the effects until the batch is done. `publish` tells whether an announcement was accepted.
pub fn drive(
    mut step: Step<'_>,
    store: &dyn StateStore,
    publish: &mut dyn FnMut(&Announcement) -> bool,
) -> Report {
    loop {
        match step {
            Step::Done(report) => return report,
            Step::Ask { batch, effect, .. } => {
                step = batch.resume(perform(&effect, store, publish));
            }
        }
    }
}

/// Performs one effect.
pub fn perform(
    effect: &Effect,
    store: &dyn StateStore,
    publish: &mut dyn FnMut(&Announcement) -> bool,
) -> EffectResult {
    let answer = match effect {
        Effect::Read { keys, .. } => store.read(keys).map(EffectResult::Read),
        Effect::Write(writes) => store.write(writes).map(EffectResult::Write),
        Effect::Due { rules, watermark } => store
            .due(rules, *watermark)
            .map(|keys| EffectResult::Due { keys, is_all: true }),
        Effect::Append(parts) => store.append(parts).map(EffectResult::Append),
        Effect::ReadLog { place } => store.read_log(*place).map(|parts| EffectResult::ReadLog {
            parts,
            is_all: true,
        }),
        Effect::DropLog(names) => store.drop_log(names).map(|()| EffectResult::DropLog),
        Effect::Park(parts) => store.park(parts).map(EffectResult::Park),
        Effect::Look { from } => store.look(*from).map(|marks| EffectResult::Look {
            marks,
            is_all: true,
        }),
        Effect::Arm(marks) => store.arm(marks).map(EffectResult::Arm),
        Effect::Pending => store.pending().map(|marks| EffectResult::Pending {
            marks,
            is_all: true,
        }),
        Effect::ReadParked {
            slice,
            place,
            after,
        } => store
            .read_parked(*slice, *place, *after)
            .map(|parts| EffectResult::ReadParked {
                parts,
                is_all: true,
            }),
        Effect::Serve(marks) => store.serve(marks).map(|()| EffectResult::Serve),
        Effect::Publish(announcements) => Ok(EffectResult::Publish(
            announcements.iter().map(publish).collect(),
        )),
    };
    answer.unwrap_or(EffectResult::Failed)
}
