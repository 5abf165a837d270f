//! An event on its way from the threads that read to the one that counts: a line of JSON, and back.

use std::borrow::Cow;
use std::io::{self, Write};

use detector_core::event::{Event, LogSource};
use detector_core::rule::DetectionRule;
use serde::{Deserialize, Serialize};

/// Bytes of a value that are looked at; a name is shorter, and of a text the beginning does.
const VALUE_BYTES_MAX: usize = 2_048;

/// Values of one field of an event that are looked at.
const VALUES_MAX: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
struct Line<'l> {
    source: usize,
    time_ms: Option<i64>,
    /// The field, by its number, and what it has.
    #[serde(borrow)]
    values: Vec<(usize, Cow<'l, str>)>,
}

/// Writes what the rule, one of those in `looked_at.yml`, asks of the event.
pub(super) fn write_event(lines: &mut Vec<u8>, rule: &DetectionRule, event: &Event<'_, '_>) {
    let mut values = Vec::new();
    for slot in &rule.fields {
        let texts = event.slots.values(*slot).filter_map(|value| value.text());
        values.extend(texts.take(VALUES_MAX).map(|text| (slot.index(), cut(text))));
    }
    let source = LogSource::ALL.iter().position(|it| *it == event.source);
    let line = Line {
        source: source.expect("one of all sources"),
        time_ms: event.time.map(|time| time.millis()),
        values,
    };
    serde_json::to_writer(&mut *lines, &line).expect("texts and numbers are JSON");
    lines.push(b'\n');
}

fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= VALUE_BYTES_MAX {
        return text;
    }
    let end = text.floor_char_boundary(VALUE_BYTES_MAX);
    Cow::Owned(text[..end].to_owned())
}

/// An event, as far as it is looked at.
pub(super) struct Looked<'l> {
    pub(super) source: LogSource,
    pub(super) time_ms: Option<i64>,
    paths: &'l [String],
    values: Vec<(usize, Cow<'l, str>)>,
}

impl Looked<'_> {
    /// What the fields of that path have, without white space around it; nothing where it is empty.
    pub(super) fn all<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s str> {
        let of_path = move |(slot, _): &&(usize, Cow<'_, str>)| self.paths[*slot] == path;
        let texts = self.values.iter().filter(of_path);
        texts
            .map(|(_, text)| text.trim())
            .filter(|it| !it.is_empty())
    }

    pub(super) fn first(&self, path: &str) -> Option<&str> {
        let of_path = |(slot, _): &&(usize, Cow<'_, str>)| self.paths[*slot] == path;
        let text = self.values.iter().find(of_path)?.1.trim();
        (!text.is_empty()).then_some(text)
    }
}

/// Takes lines in any pieces, and gives the event of each to `each`.
pub(super) struct Lines<F> {
    /// By number of the field.
    pub(super) paths: Vec<String>,
    pub(super) each: F,
    /// Of a line whose end is still to come.
    pub(super) begun: Vec<u8>,
}

impl<F: FnMut(&Looked<'_>)> Write for Lines<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let Some(end) = memchr::memrchr(b'\n', &self.begun) else {
            return Ok(bytes.len());
        };
        let lines = self.begun[..end].split(|byte| *byte == b'\n');
        for line in lines {
            let Line {
                source,
                time_ms,
                values,
            } = serde_json::from_slice(line)?;
            (self.each)(&Looked {
                source: LogSource::ALL[source],
                time_ms,
                paths: &self.paths,
                values,
            });
        }
        self.begun.drain(..=end);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
