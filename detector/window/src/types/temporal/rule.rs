//! `temporal` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Compared, Comparison, Fields, Form, Linker, Presence, Takes, Threshold, Window, WindowKind,
    WindowParts,
};

use crate::group::groups;
use crate::types::temporal::alternatives::{ALTERNATIVES_MAX, Alternatives};
use crate::types::temporal::except::TemporalExcept;
use crate::types::words::{duration, number, within};

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
        link,
    },
};

fn link(linker: &mut Linker<'_>) -> Arc<dyn Window> {
    let (timespan_ms, inputs) = (linker.timespan_ms(), linker.inputs().len());
    let presence = linker.presence();
    if presence.has_not() {
        match Alternatives::of(&presence) {
            Some(ways) => {
                return Arc::new(TemporalExcept {
                    timespan_ms,
                    inputs,
                    ways,
                    presence,
                });
            }
            None => linker.problem(&format!(
                "the condition can hold in more than {ALTERNATIVES_MAX} ways: write several rules, or fewer `or` beside `not`"
            )),
        }
    }
    Arc::new(Temporal {
        timespan_ms,
        inputs,
        presence,
    })
}

impl Window for Temporal {
    fn parts(&self) -> WindowParts {
        WindowParts {
            kind: KIND.name,
            judgement: vec![("condition", self.presence.to_string())],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let present = present(&self.presence, inputs);
        format!("{present} {}", within(self.timespan_ms))
    }

    fn needs(&self, input: usize) -> bool {
        self.presence.needs(input, self.inputs)
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        groups::of(self, self.timespan_ms, quiet_ms)
    }
}

impl Window for TemporalExcept {
    /// It keeps times, not moments, as far back as `not` stands within `not`.
    fn parts(&self) -> WindowParts {
        WindowParts {
            kind: KIND.name,
            state: vec![("depth of not", self.ways.depth().to_string())],
            judgement: vec![("condition", self.presence.to_string())],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let present = present(&self.presence, inputs);
        let around = duration(self.timespan_ms);
        format!("{present} within {around}, where `not` looks {around} before and after")
    }

    fn memory_ms(&self) -> i64 {
        self.looks_ahead_ms()
    }

    fn looks_ahead_ms(&self) -> i64 {
        self.reach_ms() - self.timespan_ms
    }

    fn kept_at_most(&self) -> Option<String> {
        Some("1,024 hits of a rule in a timespan".to_owned())
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
        Presence::Count(threshold) if is_all(threshold, names) => match names {
            [one, other] => format!("both {one} and {other}"),
            _ => format!("all of {}", names.join(", ")),
        },
        Presence::Count(threshold) => format!("{} of {}", number(threshold), names.join(", ")),
        Presence::Input(at) => (*names.get(*at).unwrap_or(&"?")).to_owned(),
        Presence::And(parts) => list(parts, " and "),
        Presence::Or(parts) => list(parts, " or "),
        Presence::Not(part) => format!("not {}", present(part, names)),
    }
}

fn is_all(threshold: &Threshold, names: &[&str]) -> bool {
    threshold.0 == [(Comparison::Gte, names.len() as u64)]
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
        let two = Presence::Count(Threshold(vec![(Comparison::Gte, 2)]));
        assert_eq!(present(&two, &["a", "b"]), "both a and b");
        assert_eq!(present(&two, &["a", "b", "c"]), "2 or more of a, b, c");
    }
}
