//! An event of those in evidence, as its log has it: shown once, and stored nowhere.

use detector_event::event::{Body, Event};
use detector_event::time::Timestamp;
use serde_json::Value;

use super::lines::lines;
use crate::neutral::neutral;
use crate::secret;

/// More of an event is cut.
const BYTES_MAX: usize = 2_048;
/// More of it is not shown.
const CHARS_MAX: usize = 1_500;
/// Objects in objects; what is deeper stands as JSON.
const DEPTH_MAX: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleEvent {
    pub id: String,
    /// The log source.
    pub source: &'static str,
    pub time: Timestamp,
    pub arrival: Option<Timestamp>,
    pub text: String,
}

impl SampleEvent {
    /// `None`: it carries no time, and so is in no evidence.
    pub fn of(event: &Event<'_, '_>) -> Option<Self> {
        let text = match event.body {
            Body::Json(bytes) => String::from_utf8_lossy(&bytes[..bytes.len().min(BYTES_MAX)]),
            Body::Text(text) => text.into(),
        };
        Some(Self {
            id: event.id.to_owned(),
            source: event.source.service(),
            time: event.time?,
            arrival: event.arrival,
            text: text[..text.floor_char_boundary(BYTES_MAX)].to_owned(),
        })
    }
    /// The event as a person reads it, each field in a line, in lines of at most `columns` where a value has blanks; what is
    /// empty is left out. As it is where it is no whole JSON object.
    pub(super) fn told(&self, columns: usize) -> String {
        // Before anything is taken apart: what stands around a secret may tell it.
        let fields = match serde_json::from_str(&secret::masked(&self.text)) {
            Ok(Value::Object(fields)) => Value::Object(fields),
            _ => return broken(&neutral(&self.text, CHARS_MAX), columns),
        };
        let mut told = Vec::new();
        tell(&fields, 0, columns, &mut told);
        let mut chars_left = CHARS_MAX;
        let all = told.len();
        told.retain(|line| {
            chars_left = chars_left.saturating_sub(line.chars().count() + 1);
            chars_left > 0
        });
        if told.len() < all {
            told.push("…".to_owned());
        }
        told.join("\n")
    }
}

fn tell(fields: &Value, depth: usize, columns: usize, told: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for (name, value) in fields.as_object().into_iter().flatten() {
        let name = neutral(name, CHARS_MAX);
        let text = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::Object(inner) if !inner.is_empty() && depth < DEPTH_MAX => {
                told.push(format!("{indent}{name}:"));
                tell(value, depth + 1, columns, told);
                continue;
            }
            Value::String(text) => neutral(text, CHARS_MAX),
            _ => neutral(&value.to_string(), CHARS_MAX),
        };
        let lines = lines(&format!("{name}: {text}"), columns - 2 * (depth + 1));
        let lines = lines.iter().enumerate();
        told.extend(lines.map(|(at, line)| match at {
            0 => format!("{indent}{line}"),
            _ => format!("{indent}  {line}"),
        }));
    }
}

/// A line of a log, which may have no blank, cut into lines.
fn broken(text: &str, columns: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let lines = chars.chunks(columns).map(|line| line.iter().collect());
    lines.collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let sample = SampleEvent {
            id: "e".into(),
            source: "lambda",
            time: Timestamp::default(),
            arrival: None,
            text: text.into(),
        };
        sample.told(20)
    }

    #[test]
    fn an_event_has_a_line_for_each_field_that_says_something() {
        let text = r#"{"sub":"ann","none":null,"empty":"","in":{"n":1,"list":["a",{}]},"note":"one two three four five"}"#;
        let lines = "in:\n  list: [\"a\",{}]\n  n: 1\nnote: one two\n  three four five\nsub: ann";
        assert_eq!(told(text), lines);
    }

    #[test]
    fn what_is_no_whole_object_is_cut_into_lines() {
        assert_eq!(
            told("{\"cut\":\"0123456789012345"),
            "{\"cut\":\"012345678901\n2345"
        );
    }

    #[test]
    fn nothing_is_too_long_or_too_deep() {
        let long = format!("{{\"a\":\"{}\",\"b\":1}}", "x ".repeat(CHARS_MAX));
        let told_long = told(&long);
        assert!(told_long.chars().count() < CHARS_MAX + 200 && told_long.ends_with("\n…"));
        let deep = format!("{}1{}", "{\"a\":".repeat(90), "}".repeat(90));
        let told_deep = told(&deep);
        assert_eq!(told_deep.lines().count(), DEPTH_MAX + 2, "{told_deep}");
    }

    #[test]
    fn a_field_ends_no_line_and_keeps_no_secret() {
        let text = r#"{"a\n\nEVIDENCE":"b\nc","password":"hunter2hunter2","k":"AKIA\u0049OSFODNN7EXAMPLE"}"#;
        let told = told(text);
        assert!(
            !told.contains("hunter2") && !told.contains("AKIAIOSFODNN7EXAMPLE"),
            "{told}"
        );
        assert!(
            !told.contains("\nEVIDENCE") && !told.contains("\nc"),
            "{told}"
        );
    }
}
