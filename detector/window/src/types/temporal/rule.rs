//! `temporal` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{Compared, Fields, Form, Presence, Takes, Window, WindowKind};

use crate::group::groups;
use crate::types::words::{number, within};

/// Judges which inputs are present.
#[derive(Debug, Clone)]
pub struct Temporal {
    pub timespan_ms: i64,
    /// The number of referred rules.
    pub inputs: usize,
    pub presence: Presence,
}

pub const KIND: WindowKind = WindowKind {
    name: "temporal",
    form: Form::Type {
        takes: Takes {
            compared: Compared::Rules,
            fields: Fields::None,
            rank: false,
        },
        link: |linker| {
            Arc::new(Temporal {
                timespan_ms: linker.timespan_ms(),
                inputs: linker.inputs().len(),
                presence: linker.presence(),
            })
        },
    },
};

impl Window for Temporal {
    fn identity(&self) -> String {
        format!("Temporal {{ presence: {:?} }}", self.presence)
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let present = present(&self.presence, inputs);
        format!("{present} {}", within(self.timespan_ms))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}

/// `(a and not b)`
fn present(presence: &Presence, names: &[&str]) -> String {
    let list = |parts: &[Presence], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| present(part, names)).collect();
        match parts.len() {
            1 => parts.concat(),
            _ => format!("({})", parts.join(word)),
        }
    };
    match presence {
        Presence::Count(threshold) => format!("{} of {}", number(threshold), names.join(", ")),
        Presence::Input(at) => (*names.get(*at).unwrap_or(&"?")).to_owned(),
        Presence::And(parts) => list(parts, " and "),
        Presence::Or(parts) => list(parts, " or "),
        Presence::Not(part) => format!("not {}", present(part, names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_over_rules_are_words() {
        let both = Presence::And(vec![
            Presence::Input(0),
            Presence::Not(Box::new(Presence::Input(1))),
        ]);
        assert_eq!(present(&both, &["a", "b"]), "(a and not b)");
    }
}
