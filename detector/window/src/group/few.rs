//! A group that has seen few hits, in one allocation: most groups never see more, and a flood makes many of them.
//!
//! The bytes are: the length of the group's texts (4), these texts, then each hit as it came: its time (8), its id (16),
//! what the window type needs of it, how many values it shows (1) and each of them: the field (4), the length of its text
//! (1), the text. They are never stored: stored state is that of a body.

use std::borrow::Cow;
use std::marker::PhantomData;

use smallvec::SmallVec;

use crate::group::group_values::GroupTexts;
use crate::kind::{Detail, Occurrence, take};
use crate::ledger::shown::{TEXT_BYTES_MAX, cut};
use crate::state::key::Key;
use detector_rule::FieldTag;

/// Hits that a group holds as they came.
const HITS_MAX: u8 = 16;

/// Values that a hit shows, for their number to take one byte.
const SHOWN_MAX: usize = u8::MAX as usize;

/// What a hit shows.
pub(crate) type Shown<'t> = SmallVec<[(FieldTag, Cow<'t, str>); 4]>;

#[derive(Debug, Clone)]
pub(crate) struct Few<D> {
    bytes: Vec<u8>,
    /// Here, not among the bytes: to write at their end, nothing that lies there is waited for.
    hits: u8,
    detail: PhantomData<D>,
}

/// The length of the texts.
const HEAD_BYTES: usize = 4;

impl<D: Detail> Few<D> {
    /// Without hits.
    pub(crate) fn new(write_texts: &dyn Fn(&mut Vec<u8>)) -> Self {
        // What the texts and a hit that shows one value usually take.
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&[0; HEAD_BYTES]);
        write_texts(&mut bytes);
        let length = u32::try_from(bytes.len() - HEAD_BYTES).expect("texts are cut");
        bytes[..HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
        Self {
            bytes,
            hits: 0,
            detail: PhantomData,
        }
    }

    pub(crate) fn len(&self) -> u8 {
        self.hits
    }

    /// Whether a hit can be taken that shows so many values.
    pub(crate) fn has_room(&self, shown: usize) -> bool {
        self.len() < HITS_MAX && shown <= SHOWN_MAX
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        let mut rest = &self.bytes[..];
        let length = u32::from_le_bytes(take(&mut rest)) as usize;
        rest.split_at(length)
    }

    pub(crate) fn texts(&self) -> GroupTexts {
        GroupTexts::written(self.text_bytes())
    }

    pub(crate) fn text_bytes(&self) -> &[u8] {
        self.parts().0
    }

    /// Takes a hit whose id is a UUID, where there is room.
    pub(crate) fn push(&mut self, hit: &Occurrence, shown: &[(FieldTag, Cow<'_, str>)]) {
        let detail = D::pack(hit.input, hit.value).to_bytes();
        let detail = detail.as_ref();
        let of_shown = |text: &str| 5 + text.len().min(TEXT_BYTES_MAX + "…".len());
        let shown_bytes: usize = shown.iter().map(|(_, text)| of_shown(text)).sum();
        let more = 8 + 16 + detail.len() + 1 + shown_bytes;
        if self.bytes.capacity() - self.bytes.len() < more {
            self.bytes.reserve_exact(more.max(self.bytes.len() / 2));
        }
        self.bytes.extend_from_slice(&hit.start.to_le_bytes());
        self.bytes
            .extend_from_slice(&hit.id.to_u128().to_le_bytes());
        self.bytes.extend_from_slice(detail);
        self.bytes
            .push(u8::try_from(shown.len()).expect("there is room"));
        for (field, text) in shown {
            let text = cut(text, TEXT_BYTES_MAX);
            self.bytes.extend_from_slice(&field.to_bits().to_le_bytes());
            self.bytes
                .push(u8::try_from(text.len()).expect("cut to less"));
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.hits += 1;
    }

    /// The hits, with what they show.
    pub(crate) fn hits(&self) -> impl Iterator<Item = (Occurrence, Shown<'_>)> {
        let mut rest = self.parts().1;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let time = i64::from_le_bytes(take(&mut rest));
            let id = Key::from_u128(u128::from_le_bytes(take(&mut rest)));
            let (input, value) = D::from_bytes(&mut rest).unpack();
            let [count] = take(&mut rest);
            let shown = (0..count).map(|_| {
                let field = FieldTag::from_bits(u32::from_le_bytes(take(&mut rest)));
                let [length] = take(&mut rest);
                let (text, after) = rest.split_at(usize::from(length));
                rest = after;
                (field, String::from_utf8_lossy(text))
            });
            let shown = shown.collect();
            Some((Occurrence::hit(input, time, id, value), shown))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::OccurrenceValue;

    fn comes_back<D: Detail>(hits: &[Occurrence]) {
        let texts = GroupTexts::new(["192.0.2.1", "", "ä"]);
        let mut few = Few::<D>::new(&|bytes| bytes.extend_from_slice(texts.as_bytes()));
        let long = "é".repeat(100);
        let shown = |at: usize| -> Vec<(FieldTag, Cow<'_, str>)> {
            let all = [("user", "ada"), ("agent", &long), ("empty", "")];
            let first = all[..at % 4].iter();
            first
                .map(|(name, text)| (FieldTag::of(name), (*text).into()))
                .collect()
        };
        for (at, hit) in hits.iter().enumerate() {
            assert!(few.has_room(3));
            few.push(hit, &shown(at));
        }
        assert_eq!((few.texts(), usize::from(few.len())), (texts, hits.len()));
        let back: Vec<_> = few.hits().collect();
        for (at, (hit, told)) in back.iter().enumerate() {
            let cut_short = |(field, text): &(FieldTag, Cow<'_, str>)| {
                (*field, cut(text, TEXT_BYTES_MAX).into_owned())
            };
            let expected: Vec<_> = shown(at).iter().map(cut_short).collect();
            let told: Vec<_> = told.iter().map(cut_short).collect();
            assert_eq!((hit, told), (&hits[at], expected));
        }
        assert_eq!(back.len(), hits.len());
    }

    fn hits(input: usize, value: impl Fn(i64) -> OccurrenceValue) -> Vec<Occurrence> {
        let times = [0, -1, 7, i64::MAX, 7].iter().cycle().take(16);
        let hit = |time: &i64| Occurrence::hit(input, *time, Key::from_u128(5), value(*time));
        times.map(hit).collect()
    }

    #[test]
    fn hits_come_back_as_they_came() {
        let key = |time| OccurrenceValue::Key(Key::from_u128(u128::MAX - time as u128));
        comes_back::<()>(&hits(0, |_| OccurrenceValue::None));
        comes_back::<u32>(&hits(70_000, |_| OccurrenceValue::None));
        comes_back::<Key>(&hits(0, key));
        comes_back::<(u32, Key)>(&hits(3, key));
        comes_back::<f64>(&hits(0, |time| OccurrenceValue::Number(time as f64 / 3.0)));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut few = Few::<()>::new(&|_| {});
        assert!(!few.has_room(SHOWN_MAX + 1));
        for hit in hits(0, |_| OccurrenceValue::None) {
            assert!(few.has_room(SHOWN_MAX));
            few.push(&hit, &[]);
        }
        assert!(!few.has_room(0));
    }
}
