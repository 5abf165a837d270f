//! `event_count` and `value_count` in rule files.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use detector_rule::{Compared, Fields, Form, Takes, Threshold, Window, WindowKind};

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
    /// As the keys of stored state name the type.
    const IDENTITY: &'static str;
    const NOUN: &'static str;
    const CHILD_VIEW: ChildView;

    /// What tells it from others in an event with that id.
    fn of_event(self, id: Key) -> Key;
}

/// Events.
impl Countable for () {
    const IDENTITY: &'static str = "EventCount";
    const NOUN: &'static str = "events";
    const CHILD_VIEW: ChildView = ChildView::Episodes;

    fn of_event(self, id: Key) -> Key {
        id
    }
}

/// Values.
impl Countable for Key {
    const IDENTITY: &'static str = "ValueCount";
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
    name: "event_count",
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
    name: "value_count",
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
    fn identity(&self) -> String {
        format!("{} {{ threshold: {:?} }}", V::IDENTITY, self.threshold)
    }

    fn fires_at(&self, _: &[&str]) -> String {
        let within = within(self.timespan_ms);
        format!("{} {} {within}", number(&self.threshold), V::NOUN)
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
