//! `vedette.absence` in rule files.

use std::any::Any;
use std::sync::Arc;

use detector_rule::{
    Attribute, Draft, Form, Linker, Presence, Reference, Section, Window, WindowKind, WindowParts,
};

use crate::group::groups;
use crate::types::words::{duration, places, within};

/// Hits of a role that are kept of a timespan, one by one for what alerts tell of them.
pub(super) const KEPT_MAX: usize = 128;

/// Roles of hits.
pub(super) const AFTER: u8 = 0;
pub(super) const OF: u8 = 1;
pub(super) const BEFORE: u8 = 2;

/// Judges what happened beside what did not.
#[derive(Debug, Clone)]
pub struct Absence {
    pub timespan_ms: i64,
    pub parts: AbsenceParts,
}

/// Positions are those of the correlation's inputs; each is in one of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceParts {
    /// What must not happen.
    pub of: Vec<usize>,
    /// What comes before its place; may be empty where `before` is not.
    pub after: Vec<usize>,
    /// What comes after its place.
    pub before: Vec<usize>,
}

impl AbsenceParts {
    pub(super) fn has_after(&self) -> bool {
        !self.after.is_empty()
    }

    pub(super) fn has_before(&self) -> bool {
        !self.before.is_empty()
    }

    pub(super) fn role_of(&self, input: usize) -> u8 {
        match input {
            input if self.of.contains(&input) => OF,
            input if self.before.contains(&input) => BEFORE,
            _ => AFTER,
        }
    }
}

pub const KIND: WindowKind = WindowKind {
    name: "absence",
    form: Form::Attribute(Attribute {
        on: &["temporal"],
        keys: &["of", "after", "before"],
        example: "{of: [code_given], after: [code_asked]}",
        read,
    }),
};

#[derive(Debug)]
struct AbsenceDraft {
    of: Vec<Reference>,
    after: Vec<Reference>,
    before: Vec<Reference>,
}

fn read(section: &mut Section<'_, '_>) -> Option<Arc<dyn Draft>> {
    let of = section.rules("of");
    if !section.has("after") && !section.has("before") {
        section.error("`vedette.absence` has neither `after` nor `before`: name the rule after or before whose hits nothing of `of` may be, or both");
        return None;
    }
    let mut rules = |name| match section.has(name) {
        true => section.rules(name),
        false => Some(Vec::new()),
    };
    let (after, before) = (rules("after"), rules("before"));
    Some(Arc::new(AbsenceDraft {
        of: of?,
        after: after?,
        before: before?,
    }))
}

impl Draft for AbsenceDraft {
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window> {
        let parts = AbsenceParts {
            of: linker.places(&self.of),
            after: linker.places(&self.after),
            before: linker.places(&self.before),
        };
        let roles = [&parts.of, &parts.after, &parts.before];
        let mut is_sound = true;
        for at in 0..linker.inputs().len() {
            let rule = &linker.inputs()[at].text;
            let message = match roles.iter().filter(|role| role.contains(&at)).count() {
                1 => continue,
                0 => format!(
                    "`vedette.absence` has `{rule}` neither in `of` nor in `after` or `before`: add it, or remove it from `rules`"
                ),
                _ => format!(
                    "`vedette.absence` has `{rule}` in two of `of`, `after` and `before`: leave it in one of them"
                ),
            };
            is_sound = false;
            linker.problem_of_input(at, message);
        }
        let names: Vec<&str> = linker.inputs().iter().map(|i| i.text.as_str()).collect();
        if is_sound && !parts.are_said_by(&linker.presence(), names.len()) {
            let condition = parts.condition(&names);
            linker.problem(&format!(
                "the condition says something else than `vedette.absence`: other Sigma tools see the condition alone, so write `condition: {condition}`"
            ));
        }
        Arc::new(Absence {
            timespan_ms: linker.timespan_ms(),
            parts,
        })
    }
}

impl AbsenceParts {
    /// Whether a condition over the rules is true of what is asked for, and false beside what must not happen.
    fn are_said_by(&self, condition: &Presence, inputs: usize) -> bool {
        let afters = self
            .after
            .iter()
            .map(Some)
            .chain(self.after.is_empty().then_some(None));
        let mut asked = Vec::new();
        for after in afters {
            let befores = self
                .before
                .iter()
                .map(Some)
                .chain(self.before.is_empty().then_some(None));
            asked.extend(befores.map(|before| (after, before)));
        }
        asked.iter().all(|(after, before)| {
            let mut present = vec![false; inputs];
            for place in after.iter().chain(before) {
                present[**place] = true;
            }
            let holds = condition.holds(&present);
            holds
                && self.of.iter().all(|of| {
                    let mut present = present.clone();
                    present[*of] = true;
                    !condition.holds(&present)
                })
        })
    }

    /// Such a condition.
    fn condition(&self, names: &[&str]) -> String {
        let any = |places: &[usize]| {
            let named: Vec<&str> = places.iter().map(|at| names[*at]).collect();
            match &named[..] {
                [one] => (*one).to_owned(),
                several => format!("({})", several.join(" or ")),
            }
        };
        let asked = [&self.after, &self.before]
            .into_iter()
            .filter(|places| !places.is_empty());
        let asked: Vec<String> = asked.map(|places| any(places)).collect();
        format!("{} and not {}", asked.join(" and "), any(&self.of))
    }
}

impl Absence {
    /// What comes after a hit decides for so long, in milliseconds.
    pub(super) fn delayed_ms(&self) -> i64 {
        match self.parts.has_before() {
            true => 0,
            false => self.timespan_ms,
        }
    }
}

impl Window for Absence {
    fn parts(&self) -> WindowParts {
        let AbsenceParts { of, after, before } = &self.parts;
        WindowParts {
            kind: KIND.name,
            state: vec![
                ("of", places(of)),
                ("after", places(after)),
                ("before", places(before)),
            ],
            ..WindowParts::default()
        }
    }

    fn fires_at(&self, inputs: &[&str]) -> String {
        let any = |places: &[usize]| {
            let names = places.iter().filter_map(|at| inputs.get(*at).copied());
            names.collect::<Vec<_>>().join(" or ")
        };
        let AbsenceParts { of, after, before } = &self.parts;
        let (of, after, before) = (any(of), any(after), any(before));
        let timespan = duration(self.timespan_ms);
        match (self.parts.has_after(), self.parts.has_before()) {
            (true, false) => format!("{after} without {of} within {timespan} after it"),
            (false, _) => format!("{before} without {of} within {timespan} before it"),
            (true, true) => {
                let within = within(self.timespan_ms);
                format!("{after} and then {before} {within}, without {of} between them")
            }
        }
    }

    /// A hit bears on moments that come when it has left the window.
    fn memory_ms(&self) -> i64 {
        self.delayed_ms()
    }

    fn kept_at_most(&self) -> Option<String> {
        Some(format!("{KEPT_MAX} hits of a rule in a timespan"))
    }

    fn groups(&self, quiet_ms: i64) -> Box<dyn Any> {
        let timespan_ms = self.timespan_ms.saturating_add(self.delayed_ms());
        groups::of(self, timespan_ms, quiet_ms)
    }
}
