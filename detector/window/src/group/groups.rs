//! All groups of one correlation rule.

use std::any::Any;

use hashbrown::HashTable;

use crate::group::body::GroupTimes;
use crate::group::episode::{Episode, ToldChild};
use crate::group::group_values::GroupValues;
use crate::group::rule_windows::RuleWindows;
use crate::group::version::StateError;
use crate::group::{Doubts, Group, United};
use crate::kind::{ChildView, Occurrence, WindowType};
use crate::ledger::shown::EventTexts;
use crate::state::key::Key;

/// The groups of a rule with this window, as [`Window::groups`](detector_rule::Window::groups) hands them out.
pub fn of<W: WindowType + Clone>(window: &W, timespan_ms: i64, quiet_ms: i64) -> Box<dyn Any> {
    let times = GroupTimes {
        timespan_ms,
        quiet_ms,
    };
    let groups: Box<dyn RuleWindows> = Box::new(Groups::new(window.clone(), times));
    Box::new(groups)
}

/// All groups of one correlation rule.
///
/// Groups lie in chunks and the table holds their places, so that growing moves four bytes a group and no more memory
/// is set aside than one chunk.
#[derive(Debug)]
pub struct Groups<W: WindowType> {
    window: W,
    times: GroupTimes,
    places: HashTable<u32>,
    chunks: Vec<Vec<Place<W>>>,
    bytes: usize,
}

#[derive(Debug)]
struct Place<W: WindowType> {
    key: Key,
    /// `None` after it was drained.
    group: Option<Group<W>>,
}

const CHUNK_GROUPS: usize = 1024;

/// What the table needs for a place: the place, its tag, and room to grow.
const PLACE_OVERHEAD_BYTES: usize = 10;

fn place_bytes<W: WindowType>() -> usize {
    size_of::<Place<W>>() + PLACE_OVERHEAD_BYTES
}

/// Where groups have to leave, a quarter of the room is made free at once.
const EVICTED_PART: usize = 4;

impl<W: WindowType> Groups<W> {
    pub fn new(window: W, times: GroupTimes) -> Self {
        Self {
            window,
            times,
            places: HashTable::new(),
            chunks: Vec::new(),
            bytes: 0,
        }
    }

    /// All groups, taken out, in the order of keys.
    fn drain_sorted(&mut self) -> Vec<(Key, Group<W>)> {
        self.bytes = 0;
        self.places.clear();
        let places = std::mem::take(&mut self.chunks).into_iter().flatten();
        let mut groups: Vec<_> = places
            .filter_map(|place| Some((place.key, place.group?)))
            .collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    fn place_of(&self, key: Key) -> Option<u32> {
        let is_it = |at: &u32| place(&self.chunks, *at).key == key;
        self.places.find(hash(key), is_it).copied()
    }

    /// The place of a group, made if it is new.
    fn find_or_insert(&mut self, group: &GroupValues<'_>) -> u32 {
        if let Some(at) = self.place_of(group.key) {
            return at;
        }
        let new = Group::new(group.write_texts);
        self.insert(group.key, new)
    }

    /// The place of a group that is not there yet.
    fn insert(&mut self, key: Key, group: Group<W>) -> u32 {
        if self
            .chunks
            .last()
            .is_none_or(|chunk| chunk.len() == CHUNK_GROUPS)
        {
            self.chunks.push(Vec::with_capacity(
                CHUNK_GROUPS.min(4 << self.chunks.len().min(20)),
            ));
        }
        let full_chunks = (self.chunks.len() - 1) * CHUNK_GROUPS;
        let chunk = self.chunks.last_mut().expect("pushed where there was none");
        let at =
            u32::try_from(full_chunks + chunk.len()).expect("fewer than 2^32 groups of a rule");
        self.bytes += place_bytes::<W>() + group.bytes(&self.window);
        chunk.push(Place {
            key,
            group: Some(group),
        });
        let chunks = &self.chunks;
        self.places
            .insert_unique(hash(key), at, |at| hash(place(chunks, *at).key));
        at
    }

    /// Changes one group and keeps the account of bytes.
    fn change(
        &mut self,
        (at, group): (u32, &GroupValues<'_>),
        change: impl FnOnce(&mut Group<W>, &W),
    ) {
        let state = place_mut(&mut self.chunks, at);
        let state = state.get_or_insert_with(|| Group::new(group.write_texts));
        let before = state.bytes(&self.window);
        let window = state.window(&self.window);
        change(state, window);
        self.bytes = self.bytes + state.bytes(&self.window) - before;
    }

    /// Unites a group from elsewhere into that of the same key.
    fn merge_group(&mut self, key: Key, theirs: Group<W>) {
        let Some(at) = self.place_of(key) else {
            self.insert(key, theirs);
            return;
        };
        let place = place_mut(&mut self.chunks, at);
        let Some(mine) = place else {
            self.bytes += theirs.bytes(&self.window);
            *place = Some(theirs);
            return;
        };
        let before = mine.bytes(&self.window);
        let window = mine.window(&self.window);
        mine.merge(theirs, window, self.times);
        self.bytes = self.bytes + mine.bytes(&self.window) - before;
    }
}

/// Keys are hashes: any of their bits will do.
fn hash(key: Key) -> u64 {
    key.to_u128() as u64
}

fn place<W: WindowType>(chunks: &[Vec<Place<W>>], at: u32) -> &Place<W> {
    &chunks[at as usize / CHUNK_GROUPS][at as usize % CHUNK_GROUPS]
}

fn place_mut<W: WindowType>(chunks: &mut [Vec<Place<W>>], at: u32) -> &mut Option<Group<W>> {
    &mut chunks[at as usize / CHUNK_GROUPS][at as usize % CHUNK_GROUPS].group
}

impl<W: WindowType> RuleWindows for Groups<W> {
    fn find(&self, group: Key) -> Option<u32> {
        self.place_of(group)
    }

    fn observe(
        &mut self,
        place: Option<u32>,
        group: &GroupValues<'_>,
        hit: &Occurrence,
        texts: EventTexts<'_>,
    ) {
        let times = self.times;
        let at = place.unwrap_or_else(|| self.find_or_insert(group));
        self.change((at, group), |state, window| {
            state.observe(hit, texts, window, times)
        });
    }

    fn is_monotone(&self) -> bool {
        self.window.is_monotone()
    }

    fn child_view(&self) -> ChildView {
        W::CHILD_VIEW
    }

    fn observe_child(
        &mut self,
        group: &GroupValues<'_>,
        occurrences: &[Occurrence],
        child: ToldChild,
    ) {
        let times = self.times;
        let at = self.find_or_insert(group);
        self.change((at, group), |state, window| {
            state.observe_child(occurrences, child, window, times)
        });
    }

    fn merge(&mut self, other: Box<dyn RuleWindows>) {
        let other = other
            .into_any()
            .downcast::<Self>()
            .expect("both are the groups of one rule");
        for (key, theirs) in { *other }.drain_sorted() {
            self.merge_group(key, theirs);
        }
    }

    fn drain_encoded(&mut self, sink: &mut dyn FnMut(Key, &[u8])) {
        let times = self.times;
        for (key, mut group) in self.drain_sorted() {
            let window = group.window(&self.window);
            sink(key, &group.encode(window, times));
        }
    }

    fn merge_encoded(&mut self, key: Key, state: &[u8]) -> Result<(), StateError> {
        let theirs = Group::decode(state, &self.window, self.times)?;
        self.merge_group(key, theirs);
        Ok(())
    }

    fn unite(
        &self,
        key: Key,
        states: &[&[u8]],
        watermark: Option<i64>,
        children: Vec<ToldChild>,
    ) -> Result<United, StateError> {
        let times = self.times;
        let mut group = Group::united(states, &self.window, times)?;
        let window = group.window(&self.window);
        if let Some(watermark) = watermark {
            group.forget(watermark, window, times);
        }
        let state = group.encode(window, times);
        group.tell(children, window, times);
        let mut episodes = Vec::new();
        group.episodes(key, self.times, window, &mut |episode| {
            episodes.push(episode)
        });
        Ok(United {
            state,
            forgotten_to: group.forgotten_to(),
            values: group.texts().iter().map(Into::into).collect(),
            episodes,
        })
    }

    fn times(&self, state: &[u8]) -> Result<Option<(i64, i64)>, StateError> {
        let mut group = Group::decode(state, &self.window, self.times)?;
        let window = group.window(&self.window);
        Ok(group.times(window, self.times))
    }

    fn without_absorbed(&self, state: &[u8]) -> Result<Vec<u8>, StateError> {
        let mut group = Group::decode(state, &self.window, self.times)?;
        let window = group.window(&self.window);
        group.give_up_absorbed(window);
        Ok(group.encode(window, self.times))
    }

    fn drain_group(&mut self, key: Key, sink: &mut dyn FnMut(Episode)) -> Doubts {
        let Some(at) = self.place_of(key) else {
            return Doubts::default();
        };
        let Some(mut group) = place_mut(&mut self.chunks, at).take() else {
            return Doubts::default();
        };
        self.bytes -= group.bytes(&self.window);
        let window = group.window(&self.window);
        group.episodes(key, self.times, window, sink);
        group.doubts(window)
    }

    fn drain_episodes(&mut self, sink: &mut dyn FnMut(Episode)) -> Doubts {
        let mut doubts = Doubts::default();
        let window = &self.window;
        for place in self.chunks.iter_mut().flatten() {
            let cannot_hold = |group: &mut Group<W>| !group.can_hold(group.window(window));
            place.group.take_if(cannot_hold);
        }
        for (key, mut group) in self.drain_sorted() {
            let window = group.window(&self.window);
            group.episodes(key, self.times, window, sink);
            doubts += group.doubts(window);
        }
        doubts
    }

    fn evict(&mut self, bytes_max: usize) -> u64 {
        if self.bytes <= bytes_max {
            return 0;
        }
        let groups = self.drain_sorted();
        let mut order: Vec<(f64, Key, Group<W>)> = groups
            .into_iter()
            .map(|(key, mut group)| (group.closeness(group.window(&self.window)), key, group))
            .collect();
        order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        // Well below the limit, so that not every new group looks at all others.
        let room = bytes_max - bytes_max / EVICTED_PART;
        let mut left = order.into_iter();
        for (_, key, group) in left.by_ref() {
            if self.bytes + place_bytes::<W>() + group.bytes(&self.window) > room {
                return 1 + left.len() as u64;
            }
            self.insert(key, group);
        }
        0
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
