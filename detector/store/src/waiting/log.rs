//! Deltas that wait for a sweep.
//!
//! What only sweeps judge need not be united into its item by every batch: a busy group's item would be rewritten by every
//! batch of every shard. So a batch writes such deltas down together, in few parts, and the next sweep unites them.
//! Uniting is idempotent, so that a part may be written twice, or read again after it was to be dropped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::edition::Writer;
use crate::key::{ItemKey, RuleKey};
use crate::waiting::packing;
use crate::work::{GroupRef, Work};
use crate::{Plan, work::Deltas};
use detector_window::Windows;
use detector_window::key::Key;

/// The log lies in so many places: one takes only so many writes a second.
pub const LOG_PLACES: u8 = 16;

/// A delta larger than this is united at once, so that each part fits into an item of a store.
pub const LOGGED_BYTES_MAX: usize = 250_000;

/// The encoding of a part, its first byte. One that is packed has another in it.
const VERSION: u8 = 3;
const PACKED: u8 = 2;

/// Likewise, before it said by what each rule's deltas were written: still read.
const WITHOUT_WRITERS: u8 = 1;

/// The name of a part, given by the store. Its lowest bits tell its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName(pub Key);

impl LogName {
    /// In which of the [`LOG_PLACES`] it lies.
    pub fn place(self) -> u8 {
        self.0.lowest_byte() % LOG_PLACES
    }
}

/// A part as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    pub name: LogName,
    /// As it was written; empty where the store could not read it.
    pub deltas: Vec<u8>,
}

/// Why the bytes of a part are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogError {
    #[error("a part of the log is empty")]
    Empty,
    #[error("a part of the log has version {0}, this program reads up to {VERSION}")]
    Version(u8),
    #[error("a part of the log is damaged: {0}")]
    Damaged(#[from] postcard::Error),
    #[error("a part of the log is of rules that came into force later")]
    Newer,
    #[error("what was parked cannot be unpacked")]
    Packing,
}

/// Its states are borrowed where it is written, and owned where it is read.
#[derive(Debug, Serialize, Deserialize)]
struct Part<S> {
    /// Since when the rules are in force by which it was written: [`Plan::in_force_since`].
    since: i64,
    rules: Vec<OfRule<S>>,
}

/// The deltas of a rule.
#[derive(Debug, Serialize, Deserialize)]
struct OfRule<S> {
    rule: RuleKey,
    writer: Writer,
    deltas: Vec<Delta<S>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Delta<S> {
    group: Key,
    states: S,
    latest: i64,
}

type Owned = Vec<Vec<u8>>;

/// Takes what can wait out of `deltas`: encoded parts, and the lowest position among them.
pub(crate) fn take_out(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    deltas: &mut Deltas,
) -> (Vec<Vec<u8>>, u64) {
    let waiting = deltas.0.extract_if(.., |(rule, group), work| {
        if !plan.defers || !plan.facts(*rule).waits_unread() {
            return false;
        }
        can_be_logged(windows, (*rule, *group), work)
    });
    packed(plan, &waiting.collect())
}

/// Whether a delta finds room in the log.
pub(crate) fn can_be_logged(
    windows: &Windows<'_>,
    (rule, group): GroupRef,
    work: &mut Work,
) -> bool {
    // What runs of a batch found is one state: a sweep unites those of all batches of a minute.
    if work.states.len() > 1
        && let states = work.states.iter().map(Vec::as_slice).collect::<Vec<_>>()
        && let Ok(united) = windows.unite(rule, group, &states, None)
    {
        work.states = vec![united.state];
    }
    work.bytes() <= LOGGED_BYTES_MAX
}

/// Encoded parts for deltas, and the lowest position among them.
pub(crate) fn packed(plan: &Plan<'_>, waiting: &BTreeMap<GroupRef, Work>) -> (Vec<Vec<u8>>, u64) {
    let position = waiting.values().map(|work| work.position).min();
    let parts = parts(plan, waiting.iter().map(|(at, work)| (*at, work)));
    let packed = parts.iter().map(|part| packing::pack(&[PACKED], part));
    (packed.collect(), position.unwrap_or(u64::MAX))
}

/// Parts before they are packed, for deltas in the order of their rules.
pub(crate) fn parts<'w>(
    plan: &Plan<'_>,
    deltas: impl Iterator<Item = (GroupRef, &'w Work)>,
) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut part = Part {
        since: plan.in_force_since,
        rules: Vec::new(),
    };
    let mut bytes = 0;
    for ((rule, group), work) in deltas {
        let writer = plan.writer(rule);
        let rule = plan.key_of(rule);
        if part.rules.last().is_none_or(|last| last.rule != rule) {
            let deltas = Vec::new();
            part.rules.push(OfRule {
                rule,
                writer,
                deltas,
            });
        }
        bytes += work.bytes() + size_of::<Delta<Owned>>();
        let of_rule = part.rules.last_mut().expect("it has just been put there");
        of_rule.deltas.push(Delta {
            group,
            states: &work.states[..],
            latest: work.latest,
        });
        if bytes >= plan.portions.log_part_bytes {
            parts.push(encode(&part));
            part.rules.clear();
            bytes = 0;
        }
    }
    if !part.rules.is_empty() {
        parts.push(encode(&part));
    }
    parts
}

fn encode(part: &Part<&[Vec<u8>]>) -> Vec<u8> {
    postcard::to_extend(part, vec![VERSION]).expect("a list of plain values")
}

/// Adds what a part holds. The deltas of a rule that is no more, or was edited, are left out; those of rules that came into
/// force later are an error, since they are for others to unite.
pub(crate) fn read(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    part: &LogPart,
    work: &mut BTreeMap<GroupRef, Work>,
) -> Result<(), LogError> {
    let part = decode(&unpacked(&part.deltas)?)?;
    let of_rules: Vec<_> = (part.rules.into_iter())
        .map(|of_rule| (plan.rule_of(of_rule.rule), of_rule))
        .collect();
    // All or nothing: a part that is left for others is not united in part.
    let is_newer = of_rules.iter().any(|(rule, of_rule)| match rule {
        Some(rule) => of_rule.writer.is_newer_than(&plan.writer(*rule)),
        None => part.since > plan.in_force_since,
    });
    if is_newer {
        return Err(LogError::Newer);
    }
    for (rule, of_rule) in of_rules {
        let Some(rule) = rule else { continue };
        let is_short = of_rule.writer.absorbed_too_early_for(&plan.writer(rule));
        for delta in of_rule.deltas {
            let of_group = work.entry((rule, delta.group)).or_insert_with(Work::none);
            let mut delta = Work::from(delta);
            if is_short {
                for state in &mut delta.states {
                    // One that cannot be read is found when it is united.
                    if let Ok(known) = windows.without_absorbed(rule, state) {
                        *state = known;
                    }
                }
            }
            of_group.add(delta);
        }
    }
    Ok(())
}

/// The deltas of a part that is not packed, whatever their rules.
pub(crate) fn deltas(
    part: &[u8],
) -> Result<impl Iterator<Item = (ItemKey, Work)> + use<>, LogError> {
    let rules = decode(part)?.rules.into_iter();
    Ok(rules.flat_map(|OfRule { rule, deltas, .. }| {
        deltas.into_iter().map(move |delta| {
            let group = delta.group;
            (ItemKey { rule, group }, Work::from(delta))
        })
    }))
}

fn unpacked(part: &[u8]) -> Result<Cow<'_, [u8]>, LogError> {
    match part.split_first() {
        Some((&PACKED, packed)) => Ok(packing::unpack(packed).ok_or(LogError::Packing)?.into()),
        _ => Ok(part.into()),
    }
}

fn decode(part: &[u8]) -> Result<Part<Owned>, LogError> {
    let (version, encoded) = part.split_first().ok_or(LogError::Empty)?;
    match *version {
        VERSION => Ok(postcard::from_bytes(encoded)?),
        WITHOUT_WRITERS => {
            let (since, rules): (i64, Vec<_>) = postcard::from_bytes(encoded)?;
            let of_rule = |(rule, deltas)| OfRule {
                rule,
                writer: Writer::NOBODY,
                deltas,
            };
            let rules = rules.into_iter().map(of_rule).collect();
            Ok(Part { since, rules })
        }
        version => Err(LogError::Version(version)),
    }
}

impl From<Delta<Owned>> for Work {
    fn from(delta: Delta<Owned>) -> Self {
        Self {
            states: delta.states,
            latest: delta.latest,
            ..Self::none()
        }
    }
}
