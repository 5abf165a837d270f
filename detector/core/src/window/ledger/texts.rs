//! The texts of a ledger: ids that are no UUIDs, and the values that alerts show.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::rule::FieldTag;
use crate::window::key::Key;
use crate::window::ledger::{Counted, EVIDENCE_MAX, Ledger, Slices, slice_start};
use crate::window::shown::{ShownValue, TEXT_BYTES_MAX, cut, first_of_field};
use crate::window::stretch::Stretch;

/// The shown values of a ledger as they are encoded, behind the rest of the state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "V: Counted")]
pub struct EncodedShown<V> {
    hits: Vec<(ShownValue, V)>,
    /// By stretch; none where no stretch shows anything.
    stretches: Vec<Vec<ShownValue>>,
}

impl<V: Counted> Ledger<V> {
    /// Takes the text of the id of a hit; hits are told apart by the whole id.
    pub(in crate::window) fn add_text(&mut self, id: Key, event_id: &str) {
        let text: Box<str> = cut(event_id, TEXT_BYTES_MAX).into();
        self.told_bytes += text_bytes(&text);
        self.texts.push((id, text));
    }

    /// Takes what a hit shows.
    pub(super) fn show(&mut self, time: i64, value: V, shown: &[(FieldTag, Cow<'_, str>)]) {
        for (field, text) in shown {
            let shown = ShownValue::new(*field, time, text);
            self.told_bytes += shown_bytes(&shown, value);
            self.shown.push((shown, value));
        }
    }

    /// Only the earliest hits of each slice can be evidence, so only their texts stay; of hits that more hits can take
    /// away, all can come to be.
    pub(super) fn keep_texts_of_evidence(&mut self, slices: Slices) {
        if self.texts.is_empty() {
            return;
        }
        let evidence_max = if slices.singly {
            usize::MAX
        } else {
            EVIDENCE_MAX
        };
        let mut kept: Vec<Key> = self
            .stretches
            .iter()
            .flat_map(|s| s.earliest.iter().map(|&(_, id)| id))
            .collect();
        for slice in self
            .items
            .chunk_by(|a, b| slice_start(a.time, slices.ms) == slice_start(b.time, slices.ms))
        {
            let from = kept.len();
            for item in slice {
                if kept.len() - from == evidence_max {
                    break;
                }
                if slices.singly || !kept[from..].contains(&item.id) {
                    kept.push(item.id);
                }
            }
        }
        kept.sort_unstable();
        self.texts.retain(|(id, _)| kept.binary_search(id).is_ok());
        self.texts.sort_unstable();
        self.texts.dedup();
    }

    /// Of each slice and field, the first of each value is enough, and of [`VALUES_MAX`](crate::window::shown::VALUES_MAX)
    /// values; of hits that more hits can take away, all are kept.
    pub(super) fn keep_first_shown(&mut self, slices: Slices) {
        if self.shown.is_empty() {
            return;
        }
        self.show_in_stretches();
        self.shown.sort_unstable();
        self.shown.dedup();
        if slices.singly {
            return;
        }
        let cell = |(shown, _): &(ShownValue, V)| (shown.field, slice_start(shown.time, slices.ms));
        let cells = self
            .shown
            .chunk_by(|one, other| cell(one) == cell(other))
            .flat_map(|values| first_of_field(values, |(shown, _)| &shown.text));
        self.shown = cells.collect();
    }

    /// What hits show that are counted together goes to their stretches.
    pub(super) fn show_in_stretches(&mut self) {
        if self.stretches.is_empty() {
            return;
        }
        let mut by_stretch = vec![Vec::new(); self.stretches.len()];
        for (shown, value) in std::mem::take(&mut self.shown) {
            match self.stretch_at(shown.time) {
                Some(at) => by_stretch[at].push(shown),
                None => self.shown.push((shown, value)),
            }
        }
        for (stretch, values) in self.stretches.iter_mut().zip(by_stretch) {
            stretch.show(values);
        }
    }

    /// Shows no hit before `from` that is kept one by one: it was there before, when the first values of its slice were
    /// chosen, which are known no more.
    pub fn show_hits_from(&mut self, from: i64) {
        self.shown.retain(|(shown, _)| shown.time >= from);
    }

    /// Shows no hit before `from`: whoever has forgotten those knows what they show.
    pub fn show_from(&mut self, from: i64) {
        self.show_hits_from(from);
        for stretch in &mut self.stretches {
            stretch.shown.retain(|shown| shown.time >= from);
        }
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
            stretch.show(values);
        }
        true
    }

    pub(super) fn count_bytes(&mut self) {
        let stretches: usize = self.stretches.iter().map(Stretch::bytes).sum();
        let texts: usize = self.texts.iter().map(|(_, text)| text_bytes(text)).sum();
        let shown = self.shown.iter();
        let shown: usize = shown.map(|(shown, value)| shown_bytes(shown, *value)).sum();
        self.told_bytes = stretches + texts + shown;
    }
}

fn text_bytes(text: &str) -> usize {
    size_of::<(Key, Box<str>)>() + text.len()
}

fn shown_bytes<V>(shown: &ShownValue, _value: V) -> usize {
    shown.bytes() + size_of::<V>()
}
