//! Field paths and the slots they are given.
//!
//! Everything that any rule reads of an event is registered here before the first event is seen, so that one scan of
//! an event picks out exactly those fields.

use hashbrown::HashMap;

/// The place of one field path in every [`Slots`](crate::slots::Slots).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(u32);

impl SlotId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) slot: Option<SlotId>,
    children: Children,
}

/// Keys and the nodes they lead to.
///
/// Nearly every key of an event is looked up and most are not there, so a miss costs one look into a small table.
#[derive(Debug)]
struct Children {
    /// By [`Children::bucket`], the place of the first key plus one.
    first: [u16; Self::BUCKETS],
    keys: Vec<Child>,
}

#[derive(Debug)]
struct Child {
    key: Box<str>,
    node: usize,
    /// The next key of the same bucket, plus one.
    next: u16,
}

impl Default for Children {
    fn default() -> Self {
        Self {
            first: [0; Self::BUCKETS],
            keys: Vec::new(),
        }
    }
}

impl Children {
    const BUCKETS: usize = 256;

    /// Told by length and ends: field names that share all three are few.
    fn bucket(key: &str) -> usize {
        let bytes = key.as_bytes();
        let at = |place: usize| usize::from(bytes.get(place).copied().unwrap_or_default());
        let (first, last) = (at(0), at(bytes.len().wrapping_sub(1)));
        (bytes.len() ^ first.wrapping_mul(7) ^ last.wrapping_mul(37)) % Self::BUCKETS
    }

    fn get(&self, key: &str) -> Option<usize> {
        let mut next = self.first[Self::bucket(key)];
        while next != 0 {
            let child = &self.keys[usize::from(next) - 1];
            if *child.key == *key {
                return Some(child.node);
            }
            next = child.next;
        }
        None
    }

    fn insert(&mut self, key: &str, node: usize) {
        let first = &mut self.first[Self::bucket(key)];
        self.keys.push(Child {
            key: key.into(),
            node,
            next: *first,
        });
        *first =
            u16::try_from(self.keys.len()).expect("an object has fewer than 2^16 registered keys");
    }
}

/// The paths that are looked for, as a tree of object keys.
///
/// A dotted path `a.b` is found as the key `b` of the object under `a`, in every member where `a` is an array, and as
/// the literal key `a.b` of the top object (flattened logs).
#[derive(Debug)]
pub struct FieldTable {
    nodes: Vec<Node>,
    paths: Vec<Box<str>>,
    by_path: HashMap<Box<str>, SlotId, foldhash::fast::FixedState>,
}

impl Default for FieldTable {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
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
        self.nodes[nested].slot = Some(slot);
        if path.contains('.') {
            let literal = self.child_or_new(0, path);
            self.nodes[literal].slot = Some(slot);
        }
        slot
    }

    fn child_or_new(&mut self, node: usize, key: &str) -> usize {
        if let Some(child) = self.nodes[node].children.get(key) {
            return child;
        }
        self.nodes.push(Node::default());
        let child = self.nodes.len() - 1;
        self.nodes[node].children.insert(key, child);
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

    pub(crate) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    pub(crate) fn child(&self, node: usize, key: &str) -> Option<usize> {
        self.nodes[node].children.get(key)
    }
}
