//! A group that has seen few hits, in one allocation: most groups never see more, and a flood makes many of them.
//!
//! The bytes are: how many hits there are (1), the length of the group's texts (4), these texts, then each hit as it came:
//! its time (8), its id (16), what the window type needs of it, how many values it shows (1) and each of them: the field
//! (4), the length of its text (1), the text. They are never stored: stored state is that of a body.

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
    detail: PhantomData<D>,
}

/// How many hits there are, and the length of the texts.
const HEAD_BYTES: usize = 5;

impl<D: Detail> Few<D> {
    /// Without hits.
    pub(crate) fn new(write_texts: &dyn Fn(&mut Vec<u8>)) -> Self {
        // What the texts and a hit that shows one value usually take.
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&[0; HEAD_BYTES]);
        write_texts(&mut bytes);
        let length = u32::try_from(bytes.len() - HEAD_BYTES).expect("texts are cut");
        bytes[1..HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
        Self {
            bytes,
            detail: PhantomData,
        }
    }

    pub(crate) fn len(&self) -> u8 {
        self.bytes[0]
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
        let mut rest = &self.bytes[1..];
        let length = u32::from_le_bytes(take(&mut rest)) as usize;
        rest.split_at(length)
    }

    pub(crate) fn texts(&self) -> GroupTexts {
        GroupTexts::written(self.parts().0)
    }

    /// Takes a hit whose id is a UUID, where there is room.
    pub(crate) fn push(&mut self, hit: &Occurrence, shown: &[(FieldTag, Cow<'_, str>)]) {
        let detail = D::pack(hit.input, hit.value).to_bytes();
        let detail = detail.as_ref();
        let of_shown = |text: &str| 5 + text.len().min(TEXT_BYTES_MAX + "…".len());
        let shown_bytes: usize = shown.iter().map(|(_, text)| of_shown(text)).sum();
        // To the byte: allocators have steps of their own.
        self.bytes
            .reserve_exact(8 + 16 + detail.len() + 1 + shown_bytes);
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
        self.bytes[0] += 1;
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
