//! `event_count` and `value_count` in rule files.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use detector_rule::{
    ByValue, Compared, Fields, Form, Linker, Takes, Threshold, Window, WindowKind, WindowParts,
};

use crate::group::group_values::texts;
use crate::group::groups;
use crate::kind::{ChildView, Detail};
use crate::ledger::Counted;
use crate::state::key::Key;
use crate::types::words::{number, within};

/// Counts distinct event ids, or the distinct values of a field.
#[derive(Debug, Clone)]
pub struct Count<V> {
    pub timespan_ms: i64,
    pub threshold: Threshold,
    /// The count from which on a group keeps no more: that from which on all counts are judged alike, whatever the
    /// values of the group.
    pub(super) absorbs_at: u64,
    pub(super) by_value: Option<Arc<Thresholds<V>>>,
    counted: PhantomData<V>,
}

pub type EventCount = Count<()>;
pub type ValueCount = Count<Key>;

/// What is counted.
pub trait Countable: Counted + Detail {
    /// As rule files name the type.
    const KIND_NAME: &'static str;
    const NOUN: &'static str;
    const CHILD_VIEW: ChildView;

    /// What tells it from others in an event with that id.
    fn of_event(self, id: Key) -> Key;
}

/// Events.
impl Countable for () {
    const KIND_NAME: &'static str = "event_count";
    const NOUN: &'static str = "events";
    const CHILD_VIEW: ChildView = ChildView::Episodes;

    fn of_event(self, id: Key) -> Key {
        id
    }
}

/// Values.
impl Countable for Key {
    const KIND_NAME: &'static str = "value_count";
    const NOUN: &'static str = "different values";
    const CHILD_VIEW: ChildView = ChildView::HoldingIntervals;

    fn of_event(self, _: Key) -> Key {
        self
    }
}

impl<V> Count<V> {
    pub fn new(timespan_ms: i64, threshold: Threshold) -> Self {
        Self {
            timespan_ms,
            absorbs_at: threshold.saturation(),
            threshold,
            by_value: None,
            counted: PhantomData,
        }
    }
}

impl<V: Countable> Count<V> {
    fn link(linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let mut window = Self::new(linker.timespan_ms(), linker.count());
        if let Some(said) = linker.by_value() {
            let (thresholds, absorbs_at) = Thresholds::new(said, &window);
            window.absorbs_at = absorbs_at;
            window.by_value = Some(Arc::new(thresholds));
        }
        Arc::new(window)
    }

    /// `10 or more events within 10 minutes`
    fn own_words(&self) -> String {
        let within = within(self.timespan_ms);
        format!("{} {} {within}", number(&self.threshold), V::NOUN)
    }
}

pub const EVENTS: WindowKind = WindowKind {
    name: <() as Countable>::KIND_NAME,
    form: Form::Type {
        takes: Takes {
            compared: Compared::Count,
            fields: Fields::None,
            rank: false,
        },
        link: EventCount::link,
    },
};

pub const VALUES: WindowKind = WindowKind {
    name: <Key as Countable>::KIND_NAME,
    form: Form::Type {
        takes: Takes {
            compared: Compared::Count,
            fields: Fields::Several,
            rank: false,
        },
        link: ValueCount::link,
    },
};

/// A threshold for each group, by what a list says of one of its values, and the windows of these.
///
/// All groups of a rule are kept alike, up to the highest of its thresholds, so that a number of the list that changes
/// changes what a state means and never the state.
#[derive(Debug)]
pub(super) struct Thresholds<V> {
    pub(super) said: ByValue,
    /// One for each number that the list has, in their order.
    windows: Vec<(u64, Count<V>)>,
}

impl<V> Thresholds<V> {
    /// Of windows that are as `own` but for their numbers; the count from which on all of them, and `own`, judge alike.
    pub(super) fn new(said: ByValue, own: &Count<V>) -> (Self, u64) {
        let threshold = |number| Threshold(vec![(said.comparison, number)]);
        let numbers = said.numbers.all();
        let highest = numbers.last().map(|number| threshold(*number).saturation());
        let absorbs_at = own.absorbs_at.max(highest.unwrap_or(0));
        let window = |number: u64| {
            let mut window = Count::new(own.timespan_ms, threshold(number));
            window.absorbs_at = absorbs_at;
            (number, window)
        };
        let windows = numbers.into_iter().map(window).collect();
        (Self { said, windows }, absorbs_at)
    }

    /// The window of a group whose values are given as they are kept; none where the list does not know them.
    pub(super) fn of_kept(&self, group: &[u8]) -> Option<&Count<V>> {
        self.of(texts(group).nth(self.said.place)?)
    }

    /// The same of the values themselves.
    pub(super) fn of_values(&self, group: &[&str]) -> Option<&Count<V>> {
        self.of(group.get(self.said.place)?)
    }

    fn of(&self, value: &str) -> Option<&Count<V>> {
        let number = self.said.numbers.of(value)?;
        let at = self
            .windows
            .binary_search_by_key(&number, |(number, _)| *number);
        Some(&self.windows[at.ok()?].1)
    }

    /// `tenant: 5 values of limits, 00ff…`
    pub(super) fn written(&self) -> String {
        let ByValue {
            field,
            list,
            numbers,
            ..
        } = &self.said;
        let (count, hash) = (numbers.len(), numbers.fingerprint());
        format!("{field}: {count} values of {list}, {hash}")
    }
}

impl<V: Countable> Window for Count<V> {
    fn parts(&self) -> WindowParts {
        let absorbs_at = self.absorbs_at;
        // Of a count that more can undo, less than all would hold where all do not: its state is good for this alone.
        let state = match self.threshold.is_monotone() {
            true => Vec::new(),
            false => vec![("counts up to", absorbs_at.to_string())],
        };
        let mut judgement = vec![("threshold", self.threshold.to_string())];
        let by_value = self.by_value.iter();
        judgement.extend(by_value.map(|by_value| ("thresholds", by_value.written())));
        WindowParts {
            kind: V::KIND_NAME,
            state,
            judgement,
            absorbs_at: Some(absorbs_at),
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let own = self.own_words();
        match &self.by_value {
            None => own,
            Some(by_value) => {
                let (list, field) = (&by_value.said.list, &by_value.said.field);
                format!("{own}, or as many as `{list}` says of the `{field}`")
            }
        }
    }

    fn fires_at_of(&self, group: &[&str], _: &[&str]) -> String {
        let by_value = self.by_value.as_ref();
        let window = by_value.and_then(|by_value| by_value.of_values(group));
        window.unwrap_or(self).own_words()
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
