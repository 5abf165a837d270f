//! The rules of the protocol that can be broken, one at a time.

use detector_core::store::{LogName, ParkedMark};

use super::{looking_back, success_after};

/// What was there when a worker began with its batch, or with the one before: what a mistaken one goes by.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeenEarly {
    pub(crate) marks: Vec<ParkedMark>,
    pub(crate) parts: Vec<LogName>,
}

/// A mistake that the simulator must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    None,
    /// Writes succeed whatever was written meanwhile.
    NoVersionCondition,
    /// Items that are stored together are written whatever was written meanwhile to any of them.
    NoPackCondition,
    /// Who has written an item by itself is done, also where its pack keeps it as it was.
    KeepTheOldOne,
    /// Episodes are announced before they are recorded.
    PublishBeforeWrite,
    /// A record that is read again has events with other ids.
    ForgetEventIds,
    /// Episodes are marked as announced before they are.
    MarkBeforePublish,
    /// An announcement counts as made whether or not it was accepted.
    TrustThePublisher,
    /// A write counts as made whether or not it was answered.
    TrustTheStore,
    /// The rest of a batch is done when part of it failed.
    IgnoreFailures,
    /// A batch is done when it begins.
    CheckpointFirst,
    /// A batch is done with its first write: what it wrote to a child has not reached the parents.
    CheckpointAfterAWrite,
    /// The watermark is the latest arrival known less the lateness, whatever other shards have still to bring.
    WatermarkOfTheLatest,
    /// A sweep takes an item off the list before its parents have been handed anything.
    SettleFirst,
    /// Recorded episodes are kept in the order of time, not in that in which they were recorded.
    ForgetTheOrder,
    /// An episode is closed when it holds no more: a hit to come may yet go on with it.
    CloseBeforeTheQuietPeriod,
    /// Episodes are marked as closed before that is announced.
    MarkClosedBeforePublish,
    /// A group forgets what sweeps have passed, also what was not yet told in full.
    ForgetTotals,
    /// A group keeps nothing of its children's episodes.
    ForgetChildren,
    /// A group forgets up to the latest arrival, which no sweep has reached.
    ForgetBeyondTheSweeps,
    /// A group forgets when it began as soon as it has left the window, though alerts may still ask of its hits whether
    /// it had learned by then.
    ForgetTheBeginning,
    /// A sweep judges without what batches have left to the log.
    SkipTheLog,
    /// A sweep drops the log before it has united what is in it.
    DropTheLogFirst,
    /// What goes to the log counts as written whether or not it was answered.
    TrustTheLog,
    /// A sweep takes a part of what is due for all of it, and goes on to what builds on that.
    TakeAPartForAll,
    /// A sweep judges items as they were a moment ago.
    JudgeWhatWas,
    /// A batch looks at the marks before it parks: it goes by those that its worker's batch before could see.
    LookBeforeParking,
    /// A sweep reads what is parked before it looks which groups are marked: likewise.
    ReadBeforeTheMarks,
    /// Nobody marks the groups whose children are shown.
    NeverMark,
    /// A sweep notes marks as served before it has united what was parked.
    ServeFirst,
    /// What is parked counts as stored whether or not it was answered.
    TrustTheParking,
}

impl Mutation {
    /// Scenarios in which it can show: every how manieth, and the first of them.
    pub(crate) fn scenarios(self) -> (usize, u64) {
        match self {
            Mutation::LookBeforeParking
            | Mutation::ReadBeforeTheMarks
            | Mutation::NeverMark
            | Mutation::ServeFirst
            | Mutation::TrustTheParking => {
                (looking_back::ONE_OF as usize, success_after::REMAINDER)
            }
            // Seldom: the item has to be deleted before anybody finds it.
            Mutation::KeepTheOldOne => (1, 14_902),
            _ => (1, 0),
        }
    }

    pub(crate) const ALL: [Mutation; 30] = [
        Mutation::NoVersionCondition,
        Mutation::NoPackCondition,
        Mutation::KeepTheOldOne,
        Mutation::PublishBeforeWrite,
        Mutation::ForgetEventIds,
        Mutation::MarkBeforePublish,
        Mutation::TrustThePublisher,
        Mutation::TrustTheStore,
        Mutation::IgnoreFailures,
        Mutation::CheckpointFirst,
        Mutation::CheckpointAfterAWrite,
        Mutation::ForgetTheOrder,
        Mutation::WatermarkOfTheLatest,
        Mutation::SettleFirst,
        Mutation::CloseBeforeTheQuietPeriod,
        Mutation::MarkClosedBeforePublish,
        Mutation::ForgetTotals,
        Mutation::ForgetChildren,
        Mutation::ForgetBeyondTheSweeps,
        Mutation::ForgetTheBeginning,
        Mutation::SkipTheLog,
        Mutation::DropTheLogFirst,
        Mutation::TrustTheLog,
        Mutation::TakeAPartForAll,
        Mutation::JudgeWhatWas,
        Mutation::LookBeforeParking,
        Mutation::ReadBeforeTheMarks,
        Mutation::NeverMark,
        Mutation::ServeFirst,
        Mutation::TrustTheParking,
    ];
}
