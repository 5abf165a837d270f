//! An item as it lies in a pack, and the note of one that lies by itself.
//!
//! A byte for the layout, then who wrote it, when it is due and when it may go, which every layout has in this place: a
//! program that cannot read the rest still finds out that a newer one has written it, and lets it end. Then the rest.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::Packing;
use crate::children::ChildEpisode;
use crate::edition::Writer;
use crate::item::Item;
use crate::recorded::RecordedEpisode;
use detector_window::interval::Interval;
use detector_window::shown::ShownValue;

/// The layout of entries that this program writes and reads.
const LAYOUT: u8 = 1;

/// What is in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Here(Item),
    /// The item lies by itself, up to `until` at least, in milliseconds. `last`: as it was when it was sent there; it is
    /// the item as long as there is no later one.
    Outside {
        until: i64,
        last: Option<Item>,
        /// Who noted it, where there is no `last`.
        writer: Writer,
    },
}

/// Why bytes are no entry, and who wrote it, as far as that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedEntry {
    pub why: String,
    pub writer: Option<Writer>,
}

impl DamagedEntry {
    pub(super) fn of(why: String, writer: Writer) -> Self {
        let writer = Some(writer);
        Self { why, writer }
    }
}

/// What a pack has to know of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) writer: Writer,
    pub(super) due: Option<i64>,
    /// When it may go, in milliseconds.
    pub(super) ends_at: i64,
}

/// Where the item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    Here,
    Outside { has_last: bool },
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u64,
    latest: i64,
    expires_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    state: Vec<u8>,
    episodes: Vec<RecordedEpisode>,
    /// Without what is shown and held of them, which comes after.
    children: Vec<ChildEpisode>,
    shown: Vec<Vec<ShownValue>>,
    held: Vec<Vec<Interval>>,
    /// Most groups are judged by nobody: then nothing is here.
    judged_to: Option<i64>,
    settled_to: Option<i64>,
}

impl Entry {
    pub(super) fn encoded(&self, packing: Packing) -> Vec<u8> {
        let (place, item) = match self {
            Entry::Here(item) => (Place::Here, Some(item)),
            Entry::Outside { last, .. } => {
                let has_last = last.is_some();
                (Place::Outside { has_last }, last.as_ref())
            }
        };
        let mut bytes = vec![LAYOUT];
        bytes = put(&self.known(packing), bytes);
        bytes = put(&place, bytes);
        if let Some(item) = item {
            bytes = put(&Head::of(item), bytes);
            bytes = put(&Rest::of(item), bytes);
        }
        bytes
    }

    fn known(&self, packing: Packing) -> Known {
        let of_item = |item: &Item, ends_at| Known {
            writer: item.writer,
            due: item.due,
            ends_at,
        };
        match self {
            Entry::Here(item) => of_item(item, packing.end_of(item)),
            Entry::Outside {
                until,
                last: Some(last),
                ..
            } => of_item(last, *until),
            Entry::Outside { until, writer, .. } => Known {
                writer: *writer,
                due: None,
                ends_at: *until,
            },
        }
    }

    /// # Errors
    /// It is damaged, or of another layout.
    pub(super) fn decoded(bytes: &[u8]) -> Result<Self, DamagedEntry> {
        let (layout, known, bytes) = opened::<Known>(bytes)?;
        expect_layout(layout, LAYOUT, known.writer)?;
        let damaged = |why: postcard::Error| DamagedEntry::of(why.to_string(), known.writer);
        let (place, bytes) = postcard::take_from_bytes::<Place>(bytes).map_err(damaged)?;
        let item = || {
            let (head, rest) = postcard::take_from_bytes::<Head>(bytes)?;
            let rest = postcard::from_bytes::<Rest>(rest)?;
            Ok(rest.into_item(known, head))
        };
        let item = || item().map_err(damaged);
        Ok(match place {
            Place::Here => Entry::Here(item()?),
            Place::Outside { has_last } => Entry::Outside {
                until: known.ends_at,
                last: has_last.then(item).transpose()?,
                writer: known.writer,
            },
        })
    }
}

/// What a pack has to know of an entry, of any layout.
///
/// # Errors
/// It is damaged.
pub(super) fn known(bytes: &[u8]) -> Result<Known, DamagedEntry> {
    opened::<Known>(bytes).map(|(_, known, _)| known)
}

/// The layout, what every layout has in this place, and the rest.
pub(super) fn opened<T: DeserializeOwned>(bytes: &[u8]) -> Result<(u8, T, &[u8]), DamagedEntry> {
    let nobody = |why: String| DamagedEntry { why, writer: None };
    let (layout, bytes) = bytes
        .split_first()
        .ok_or_else(|| nobody("it is empty".to_owned()))?;
    let (known, bytes) =
        postcard::take_from_bytes::<T>(bytes).map_err(|why| nobody(why.to_string()))?;
    Ok((*layout, known, bytes))
}

pub(super) fn expect_layout(found: u8, read: u8, writer: Writer) -> Result<(), DamagedEntry> {
    match found == read {
        true => Ok(()),
        false => {
            let why = format!("it has layout {found}, this program reads {read}");
            Err(DamagedEntry::of(why, writer))
        }
    }
}

fn put<T: Serialize>(value: &T, bytes: Vec<u8>) -> Vec<u8> {
    postcard::to_extend(value, bytes).expect("plain values")
}

impl Head {
    fn of(item: &Item) -> Self {
        Self {
            version: item.version,
            latest: item.latest,
            expires_at: item.expires_at,
        }
    }
}

impl Rest {
    fn of(item: &Item) -> Self {
        let of_each = |is_empty: bool| if is_empty { 0 } else { item.children.len() };
        let shown = of_each(item.children.iter().all(|child| child.shown.is_empty()));
        let held = of_each(item.children.iter().all(|child| child.held.is_empty()));
        let some = |time: i64| (time != i64::MIN).then_some(time);
        let children = item.children.iter();
        Self {
            state: item.state.clone(),
            episodes: item.episodes.clone(),
            shown: children
                .clone()
                .take(shown)
                .map(|c| c.shown.clone())
                .collect(),
            held: children.take(held).map(|c| c.held.clone()).collect(),
            children: item.children.clone(),
            judged_to: some(item.judged_to),
            settled_to: some(item.settled_to),
        }
    }

    fn into_item(self, known: Known, head: Head) -> Item {
        let mut children = self.children;
        for (child, shown) in children.iter_mut().zip(self.shown) {
            child.shown = shown;
        }
        for (child, held) in children.iter_mut().zip(self.held) {
            child.held = held;
        }
        Item {
            version: head.version,
            state: self.state,
            episodes: self.episodes,
            children,
            judged_to: self.judged_to.unwrap_or(i64::MIN),
            settled_to: self.settled_to.unwrap_or(i64::MIN),
            due: known.due,
            latest: head.latest,
            expires_at: head.expires_at,
            writer: known.writer,
        }
    }
}
