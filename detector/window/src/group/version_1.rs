//! A group of version 1, read as today's: its shapes as they were, and what they are now. The state of its window is read
//! by the window type ([`WindowType::see_again`]).
//!
//! To be deleted with its calls once no store holds such state.

use serde::Deserialize;
use serde::de::Error;

use crate::group::group_values::GroupTexts;
use crate::kind::{Occurrence, OccurrenceValue, WindowType};
use crate::ledger::stretch::Stretch;
use crate::ledger::{Counted, EVIDENCE_MAX, Ledger, slice_ms};
use crate::state::interval::{Interval, Intervals};
use crate::state::key::{Key, OldKey};
use crate::state::key_set::KeySet;
use crate::state::sketch::Sketch;

/// A time that can be reckoned with: damaged state may say anything.
#[derive(Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Time(pub(crate) i64);

impl TryFrom<i64> for Time {
    type Error = &'static str;

    fn try_from(time: i64) -> Result<Self, Self::Error> {
        let is_sane = time.unsigned_abs() < 1 << 60;
        is_sane
            .then_some(Self(time))
            .ok_or("a time is far out of range")
    }
}

#[derive(Deserialize)]
pub(crate) struct Span(Time, Time);

impl Span {
    /// The occurrence that bears on these moments.
    pub(crate) fn occurrence(&self, input: usize, id: Key, timespan_ms: i64) -> Occurrence {
        Occurrence {
            input,
            start: self.0.0,
            until: self.1.0 - timespan_ms,
            id,
            value: OccurrenceValue::Key(id),
        }
    }
}

pub(crate) fn intervals(spans: Vec<Span>) -> Intervals {
    let interval = |span: Span| Interval::new(span.0.0, span.1.0);
    Intervals::from_unsorted(spans.into_iter().map(interval).collect())
}

/// A sixteenth of a timespan with more hits than were kept one by one.
#[derive(Deserialize)]
struct DenseSlice {
    index: i64,
    first: Time,
    last: Time,
    ids: Vec<u8>,
    values: Option<Vec<u8>>,
    earliest: Vec<(Time, OldKey)>,
}

/// The registers of a sketch were four times as many.
const OLD_PRECISION: u32 = 14;
const OLD_RANK_MAX: u8 = (64 - OLD_PRECISION) as u8 + 1;

/// Four registers become one. The two bits of the hash that told them apart now come first in what ranks are read from:
/// if one of them is set they alone make the rank, else it goes on behind them.
fn folded(old: &[u8]) -> Option<Sketch> {
    if old.len() != 1 << OLD_PRECISION || old.iter().any(|rank| *rank > OLD_RANK_MAX) {
        return None;
    }
    let mut sketch = Sketch::default();
    for (register, &rank) in old.iter().enumerate().filter(|(_, rank)| **rank > 0) {
        let rank = match register % 4 {
            0 => rank + 2,
            1 => 2,
            _ => 1,
        };
        sketch.raise(register / 4, rank);
    }
    Some(sketch)
}

impl DenseSlice {
    /// The slice counted together as today's slice that has its middle.
    fn stretch(self, timespan_ms: i64) -> Option<Stretch> {
        let (old_ms, new_ms) = ((timespan_ms / 16).max(1), slice_ms(timespan_ms));
        let Time(middle) = Time::try_from(self.index.checked_mul(old_ms)? + old_ms / 2).ok()?;
        let start = middle.div_euclid(new_ms) * new_ms;
        let values = match self.values {
            Some(values) => KeySet::Estimated(folded(&values)?),
            None => KeySet::default(),
        };
        let hit = |(Time(time), id): (Time, OldKey)| (time, id.into());
        let mut earliest: Vec<(i64, Key)> = self.earliest.into_iter().map(hit).collect();
        earliest.sort_unstable();
        earliest.dedup();
        earliest.truncate(EVIDENCE_MAX);
        Some(Stretch {
            range: Interval::new(start, start + new_ms),
            first: self.first.0,
            last: self.last.0,
            ids: KeySet::Estimated(folded(&self.ids)?),
            values,
            earliest,
            shown: Vec::new(),
        })
    }
}

/// Items, how many of them were settled, dense slices, texts, and their bytes.
type OldLedger<V> = (
    Vec<(Time, OldKey, V)>,
    usize,
    Vec<DenseSlice>,
    Vec<(OldKey, Box<str>)>,
    usize,
);

fn ledger<V: Counted>(old: OldLedger<V::Old>, timespan_ms: i64) -> Option<Ledger<V>> {
    let (items, _, dense, texts, _) = old;
    let mut ledger = Ledger::default();
    for (Time(time), id, value) in items {
        ledger.add(time, id.into(), value.into(), None);
    }
    for (id, text) in texts {
        ledger.add_text(id.into(), &text);
    }
    let stretches: Option<Vec<Stretch>> = dense
        .into_iter()
        .map(|slice| slice.stretch(timespan_ms))
        .collect();
    ledger.add_stretches(&stretches?);
    Some(ledger)
}

/// A group as of version 1: its texts and, where it has one, the state and ledger of its body.
type Read<W> = (
    GroupTexts,
    Option<(<W as WindowType>::State, Ledger<<W as WindowType>::Value>)>,
);

/// Reads what follows the version. State and ledger are to be settled.
pub(crate) fn decode<W: WindowType>(
    fields: &[u8],
    window: &W,
    timespan_ms: i64,
) -> Result<Read<W>, postcard::Error> {
    let mut fields = postcard::Deserializer::from_bytes(fields);
    let texts = GroupTexts::deserialize(&mut fields)?;
    // What an option begins with.
    if !bool::deserialize(&mut fields)? {
        return Ok((texts, None));
    }
    let state = window.see_again(&mut fields)?;
    let old = OldLedger::<<W::Value as Counted>::Old>::deserialize(&mut fields)?;
    let damaged = || postcard::Error::custom("a slice or sketch that none can have");
    let ledger = ledger(old, timespan_ms).ok_or_else(damaged)?;
    Ok((texts, Some((state, ledger))))
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use siphasher::sip::SipHasher13;

    use crate::ledger::Slices;

    use super::*;

    /// As version 1 made its sketches.
    fn old_sketch(keys: impl Iterator<Item = u128>) -> Vec<u8> {
        let mut registers = vec![0; 1 << OLD_PRECISION];
        for key in keys {
            let mut hasher = SipHasher13::new();
            hasher.write(&key.to_le_bytes());
            let hash = hasher.finish();
            let rest = hash << OLD_PRECISION | 1 << (OLD_PRECISION - 1);
            let register: &mut u8 = &mut registers[(hash >> (64 - OLD_PRECISION)) as usize];
            *register = (*register).max(rest.leading_zeros() as u8 + 1);
        }
        registers
    }

    #[test]
    fn a_folded_sketch_is_that_of_the_same_keys() {
        for keys in [0, 1, 100, 5_000, 300_000] {
            let mut now = Sketch::default();
            (0..keys).for_each(|key| now.add(Key::from_u128(key)));
            assert_eq!(folded(&old_sketch(0..keys)), Some(now), "{keys} keys");
        }
        assert_eq!(folded(&[0; 4096]), None);
        assert_eq!(folded(&[OLD_RANK_MAX + 1; 1 << OLD_PRECISION]), None);
        assert!(folded(&[OLD_RANK_MAX; 1 << OLD_PRECISION]).is_some());
    }

    /// Its two halves, as version 1 wrote them.
    fn old_key(low: u64) -> OldKey {
        let bytes = postcard::to_allocvec(&[0, low]).expect("two numbers");
        postcard::from_bytes(&bytes).expect("a key")
    }

    #[test]
    fn dense_slices_of_one_slice_now_are_one_stretch() {
        let slice = |index: i64| {
            let hit = |n: i64| (Time(index * 100 + n), old_key((index * 2_000 + n) as u64));
            DenseSlice {
                index,
                first: Time(index * 100),
                last: Time(index * 100 + 99),
                ids: old_sketch((0..2_000).map(|n| (index * 2_000 + n) as u128)),
                values: Some(old_sketch(0..50)),
                earliest: (0..20).map(hit).collect(),
            }
        };
        let old = (
            Vec::new(),
            0,
            vec![slice(4), slice(5), slice(7), slice(8)],
            Vec::new(),
            0,
        );
        let mut ledger = ledger::<Key>(old, 1_600).expect("not damaged");
        let slices = Slices {
            ms: slice_ms(1_600),
            singly: false,
        };
        ledger.settle(&[], slices);
        let summary = |after, before| ledger.summary((after, before), &[], |_, _| true);
        let (first, second) = (summary(399, 800), summary(799, 1_200));
        assert!(first.count.abs_diff(6_000) < 300, "{}", first.count);
        assert!(second.count.abs_diff(2_000) < 100, "{}", second.count);
        assert!(first.distinct.abs_diff(50) < 3, "{}", first.distinct);
        assert_eq!(
            (first.times, second.times),
            (Some((400, 799)), Some((800, 899)))
        );
        assert_eq!(
            (first.evidence.len(), first.evidence[0].0),
            (EVIDENCE_MAX, 400)
        );
    }
}
