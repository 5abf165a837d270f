//! Values of an event as text and as numbers, without allocating.

use std::fmt::Write as _;

use detector_event::slots::Value;
use detector_rule::Number;

/// The value as text, as [`Value::text`] gives it; numbers are written to `buffer`.
pub(super) fn text_of<'v>(value: &'v Value<'_>, buffer: &'v mut String) -> Option<&'v str> {
    buffer.clear();
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null | Value::Container => return None,
        Value::Bool(b) => return Some(if *b { "true" } else { "false" }),
        Value::Text(text) => return Some(text),
        Value::Unsigned(n) => write!(buffer, "{n}"),
        Value::Signed(n) => write!(buffer, "{n}"),
        Value::Float(n) => write!(buffer, "{}", serde_json::Number::from_f64(*n)?),
    };
    Some(buffer)
}

/// The value as a number: JSON numbers, and text that is one.
pub(super) fn number_of(value: &Value<'_>) -> Option<Number> {
    match value {
        Value::Unsigned(n) => Some(Number::Int((*n).into())),
        Value::Signed(n) => Some(Number::Int((*n).into())),
        Value::Float(n) => n.is_finite().then(|| Number::from_f64(*n)),
        Value::Text(text) => Number::from_text(text),
        Value::Null | Value::Bool(_) | Value::Container => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_allocating_form() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Unsigned(u64::MAX),
            Value::Signed(-7),
            Value::Float(200.0),
            Value::Float(1e-7),
            Value::Text("x".into()),
            Value::Container,
        ];
        let mut buffer = String::new();
        for value in values {
            assert_eq!(text_of(&value, &mut buffer), value.text().as_deref());
        }
    }
}
