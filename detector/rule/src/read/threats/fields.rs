//! The mapping of one entry: its keys, and their values of the type that is wanted. What is wrong is reported.

use chrono::NaiveDate;

use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::{self, text_list};
use crate::yaml::yaml_tree::{Kind, Node, shortened};

pub(super) struct Entry<'n> {
    line: u32,
    node: &'n Node,
    what: &'n str,
}

impl<'n> Entry<'n> {
    /// `None`: it is no mapping. Keys that are not known are reported as well.
    pub(super) fn new(
        line: u32,
        node: &'n Node,
        what: &'n str,
        known: &[&'static str],
        out: &mut Reporter<'_>,
    ) -> Option<Self> {
        let Some(entries) = node.map() else {
            out.error(
                line,
                format!(
                    "{what} is a mapping of {}, not {}",
                    known.join(", "),
                    node.shown()
                ),
            );
            return None;
        };
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if !known.contains(&name) {
                let hint = suggestion(name, known.iter().copied());
                let shown = key.text().map_or_else(|| key.shown(), shortened);
                out.error(
                    key.line,
                    format!(
                        "unknown key {shown} of {what}{hint}; known are {}",
                        known.join(", ")
                    ),
                );
            }
        }
        Some(Self { line, node, what })
    }

    pub(super) fn get(&self, name: &str) -> Option<(&'n Node, &'n Node)> {
        self.node.entry(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn line_of(&self, name: &str) -> u32 {
        self.get(name).map_or(self.line, |(key, _)| key.line)
    }

    fn required(
        &self,
        name: &str,
        why: &str,
        out: &mut Reporter<'_>,
    ) -> Option<(&'n Node, &'n Node)> {
        let found = self.get(name);
        if found.is_none() {
            out.error(self.line, format!("{} has no `{name}`: {why}", self.what));
        }
        found
    }

    /// Text that must be there.
    pub(super) fn text(&mut self, name: &str, why: &str, out: &mut Reporter<'_>) -> Option<String> {
        let (key, node) = self.required(name, why, out)?;
        values::text(key, node, &format!("`{name}` of {}", self.what), out)
    }

    /// A day that must be there.
    pub(super) fn day(
        &mut self,
        name: &str,
        why: &str,
        out: &mut Reporter<'_>,
    ) -> Option<NaiveDate> {
        let (key, node) = self.required(name, why, out)?;
        let day = node
            .text()
            .and_then(|text| NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok());
        if day.is_none() {
            out.error(
                key.line,
                format!("`{name}` is a day, as 2027-01-31, not {}", node.shown()),
            );
        }
        day
    }

    /// A duration that must be there, in milliseconds.
    pub(super) fn duration(&mut self, name: &str, out: &mut Reporter<'_>) -> Option<i64> {
        let (key, node) = self.required(name, "a duration, as `90d`", out)?;
        values::duration(key, node, name, out)
    }

    /// One of these words, which must be there.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&'static str, T)],
        out: &mut Reporter<'_>,
    ) -> Option<T> {
        let known = || words.iter().map(|(word, _)| *word);
        let list = known().collect::<Vec<_>>().join(", ");
        let (key, node) = self.required(name, &format!("one of {list}"), out)?;
        let text = node.text().unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let hint = suggestion(text, known());
            out.error(
                key.line,
                format!("`{name}` is one of {list}, not {}{hint}", node.shown()),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// true or false; false where it is not there.
    pub(super) fn flag(&mut self, name: &str, out: &mut Reporter<'_>) -> bool {
        match self.get(name) {
            None => false,
            Some((_, node)) if matches!(node.kind, Kind::Bool(_)) => node.kind == Kind::Bool(true),
            Some((key, node)) => {
                out.error(
                    key.line,
                    format!(
                        "`{name}` is true or false, without quotes, not {}",
                        node.shown()
                    ),
                );
                false
            }
        }
    }

    /// Names; none where there are none.
    pub(super) fn list(&mut self, name: &str, out: &mut Reporter<'_>) -> Vec<Reference> {
        let found = self.get(name);
        let list = found.and_then(|(_, node)| text_list(node, &format!("`{name}`"), out));
        list.unwrap_or_default()
    }
}
