//! What a batch asks of the world, and what it is told.

use crate::item::Item;
use crate::key::{ItemKey, RuleKey};
use crate::log::{LogName, LogPart};
use crate::parked::{Mark, ParkedPart};
use crate::recorded::{EpisodeId, Notice};
use detector_rule::CorrelationIx;
use detector_window::episode::Episode;

/// A request. The shell performs it, in parts or at once, and answers with the [`EffectResult`] of the same name, or
/// with [`EffectResult::Failed`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The items at the keys, in their order. Unless `is_consistent`, each may be one that was there a moment ago, or be
    /// missing as it was then. DynamoDB takes at most 100 keys at a time.
    Read {
        keys: Vec<ItemKey>,
        is_consistent: bool,
    },
    /// Each item under its condition, each for itself.
    Write(Vec<ConditionalWrite>),
    /// To people and machines.
    Publish(Vec<Announcement>),
    /// Items of the rules that are due before the watermark: all, or as many as the store looks at at a time. Some that
    /// are not may be among them.
    Due { rules: Vec<RuleKey>, watermark: i64 },
    /// Puts parts into the log, each for itself, under a name that no other has.
    Append(Vec<Vec<u8>>),
    /// The parts of the log that lie in a place: all, or as many as the store reads at a time.
    ReadLog { place: u8 },
    /// Parts that are united into items, and go.
    DropLog(Vec<LogName>),
    /// Parks parts, each for itself, under a name that no other has.
    Park(Vec<ParkedPart>),
    /// The marks that end in this slice or later, consistently: all, or as many as a batch looks at.
    Look { from: i64 },
    /// Sets marks, each for itself, unless they are there: served or not.
    Arm(Vec<Mark>),
    /// The marks that no sweep has served: all, or as many as the store reads at a time.
    Pending,
    /// The parts of a slice that lie in a place, after the one of this name, in the order of their names: all, or as many
    /// as the store reads at a time, at least one.
    ReadParked {
        slice: i64,
        place: u8,
        after: Option<LogName>,
    },
    /// What was parked is united with the groups of these marks. They stay.
    Serve(Vec<Mark>),
}

/// The answer to an [`Effect`]; lists are in the order of the request.
#[derive(Debug, Clone, PartialEq)]
pub enum EffectResult {
    Read(Vec<Option<Item>>),
    Write(Vec<WriteOutcome>),
    /// Whether each was accepted.
    Publish(Vec<bool>),
    Due {
        keys: Vec<ItemKey>,
        is_all: bool,
    },
    /// Whether each was stored.
    Append(Vec<bool>),
    ReadLog {
        parts: Vec<LogPart>,
        is_all: bool,
    },
    /// All are gone.
    DropLog,
    /// Whether each is stored.
    Park(Vec<bool>),
    Look {
        marks: Vec<Mark>,
        is_all: bool,
    },
    /// Whether each is there.
    Arm(Vec<bool>),
    Pending {
        marks: Vec<Mark>,
        is_all: bool,
    },
    ReadParked {
        parts: Vec<LogPart>,
        is_all: bool,
    },
    /// All are noted.
    Serve,
    /// No answer. The request may have taken effect, wholly, in part or not at all.
    Failed,
}

/// The item at `key` becomes `item` if its version is still `expected`; `None`: if there is no such item.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionalWrite {
    pub key: ItemKey,
    pub expected: Option<u64>,
    pub item: Item,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    Written,
    /// The condition was false: someone else has written.
    Conflict,
    /// Throttled or cut off; it may have taken effect.
    Unknown,
}

/// An episode to be told of under `id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    pub key: ItemKey,
    pub rule: CorrelationIx,
    pub id: EpisodeId,
    pub notice: Notice,
    /// As far as it is known; with [`Notice::Closed`] as a backtest of the same events tells it.
    pub episode: Episode,
}
