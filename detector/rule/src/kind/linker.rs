//! What a window type is given of its rule, once the rules that it refers to are known.

use std::sync::Arc;

use crate::kind::by_value::{ByValue, ThresholdsDraft};
use crate::model::{Decimal, Presence, Threshold};
use crate::yaml::reference::Reference;

/// The condition, its rules found.
#[derive(Debug)]
pub(crate) enum Condition {
    Count(Threshold),
    /// And the percentile.
    Number(Threshold<Decimal>, u8),
    Rules(Presence),
    /// All rules in their order.
    InOrder,
}

/// Where the name of a rule leads.
#[derive(Debug)]
pub(crate) enum Place {
    /// Its place among `rules`.
    Input(usize),
    /// A rule that is not among them.
    Elsewhere,
    /// Nowhere; why.
    Unknown(String),
}

/// Links one window; all that is wrong with it is kept, with its line.
pub struct Linker<'l> {
    /// The type, as messages call it, and its line.
    pub(crate) what: String,
    pub(crate) line: u32,
    pub(crate) timespan_ms: i64,
    pub(crate) inputs: &'l [Reference],
    pub(crate) condition: &'l Condition,
    pub(crate) counts_values: bool,
    pub(crate) group_by: &'l [Reference],
    pub(crate) thresholds: Option<&'l ThresholdsDraft>,
    /// Whether the type asked for [`Linker::by_value`].
    pub(crate) knows_thresholds: bool,
    pub(crate) find: &'l dyn Fn(&str) -> Place,
    pub(crate) problems: Vec<(u32, String)>,
}

impl Linker<'_> {
    pub fn timespan_ms(&self) -> i64 {
        self.timespan_ms
    }

    /// The rules that the correlation refers to, as its file names them.
    pub fn inputs(&self) -> &[Reference] {
        self.inputs
    }

    /// What the count is compared with, of a type that takes one.
    pub fn count(&self) -> Threshold {
        match self.condition {
            Condition::Count(threshold) => threshold.clone(),
            other => unreachable!("read as a count: {other:?}"),
        }
    }

    /// The thresholds that a list has, of a type that can take them.
    pub fn by_value(&mut self) -> Option<ByValue> {
        self.knows_thresholds = true;
        let draft = self.thresholds?;
        let (field, line) = (&draft.field.text, draft.field.line);
        let mut problem = |message: String| self.problems.push((line, message));
        let place = self.group_by.iter().position(|name| name.text == *field);
        if place.is_none() {
            let names: Vec<&str> = self.group_by.iter().map(|name| &*name.text).collect();
            problem(match &names[..] {
                [] => format!(
                    "`vedette.thresholds` looks up `{field}`, and all events are one group: write `group-by: [{field}]`"
                ),
                _ => format!(
                    "`vedette.thresholds` looks up `{field}`, which is not grouped by: name one of {}",
                    names.join(", ")
                ),
            });
        }
        let comparison = match self.condition {
            Condition::Count(Threshold(bounds)) if bounds.len() == 1 => Some(bounds[0].0),
            _ => {
                problem("`vedette.thresholds` puts a number in place of that of the condition, which has several comparisons: leave one".to_owned());
                None
            }
        };
        Some(ByValue {
            field: field.as_str().into(),
            place: place?,
            list: draft.list.text.as_str().into(),
            numbers: Arc::clone(&draft.numbers),
            comparison: comparison?,
        })
    }

    /// Whether it looks at values of fields, and not at events alone.
    pub fn counts_values(&self) -> bool {
        self.counts_values
    }

    /// What the number is compared with, of a type that takes one, and the percentile.
    pub fn number(&self) -> (Threshold<Decimal>, u8) {
        match self.condition {
            Condition::Number(threshold, rank) => (threshold.clone(), *rank),
            other => unreachable!("read as a number: {other:?}"),
        }
    }

    /// Which rules must be there, of a type that asks for that.
    pub fn presence(&self) -> Presence {
        match self.condition {
            Condition::Rules(presence) => presence.clone(),
            other => unreachable!("read as a condition over rules: {other:?}"),
        }
    }

    /// Reports, at the type's key, why it does not fit the rule.
    pub fn problem(&mut self, message: &str) {
        self.problems.push((self.line, message.to_owned()));
    }

    /// Reports what is wrong with one of the rules that the correlation refers to.
    pub fn problem_of_input(&mut self, input: usize, message: String) {
        let line = self.inputs.get(input).map_or(self.line, |input| input.line);
        self.problems.push((line, message));
    }

    /// The places of the rules among the correlation's.
    pub fn places(&mut self, references: &[Reference]) -> Vec<usize> {
        let mut places = Vec::new();
        for Reference { text, line } in references {
            let what = &self.what;
            let message = match (self.find)(text) {
                Place::Input(place) if !places.contains(&place) => {
                    places.push(place);
                    continue;
                }
                Place::Input(_) => {
                    format!("{what} names the rule `{text}` twice, by the same or another name")
                }
                Place::Elsewhere => {
                    format!("{what} names the rule `{text}`, which is not among `rules`")
                }
                Place::Unknown(why) => why,
            };
            self.problems.push((*line, message));
        }
        places
    }
}
