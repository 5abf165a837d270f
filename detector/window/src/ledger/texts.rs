//! The texts of a ledger: ids that are no UUIDs, and the values that alerts show.

use std::collections::HashSet;

use crate::ledger::hit_values::{EncodedShown, HitValues};
use crate::ledger::shown::{ShownValue, TEXT_BYTES_MAX, cut, first_of_field, take_first};
use crate::ledger::stretch::{EVIDENCE_MAX, Stretch};
use crate::ledger::{Counted, Ledger, Slices, slice_start};
use crate::state::key::Key;

impl<V: Counted> Ledger<V> {
    /// Takes the text of the id of a hit; hits are told apart by the whole id.
    pub(crate) fn add_text(&mut self, id: Key, event_id: &str) {
        let text: Box<str> = cut(event_id, TEXT_BYTES_MAX).into();
        self.told_bytes += text_bytes(&text);
        self.texts.push((id, text));
    }

    /// Takes what hits show.
    pub fn show(&mut self, shown: HitValues<V>) {
        self.told_bytes += shown.bytes();
        self.shown.append(shown);
    }

    /// Only the earliest hits of each slice can be evidence, so only their texts stay; of hits that more hits can take
    /// away, all can come to be.
    pub(super) fn keep_texts_of_evidence(&mut self, slices: Slices) {
        if self.texts.is_empty() {
            return;
        }
        let mut kept: Vec<Key> = self
            .stretches
            .iter()
            .flat_map(|s| s.earliest.iter().map(|&(_, id)| id))
            .collect();
        let slice_of = |time| slice_start(time, slices.ms);
        let of_slices = self
            .items
            .chunk_by(|a, b| slice_of(a.time) == slice_of(b.time));
        for slice in of_slices {
            if slices.singly {
                kept.extend(slice.iter().map(|item| item.id));
                continue;
            }
            let from = kept.len();
            for item in slice {
                if kept.len() - from == EVIDENCE_MAX {
                    break;
                }
                if !kept[from..].contains(&item.id) {
                    kept.push(item.id);
                }
            }
        }
        kept.sort_unstable();
        self.texts.retain(|(id, _)| kept.binary_search(id).is_ok());
        self.texts.sort_unstable();
        self.texts.dedup();
    }

    /// Of each slice and field, the first of each value is enough, and of [`VALUES_MAX`](crate::ledger::shown::VALUES_MAX)
    /// values; of hits that more hits can take away, the same of those that go together: with one value at one time.
    pub(super) fn keep_first_shown(&mut self, slices: Slices) {
        self.show_in_stretches();
        let shown = &mut self.shown.0;
        if slices.singly {
            let tie = |(shown, value): &(ShownValue, V)| (shown.field, shown.time, *value);
            shown.sort_unstable_by(|one, other| {
                let texts = || one.0.text.cmp(&other.0.text);
                tie(one).cmp(&tie(other)).then_with(texts)
            });
            *shown = first_of_each(shown, tie);
        }
        shown.sort_unstable();
        shown.dedup();
        if !slices.singly {
            let slice =
                |(shown, _): &(ShownValue, V)| (shown.field, slice_start(shown.time, slices.ms));
            *shown = first_of_each(shown, slice);
        }
    }

    /// What hits show that are counted together goes to their stretches.
    pub(super) fn show_in_stretches(&mut self) {
        if self.stretches.is_empty() || self.shown.0.is_empty() {
            return;
        }
        let mut by_stretch = vec![Vec::new(); self.stretches.len()];
        for (shown, value) in std::mem::take(&mut self.shown.0) {
            match self.stretch_at(shown.time) {
                Some(at) => by_stretch[at].push(shown),
                None => self.shown.0.push((shown, value)),
            }
        }
        for (stretch, values) in self.stretches.iter_mut().zip(by_stretch) {
            take_first(&mut stretch.shown, values);
        }
    }

    /// Drops the texts of hits before `from`: who has forgotten those chose among the texts of their slices, of which no
    /// more is known.
    pub fn drop_texts_before(&mut self, from: i64) {
        self.shown.0.retain(|(shown, _)| shown.time >= from);
        for stretch in &mut self.stretches {
            stretch.shown.retain(|shown| shown.time >= from);
        }
        if self.texts.is_empty() {
            return;
        }
        let of_items = self.items.iter().map(|item| (item.time, item.id));
        let earliest = self.stretches.iter().flat_map(|s| s.earliest.iter());
        let kept = of_items
            .chain(earliest.copied())
            .filter(|hit| hit.0 >= from);
        let kept: HashSet<Key> = kept.map(|(_, id)| id).collect();
        self.texts.retain(|(id, _)| kept.contains(id));
    }

    /// To be encoded with a settled ledger.
    pub fn encoded_shown(&self) -> EncodedShown<V> {
        let shows = |stretch: &Stretch| !stretch.shown.is_empty();
        let stretches = self.stretches.iter().map(|s| s.shown.clone());
        EncodedShown {
            hits: self.shown.clone(),
            stretches: match self.stretches.iter().any(shows) {
                true => stretches.collect(),
                false => Vec::new(),
            },
        }
    }

    /// Whether what was encoded with the ledger could be taken back: it is damaged if not.
    pub fn take_shown(&mut self, encoded: EncodedShown<V>) -> bool {
        let EncodedShown { hits, stretches } = encoded;
        if !stretches.is_empty() && stretches.len() != self.stretches.len() {
            return false;
        }
        self.shown = hits;
        for (stretch, values) in self.stretches.iter_mut().zip(stretches) {
            take_first(&mut stretch.shown, values);
        }
        true
    }

    pub(super) fn count_bytes(&mut self) {
        let stretches: usize = self.stretches.iter().map(Stretch::bytes).sum();
        let texts: usize = self.texts.iter().map(|(_, text)| text_bytes(text)).sum();
        self.told_bytes = stretches + texts + self.shown.bytes();
    }
}

/// Of neighbours with the same key, what [`first_of_field`] leaves.
fn first_of_each<V: Copy, K: PartialEq>(
    sorted: &[(ShownValue, V)],
    key: impl Fn(&(ShownValue, V)) -> K,
) -> Vec<(ShownValue, V)> {
    let alike = sorted.chunk_by(|one, other| key(one) == key(other));
    let first = alike.flat_map(|values| first_of_field(values, |(shown, _)| &shown.text));
    first.collect()
}

fn text_bytes(text: &str) -> usize {
    size_of::<(Key, Box<str>)>() + text.len()
}
