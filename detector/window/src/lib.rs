//! Windows over event time: hits go in, episodes come out.
//!
//! All the state of the engine is here. It is a function of the *set* of hits: order, repetition, batching and sharding
//! cannot change an episode. Nothing here reads a clock.
#![warn(clippy::disallowed_methods)]

mod state; // what states are made of
pub mod ledger; // what an alert tells of its hits
pub mod kind; // what a window type is
pub mod group; // the state of one group
mod types; // all window types

use std::sync::Arc;

use smallvec::SmallVec;

use crate::group::United;
use crate::group::episode::Episode;
use crate::group::feed::Feed;
use crate::group::group_values::GroupTexts;
use crate::group::group_values::GroupValues;
use crate::group::hit::{self, HitFields};
use crate::group::names::Names;
use crate::group::parents::show_to_parents;
use crate::group::rule_windows::RuleWindows;
use crate::group::version::StateError;
use crate::kind::{ChildView, Occurrence, OccurrenceValue};
use crate::ledger::shown::EventTexts;
use crate::state::key::Key;
use detector_event::event::Event;
use detector_rule::{
    CorrelationIx, CorrelationRule, DetectionIx, InputRule, RuleFile, RuleProblem, RuleSet,
};

pub use group::Doubts;
pub use group::episode::ToldChild;
pub use group::hit::{KeptOut, VALUES_PER_HIT_MAX};
pub use group::names::{ADDRESSES, NAMES};
pub use group::parents::{Parent, parents};
pub use group::{episode, group_values, groups, version};
pub use ledger::shown;
pub use state::{coverage, interval, key, key_set, sample, sketch};
pub use types::{
    TYPES, absence, aggregate, baseline, count, first_seen, ordered, owner, ratio, spike, temporal,
    travel, words,
};

/// Loads all rules of all files, with windows of all [`TYPES`].
///
/// # Errors
/// As [`RuleSet::load`].
pub fn load_rules(files: &[RuleFile]) -> Result<RuleSet, Vec<RuleProblem>> {
    RuleSet::load(files, TYPES)
}

/// Everything that is wrong or doubtful in the files, where windows may be of all [`TYPES`].
pub fn check_rules(files: &[RuleFile]) -> Vec<RuleProblem> {
    detector_rule::check(files, TYPES)
}

/// The windows of all correlation rules.
#[derive(Debug)]
pub struct Windows<'r> {
    rules: &'r RuleSet,
    windows: Vec<Box<dyn RuleWindows>>,
    /// By detection rule: the correlations it feeds.
    feeds: Vec<Feed>,
    names: Names,
    /// By correlation rule: hits in no group.
    kept_out: Vec<KeptOut>,
}

/// Why drained state could not be given back.
pub type SpillError = Box<dyn std::error::Error + Send + Sync>;

/// State that was drained and is given back for evaluation.
pub trait Spilled {
    /// The next group of `rule`, in the order of keys; a group may come several times in a row. Rules are asked for in
    /// their order, each until it has no more.
    ///
    /// # Errors
    /// The state cannot be read back.
    fn next(&mut self, rule: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError>;
}

/// Nothing was drained.
#[derive(Debug)]
pub struct NothingSpilled;

impl Spilled for NothingSpilled {
    fn next(&mut self, _: CorrelationIx) -> Result<Option<(Key, &[u8])>, SpillError> {
        Ok(None)
    }
}

fn rule_windows(rule: &CorrelationRule) -> Box<dyn RuleWindows> {
    let groups = rule.window.groups(rule.quiet_ms).downcast();
    *groups.expect("what `groups::of` made of it")
}

impl<'r> Windows<'r> {
    pub fn new(rules: &'r RuleSet) -> Self {
        let mut feeds = vec![Feed::default(); rules.detections.len()];
        for (at, rule) in (0..).zip(&rules.correlations) {
            for (input, source) in rule.inputs.iter().enumerate() {
                if let InputRule::Detection(detection) = source.rule {
                    feeds[detection.0 as usize].add(CorrelationIx(at), rule, input);
                }
            }
        }
        Self {
            rules,
            windows: rules.correlations.iter().map(rule_windows).collect(),
            feeds,
            names: Names::new(rules),
            kept_out: vec![KeptOut::default(); rules.correlations.len()],
        }
    }

    /// Whether any correlation waits for the hits of `rule`.
    pub fn is_fed_by(&self, rule: DetectionIx) -> bool {
        !self.feeds[rule.0 as usize].consumers.is_empty()
    }

    /// Takes a hit of `rule` at `time`: the event's own, or its arrival where that is earlier by more than the skew.
    pub fn observe(&mut self, rule: DetectionIx, event: &Event<'_, '_>, time: i64) {
        let id = Key::of_event_id(event.id);
        let Self {
            rules,
            windows,
            feeds,
            names,
            kept_out,
        } = self;
        let feed = &feeds[rule.0 as usize];
        let read = feed.read(event.slots, names);
        // All are looked for before any is changed: the machine then waits for memory once and not for one after the other.
        let mut places: SmallVec<[Option<u32>; 16]> = SmallVec::new();
        for consumer in &feed.consumers {
            let windows = &windows[consumer.rule.0 as usize];
            places.push(read.group(consumer).and_then(|key| windows.find(key)));
        }
        for (consumer, &place) in feed.consumers.iter().zip(&places) {
            let at = consumer.rule.0 as usize;
            let (correlation, windows) = (&rules.correlations[at], &mut windows[at]);
            let source = &correlation.inputs[consumer.input];
            let shown = hit::shown(source, event);
            let told = EventTexts {
                id: event.id,
                shown: &shown,
            };
            let value = || read.value(consumer, &source.value, event.slots);
            if let Some((key, value)) = read.group(consumer).zip(value()) {
                let group = GroupValues {
                    key,
                    write_texts: &|bytes| GroupTexts::write(read.group_texts(consumer), bytes),
                };
                let occurrence = Occurrence::hit(consumer.input, time, id, value);
                windows.observe(place, &group, &occurrence, told);
                continue;
            }
            let mut see = |fields: HitFields<'_>| {
                let group = GroupValues {
                    key: Key::of_texts(fields.texts),
                    write_texts: &|bytes| GroupTexts::write(fields.texts, bytes),
                };
                let occurrence = Occurrence::hit(consumer.input, time, id, fields.value);
                windows.observe(None, &group, &occurrence, told);
            };
            let (of, reads) = ((correlation, source), (consumer.reads, &*names));
            hit::each(of, reads, event, &mut kept_out[at], &mut see);
        }
    }

    /// The groups that a hit of `rule` is in, by correlation, and the key of the value that is counted there, if one is. For
    /// who looks at events once more, when it is known which groups matter.
    pub fn groups_of(
        &self,
        rule: DetectionIx,
        event: &Event<'_, '_>,
        sink: &mut dyn FnMut(CorrelationIx, Key, Option<Key>),
    ) {
        for consumer in &self.feeds[rule.0 as usize].consumers {
            let correlation = &self.rules.correlations[consumer.rule.0 as usize];
            let source = &correlation.inputs[consumer.input];
            let of = ((correlation, source), (consumer.reads, &self.names));
            hit::each(of.0, of.1, event, &mut KeptOut::default(), &mut |fields| {
                let value = match fields.value {
                    OccurrenceValue::Key(key) => Some(key),
                    _ => None,
                };
                sink(consumer.rule, Key::of_texts(fields.texts), value);
            });
        }
    }

    /// Unites the state of another worker over the same rules.
    pub fn merge(&mut self, other: Windows<'r>) {
        for (mine, theirs) in self.windows.iter_mut().zip(other.windows) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.kept_out.iter_mut().zip(&other.kept_out) {
            mine.add(theirs);
        }
    }

    /// Hits in no group, by correlation rule.
    pub fn kept_out(&self) -> &[KeptOut] {
        &self.kept_out
    }

    /// Bytes of all group state.
    pub fn bytes(&self) -> usize {
        self.windows.iter().map(|w| w.bytes()).sum()
    }

    /// Holds the groups of each rule to `bytes_max`: beyond, those farthest from firing are forgotten. How many, by
    /// correlation rule; no rule pays for another.
    pub fn evict(&mut self, bytes_max: usize) -> impl Iterator<Item = u64> {
        self.windows.iter_mut().map(move |w| w.evict(bytes_max))
    }

    /// Takes all group state away, encoded, by rule and then by group key.
    pub fn drain_encoded(&mut self, sink: &mut dyn FnMut(CorrelationIx, Key, &[u8])) {
        for (at, windows) in (0..).zip(&mut self.windows) {
            windows.drain_encoded(&mut |group, state| sink(CorrelationIx(at), group, state));
        }
    }

    /// Unites encoded states of one group of `rule`, apart from those held here. With a `watermark`, before which no
    /// event is still to come but for repetitions, what no further event can change is forgotten.
    ///
    /// # Errors
    /// One of them is not a state of that rule.
    pub fn unite(
        &self,
        rule: CorrelationIx,
        group: Key,
        states: &[&[u8]],
        watermark: Option<i64>,
    ) -> Result<United, StateError> {
        self.unite_told(rule, group, states, watermark, Vec::new())
    }

    /// As [`Windows::unite`]; the episodes tell of the episodes of child correlations, too, that are given here. What
    /// these make hold is part of the states already.
    ///
    /// # Errors
    /// One of the states is not a state of that rule.
    pub fn unite_told(
        &self,
        rule: CorrelationIx,
        group: Key,
        states: &[&[u8]],
        watermark: Option<i64>,
        children: Vec<ToldChild>,
    ) -> Result<United, StateError> {
        self.windows[rule.0 as usize].unite(group, states, watermark, children)
    }

    /// The times of the first and the last hit that an encoded state of `rule` keeps; `None` where it keeps none.
    ///
    /// # Errors
    /// It is not a state of that rule.
    pub fn times(
        &self,
        rule: CorrelationIx,
        state: &[u8],
    ) -> Result<Option<(i64, i64)>, StateError> {
        self.windows[rule.0 as usize].times(state)
    }

    /// A state of `rule` that was written by a lower threshold, without the moments of which it knows only that they held by
    /// that one: these count from now on.
    ///
    /// # Errors
    /// It is not a state of that rule.
    pub fn without_absorbed(
        &self,
        rule: CorrelationIx,
        state: &[u8],
    ) -> Result<Vec<u8>, StateError> {
        self.windows[rule.0 as usize].without_absorbed(state)
    }

    /// Whether further hits can only make the condition of `rule` hold at more moments.
    pub fn is_monotone(&self, rule: CorrelationIx) -> bool {
        self.windows[rule.0 as usize].is_monotone()
    }

    /// How `rule` sees its child correlations.
    pub fn child_view(&self, rule: CorrelationIx) -> ChildView {
        self.windows[rule.0 as usize].child_view()
    }

    /// Lets those of `child`'s parents that see their children as `view` see an episode, or as much of it as is known.
    /// Seen again, longer or not, it makes no difference.
    pub fn show_child(&mut self, child: CorrelationIx, episode: &Arc<Episode>, view: ChildView) {
        let parents = &mut self.windows[child.0 as usize + 1..];
        show_to_parents(self.rules, child, episode, parents, |of| of == view);
    }

    /// Evaluates the groups of all rules as a set, children before parents, with the state that was drained before.
    /// A group that comes back is forgotten as soon as it is evaluated: what was drained never has to fit into memory.
    /// Returns, by correlation rule, how many groups saw more than they keep one by one, so that their moments are
    /// estimates; nothing where none did.
    ///
    /// # Errors
    /// State that was drained cannot be read back.
    pub fn finish(
        mut self,
        spilled: &mut dyn Spilled,
        sink: &mut dyn FnMut(CorrelationIx, Episode),
    ) -> Result<Vec<Doubts>, SpillError> {
        let mut doubts = vec![Doubts::default(); self.windows.len()];
        for at in 0..self.windows.len() {
            let rule = CorrelationIx(u32::try_from(at).expect("fewer than 2^32 rules"));
            let (done, parents) = self.windows.split_at_mut(at + 1);
            let windows = &mut done[at];
            let mut told = |episode| {
                let episode = Arc::new(episode);
                show_to_parents(self.rules, rule, &episode, parents, |_| true);
                sink(rule, Arc::unwrap_or_clone(episode));
            };
            let mut current = None;
            while let Some((group, state)) = spilled.next(rule)? {
                if let Some(done) = current.filter(|current| *current != group) {
                    doubts[at] += windows.drain_group(done, &mut told);
                }
                windows.merge_encoded(group, state)?;
                current = Some(group);
            }
            doubts[at] += windows.drain_episodes(&mut told);
        }
        Ok(doubts)
    }
}
