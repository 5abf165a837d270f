//! `temporal_ordered` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{Compared, Fields, Form, Takes, Window, WindowKind, WindowParts};

use crate::group::groups;
use crate::types::words::within;

/// Judges whether the steps `0..steps` occur in order.
#[derive(Debug, Clone)]
pub struct TemporalOrdered {
    pub timespan_ms: i64,
    pub steps: usize,
}

pub const KIND: WindowKind = WindowKind {
    name: "temporal_ordered",
    form: Form::Type {
        takes: Takes {
            compared: Compared::AllRules,
            fields: Fields::None,
            rank: false,
        },
        link: |linker| {
            Arc::new(TemporalOrdered {
                timespan_ms: linker.timespan_ms(),
                steps: linker.inputs().len(),
            })
        },
    },
};

impl Window for TemporalOrdered {
    /// Which steps there are the inputs of the rule say.
    fn parts(&self) -> WindowParts {
        WindowParts {
            kind: KIND.name,
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let within = within(self.timespan_ms);
        format!("{} in this order {within}", inputs.join(", "))
    }

    /// A chain has all of them.
    fn needs(&self, _input: usize) -> bool {
        true
    }

    fn kept_at_most(&self) -> Option<String> {
        Some("1,024 hits of a step in a timespan".to_owned())
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}
