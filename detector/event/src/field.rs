//! Field paths and the slots they are given.
//!
//! Everything that any rule reads of an event is registered here before the first event is seen, so that one scan of
//! an event picks out exactly those fields.

use hashbrown::HashMap;

use crate::keys::Keys;

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

/// The paths that are looked for, as a tree of object keys.
///
/// A dotted path `a.b` is found as the key `b` of the object under `a`, in every member where `a` is an array, and as
/// the literal key `a.b` of the top object (flattened logs).
#[derive(Debug)]
pub struct FieldTable {
    /// By node.
    children: Vec<Keys>,
    /// By node. Apart from what is large: every value that is looked for is asked for its slot.
    slots: Vec<Option<SlotId>>,
    paths: Vec<Box<str>>,
    by_path: HashMap<Box<str>, SlotId, foldhash::fast::FixedState>,
}

impl Default for FieldTable {
    fn default() -> Self {
        Self {
            children: vec![Keys::default()],
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
        self.children.push(Keys::default());
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
        Some(self.children[node].search(key)).filter(|child| *child != 0)
    }

    /// The keys that lead on from `node`: to nodes that are not 0, which is the top one.
    #[inline(always)]
    pub(crate) fn keys(&self, node: usize) -> &Keys {
        &self.children[node]
    }
}
