//! `event_count` and `value_count` in rule files.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use detector_rule::{Compared, Fields, Form, Takes, Threshold, Window, WindowKind, WindowParts};

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
            threshold,
            counted: PhantomData,
        }
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
        link: |linker| Arc::new(EventCount::new(linker.timespan_ms(), linker.count())),
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
        link: |linker| Arc::new(ValueCount::new(linker.timespan_ms(), linker.count())),
    },
};

impl<V: Countable> Window for Count<V> {
    fn parts(&self) -> WindowParts {
        let absorbs_at = self.threshold.saturation();
        // Of a count that more can undo, less than all would hold where all do not: its state is good for this alone.
        let state = match self.threshold.is_monotone() {
            true => Vec::new(),
            false => vec![("counts up to", absorbs_at.to_string())],
        };
        WindowParts {
            kind: V::KIND_NAME,
            state,
            judgement: vec![("threshold", self.threshold.to_string())],
            absorbs_at: Some(absorbs_at),
        }
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let within = within(self.timespan_ms);
        format!("{} {} {within}", number(&self.threshold), V::NOUN)
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
