//! Hits that decide nothing unless a child correlation holds.
//!
//! Of "a success after many failures", successes are many and failures few. So a batch *parks* the successes: it writes
//! them down together, by the hour in which they happened, and unites with their groups those alone that are *marked*.
//! Whoever shows a child's episode marks the parent's group first, for the hours that may bear on it. A batch parks, then
//! looks at the marks; a sweep looks at the marks, then reads what was parked: of a hit and a mark, one finds the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::key::{ItemKey, RuleKey};
use crate::log::{self, LOGGED_BYTES_MAX, LogError};
use crate::plan::Plan;
use crate::waiting::packing;
use crate::work::{Deltas, GroupRef, Work};
use detector_rule::CorrelationIx;
use detector_window::Windows;
use detector_window::interval::Interval;
use detector_window::key::Key;

/// What is parked of a slice lies in so many places: that of its group, or the last one, [`MIXED`].
pub const PLACES: u8 = MIXED + 1;

/// The place of small batches, whatever the groups: each part takes a write.
const MIXED: u8 = 16;

/// A batch that parks more, in bytes before they are packed, divides it by groups.
const MIXED_BYTES_MAX: usize = 64_000;

/// A batch looks at so many marks, at most about; where there are more it parks nothing.
pub const LOOKED_AT_MAX: usize = 1_000;

/// Deltas with hits of one slice, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedPart {
    pub slice: i64,
    /// Of [`PLACES`].
    pub place: u8,
    pub deltas: Vec<u8>,
    /// When it may be forgotten, as an arrival time, like an item.
    pub expires_at: i64,
}

/// Says that hits of a group in slices `from` to `to` may decide something: they are united with it, and those that were
/// parked before are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    pub rule: RuleKey,
    pub group: Key,
    pub from: i64,
    /// This one included.
    pub to: i64,
    /// As of a part.
    pub expires_at: i64,
}

impl Mark {
    fn covers(&self, key: ItemKey, slice: i64) -> bool {
        self.is_of(key) && (self.from..=self.to).contains(&slice)
    }

    /// Where hits of its group may lie: slices, and places of each.
    pub(crate) fn places(&self) -> impl Iterator<Item = (i64, u8)> {
        let places = [place_of(self.group), MIXED];
        (self.from..=self.to).flat_map(move |slice| places.map(|place| (slice, place)))
    }

    fn is_of(&self, key: ItemKey) -> bool {
        (self.rule, self.group) == (key.rule, key.group)
    }
}

/// The marks that are known.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    known: BTreeSet<Mark>,
    /// All are known that end in this slice or later, as far as they were told.
    pub(crate) looked_from: Option<i64>,
}

impl Marks {
    pub(crate) fn add(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.known.extend(marks);
    }

    fn of(&self, key: ItemKey) -> impl Iterator<Item = &Mark> {
        let first = Mark {
            rule: key.rule,
            group: key.group,
            from: i64::MIN,
            to: i64::MIN,
            expires_at: i64::MIN,
        };
        self.known
            .range(first..)
            .take_while(move |mark| mark.is_of(key))
    }

    pub(crate) fn cover(&self, key: ItemKey, slice: i64) -> bool {
        self.of(key).any(|mark| mark.covers(key, slice))
    }

    /// Whether all slices of `wanted` are covered.
    pub(crate) fn cover_all(&self, wanted: &Mark) -> bool {
        let key = ItemKey {
            rule: wanted.rule,
            group: wanted.group,
        };
        let mut next = wanted.from;
        for mark in self.of(key) {
            if mark.from <= next {
                next = next.max(mark.to + 1);
            }
        }
        next > wanted.to
    }
}

/// A delta that was parked, until the marks are known.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) slice: i64,
    pub(crate) work: Work,
}

/// Takes what can be parked out of `deltas`: packed parts, and what is in them.
pub(crate) fn take_out(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    deltas: &mut Deltas,
) -> (Vec<ParkedPart>, BTreeMap<GroupRef, Waiting>) {
    let mut waiting = BTreeMap::new();
    let mut bytes = 0;
    let may_wait = deltas.0.extract_if(.., |at, work| {
        plan.parks_from.is_some() && plan.facts(at.0).parks && work.bytes() <= LOGGED_BYTES_MAX
    });
    for (at, work) in may_wait.collect::<Vec<_>>() {
        match slice_of(plan, windows, at.0, &work) {
            Some(slice) => {
                bytes += work.bytes();
                waiting.insert(at, Waiting { slice, work });
            }
            None => drop(deltas.0.insert(at, work)),
        }
    }
    let is_mixed = bytes <= MIXED_BYTES_MAX.min(plan.portions.log_part_bytes);
    let mut places: BTreeMap<(i64, u8), Vec<(GroupRef, &Work)>> = BTreeMap::new();
    for (at, Waiting { slice, work }) in &waiting {
        let place = if is_mixed { MIXED } else { place_of(at.1) };
        places.entry((*slice, place)).or_default().push((*at, work));
    }
    let mut parts = Vec::new();
    for ((slice, place), deltas) in places {
        for part in log::parts(plan, deltas.into_iter()) {
            parts.push(ParkedPart {
                slice,
                place,
                deltas: packing::pack(&[], &part),
                expires_at: plan.parked_until(slice),
            });
        }
    }
    (parts, waiting)
}

fn place_of(group: Key) -> u8 {
    group.lowest_byte() % MIXED
}

/// The slice in which all hits of a delta lie, where it is one that can be parked.
fn slice_of(
    plan: &Plan<'_>,
    windows: &Windows<'_>,
    rule: CorrelationIx,
    work: &Work,
) -> Option<i64> {
    let parks_from = plan.parks_from?;
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for state in &work.states {
        let hits = windows.times(rule, state).ok()?;
        (first, last) = hits.map_or((first, last), |(from, to)| (first.min(from), last.max(to)));
    }
    if first > last {
        return None;
    }
    // An episode that somebody showed who sets no marks has passed by then.
    let is_marked = first >= parks_from.saturating_add(plan.facts(rule).bears_after_ms);
    let slice = plan.slice(first);
    (is_marked && slice == plan.slice(last)).then_some(slice)
}

impl Plan<'_> {
    pub(crate) fn slice(&self, at: i64) -> i64 {
        at.div_euclid(self.portions.slice_ms)
    }

    /// When what is parked in a slice may be forgotten: what it bears on is decided for all rules.
    fn parked_until(&self, slice: i64) -> i64 {
        let kept = self.facts.iter().filter(|facts| facts.marks);
        let kept = kept.map(|facts| facts.retention_ms).max().unwrap_or(0);
        let end = (slice + 1).saturating_mul(self.portions.slice_ms);
        end.saturating_add(kept)
            .saturating_add(self.times.lateness_ms)
    }

    /// The mark that a group needs whose children are shown; `None` where its rule has no hits, or nothing is left of
    /// that time that was parked.
    pub(crate) fn mark(&self, at: GroupRef, work: &Work, swept_to: Option<i64>) -> Option<Mark> {
        let facts = self.facts(at.0);
        let spans = work.children.iter().map(|child| child.span);
        let hull = spans
            .reduce(|hull, span| Interval::new(hull.start.min(span.start), hull.end.max(span.end)));
        let hull = hull.filter(|_| facts.marks)?;
        let gone = facts.retention_ms + self.times.lateness_ms;
        let gone_to = swept_to.map_or(i64::MIN, |swept_to| swept_to.saturating_sub(gone));
        let from = hull.start.saturating_sub(facts.bears_before_ms);
        let (from, to) = (
            self.slice(from.max(gone_to)),
            self.slice(hull.end.saturating_add(facts.bears_after_ms)),
        );
        (from <= to).then(|| Mark {
            rule: facts.key,
            group: at.1,
            from,
            to,
            expires_at: self.parked_until(to),
        })
    }
}

/// The deltas in a part.
pub(crate) fn deltas(
    part: &[u8],
) -> Result<impl Iterator<Item = (ItemKey, Work)> + use<>, LogError> {
    log::deltas(&packing::unpack(part).ok_or(LogError::Packing)?)
}

/// The states in a part, by the items that they would be united with; `None` where it cannot be read.
pub fn states(part: &[u8]) -> Option<Vec<(ItemKey, Vec<Vec<u8>>)>> {
    let deltas = deltas(part).ok()?;
    Some(deltas.map(|(key, work)| (key, work.states)).collect())
}
