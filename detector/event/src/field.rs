//! Field paths and the slots they are given.
//!
//! Everything that any rule reads of an event is registered here before the first event is seen, so that one scan of
//! an event picks out exactly those fields.

use hashbrown::HashMap;

/// The place of one field path in every [`Slots`](crate::slots::Slots).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(u32);

impl SlotId {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 field paths"))
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Keys and the nodes they lead to.
///
/// Nearly every key of an event is looked up and most are not there, so a miss costs one look at a bit, and a hit
/// compares two numbers instead of text.
#[derive(Debug)]
struct Children {
    /// A bit for each place that a key has: more than there are buckets, so that few keys are looked for in vain.
    occupied: [u64; Self::PLACES / 64],
    /// By [`Children::place`], less what is more than there are buckets: the place of the first key plus one.
    first: [u16; Self::BUCKETS],
    keys: Vec<Child>,
}

#[derive(Debug)]
struct Child {
    sign: Sign,
    key: Box<[u8]>,
    node: usize,
    /// The next key of the same bucket, plus one.
    next: u16,
}

/// The length and both ends of a key: all of it, where it is no longer than [`Sign::WHOLE_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sign {
    len: usize,
    head: u64,
    tail: u64,
}

impl Sign {
    const WHOLE_BYTES_MAX: usize = 16;

    #[inline(always)]
    fn of(key: &[u8]) -> Self {
        let (head, tail) = if let (Some(head), Some(tail)) = (key.first_chunk(), key.last_chunk()) {
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (key.first_chunk(), key.last_chunk()) {
            let [head, tail] = [head, tail].map(|four| u64::from(u32::from_le_bytes(*four)));
            (head, tail)
        } else {
            let shifted = |sum, byte: &u8| sum << 8 | u64::from(*byte);
            (key.iter().fold(0, shifted), 0)
        };
        let len = key.len();
        Self { len, head, tail }
    }
}

impl Default for Children {
    fn default() -> Self {
        Self {
            occupied: [0; Self::PLACES / 64],
            first: [0; Self::BUCKETS],
            keys: Vec::new(),
        }
    }
}

impl Children {
    const BUCKETS: usize = 1024;
    const PLACES: usize = 2048;

    /// Told by length, ends and a byte between: `eventName`, `eventTime`, `eventType` and `errorCode` share the others.
    #[inline(always)]
    fn place(key: &[u8]) -> usize {
        let len = key.len();
        let (Some(first), Some(later)) = (key.first(), key.get(len / 2 + len / 4)) else {
            return 0;
        };
        let [first, later, last] = [*first, *later, key[len - 1]].map(usize::from);
        (len ^ (first * 7) ^ (later * 293) ^ (last * 37)) % Self::PLACES
    }

    #[inline(always)]
    fn get(&self, key: &[u8]) -> Option<usize> {
        let place = Self::place(key);
        if self.occupied[place / 64] >> (place % 64) & 1 == 0 {
            return None;
        }
        self.find(key, place % Self::BUCKETS)
    }

    #[inline(never)]
    fn find(&self, key: &[u8], bucket: usize) -> Option<usize> {
        let sign = Sign::of(key);
        let mut next = self.first[bucket];
        while next != 0 {
            let child = &self.keys[usize::from(next) - 1];
            if child.sign == sign && (sign.len <= Sign::WHOLE_BYTES_MAX || *child.key == *key) {
                return Some(child.node);
            }
            next = child.next;
        }
        None
    }

    fn insert(&mut self, key: &[u8], node: usize) {
        let sign = Sign::of(key);
        let place = Self::place(key);
        self.occupied[place / 64] |= 1 << (place % 64);
        self.keys.push(Child {
            sign,
            key: key.into(),
            node,
            next: 0,
        });
        let number =
            u16::try_from(self.keys.len()).expect("an object has fewer than 2^16 registered keys");
        // Behind the others: what rules ask for is registered first, and is in more events than what decode looks for.
        let mut next = self.first[place % Self::BUCKETS];
        if next == 0 {
            self.first[place % Self::BUCKETS] = number;
        }
        while next != 0 {
            let before = &mut self.keys[usize::from(next) - 1];
            next = before.next;
            if next == 0 {
                before.next = number;
            }
        }
    }
}

/// The paths that are looked for, as a tree of object keys.
///
/// A dotted path `a.b` is found as the key `b` of the object under `a`, in every member where `a` is an array, and as
/// the literal key `a.b` of the top object (flattened logs).
#[derive(Debug)]
pub struct FieldTable {
    /// By node.
    children: Vec<Children>,
    /// By node. Apart from what is large: every value that is looked for is asked for its slot.
    slots: Vec<Option<SlotId>>,
    paths: Vec<Box<str>>,
    by_path: HashMap<Box<str>, SlotId, foldhash::fast::FixedState>,
}

impl Default for FieldTable {
    fn default() -> Self {
        Self {
            children: vec![Children::default()],
            slots: vec![None],
            paths: Vec::new(),
            by_path: HashMap::default(),
        }
    }
}

impl FieldTable {
    /// The slot of `path`, made if it is new.
    pub fn slot(&mut self, path: &str) -> SlotId {
        if let Some(&slot) = self.by_path.get(path) {
            return slot;
        }
        let slot = SlotId(u32::try_from(self.paths.len()).expect("fewer than 2^32 field paths"));
        self.paths.push(path.into());
        self.by_path.insert(path.into(), slot);
        let nested = path
            .split('.')
            .fold(0, |node, key| self.child_or_new(node, key));
        self.slots[nested] = Some(slot);
        if path.contains('.') {
            let literal = self.child_or_new(0, path);
            self.slots[literal] = Some(slot);
        }
        slot
    }

    fn child_or_new(&mut self, node: usize, key: &str) -> usize {
        if let Some(child) = self.child(node, key.as_bytes()) {
            return child;
        }
        let child = self.slots.len();
        self.children.push(Children::default());
        self.slots.push(None);
        self.children[node].insert(key.as_bytes(), child);
        child
    }

    pub fn path(&self, slot: SlotId) -> &str {
        &self.paths[slot.index()]
    }

    /// All slots, in the order of their making.
    pub fn slots(&self) -> impl Iterator<Item = SlotId> {
        (0..self.paths.len()).map(|i| SlotId(i as u32))
    }

    /// The number of slots.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The slot of the values at `node`.
    #[inline(always)]
    pub(crate) fn slot_of(&self, node: usize) -> Option<SlotId> {
        self.slots[node]
    }

    #[inline(always)]
    pub(crate) fn child(&self, node: usize, key: &[u8]) -> Option<usize> {
        self.children[node].get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_at_every_byte() {
        let key = |len: usize| -> String { ('a'..='z').cycle().take(len).collect() };
        let mut table = FieldTable::default();
        let slots: Vec<_> = (1..40).map(|len| table.slot(&key(len))).collect();
        for (len, slot) in (1..40).zip(slots) {
            let found = table
                .child(0, key(len).as_bytes())
                .map(|node| table.slot_of(node));
            assert_eq!(found, Some(Some(slot)));
            for at in 0..len {
                let mut other = key(len);
                other.replace_range(at..=at, "-");
                assert_eq!(table.child(0, other.as_bytes()), None, "{other}");
            }
        }
        assert_eq!(table.child(0, b""), None);
        assert_eq!(table.child(0, b"\0"), None);
        assert_eq!(table.child(0, key(40).as_bytes()), None);
    }
}
