//! How large packs become, and how long they stay.

use crate::item::Item;

/// What is packed, and how long it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    /// A larger item moves out, in bytes: every write of any other in the pack would write it again.
    pub entry_bytes_max: usize,
    /// What would make a pack larger than this moves out, in bytes.
    pub pack_bytes_max: usize,
    /// That an item lies by itself stays noted for so much longer than the item, in milliseconds: an item that is written
    /// again and again is a write of the pack only this often.
    pub noted_ms: i64,
    /// It is noted anew when less than this is left, in milliseconds: longer than a store may take to delete what is over.
    pub noted_ms_min: i64,
    /// What is added to [`Item::expires_at`], in milliseconds.
    pub longer_ms: i64,
    /// How long after its last hit an item goes that is still due, in milliseconds: its rule is no more.
    pub due_ms: i64,
}

impl Packing {
    /// As all workers have to have it who share a store: small items, and packs far below what an item may take.
    ///
    /// `longer_ms` and `due_ms` are as in the fields.
    pub const fn kept(longer_ms: i64, due_ms: i64) -> Self {
        const DAY_MS: i64 = 24 * 3600 * 1000;
        Self {
            noted_ms: 60 * DAY_MS,
            noted_ms_min: 10 * DAY_MS,
            entry_bytes_max: 4_000,
            pack_bytes_max: 32_000,
            longer_ms,
            due_ms,
        }
    }

    /// When an item may go, in milliseconds.
    pub fn end_of(self, item: &Item) -> i64 {
        match item.expires_at {
            Some(at) => at.saturating_add(self.longer_ms),
            None => item.latest.saturating_add(self.due_ms),
        }
    }
}
