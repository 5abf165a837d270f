//! A quick way over JSON values that stand one after the other: where each ends, and that it is well-formed.
//!
//! The reader skips by recursion, so it is never shown more text than holds [`OPENERS_MAX`] brackets. It may refuse what
//! is JSON (then a thorough way has the last word); it never takes what is not.

use serde::Deserialize;
use sonic_rs::LazyValue;

use crate::scan::{OPENERS_MAX, has_odd_escape, openers};

/// Text shown to the reader at first; more where a value does not end within it.
const WINDOW_BYTES: usize = 32 << 10;

#[derive(Debug)]
pub(super) struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// Up to here, the text from some point before `at` has few enough brackets.
    window_end: usize,
}

impl<'a> Walk<'a> {
    /// `text` must have no odd escape: the quick reader would go wrong at it.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        (!has_odd_escape(text.as_bytes())).then_some(Self {
            text,
            at: 0,
            window_end: 0,
        })
    }

    /// The next byte that is no white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Takes the next byte that is no white space, if it is `byte`.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The next value, without the white space around it.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.peek()?;
        if let Some(value) = self.within_window() {
            return Some(value);
        }
        let mut bytes = WINDOW_BYTES;
        loop {
            let end = self.text.floor_char_boundary(self.at.saturating_add(bytes));
            if openers(&self.text.as_bytes()[self.at..end]) > OPENERS_MAX {
                return None;
            }
            self.window_end = end;
            if let Some(value) = self.within_window() {
                return Some(value);
            }
            if end == self.text.len() {
                return None;
            }
            bytes = bytes.saturating_mul(8);
        }
    }

    fn within_window(&mut self) -> Option<&'a str> {
        let window = self.text.get(self.at..self.window_end)?;
        let mut reader = sonic_rs::Deserializer::from_str(window);
        let bytes = LazyValue::deserialize(&mut reader).ok()?.as_raw_str().len();
        // A number that ends with the window may go on behind it.
        if bytes == window.len() && self.window_end < self.text.len() {
            return None;
        }
        self.at += bytes;
        Some(&window[..bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        let mut walk = Walk::new(r#" {"a":[1,"]"]} , "x\"y" 12"#).unwrap();
        assert_eq!(walk.value(), Some(r#"{"a":[1,"]"]}"#));
        assert!(!walk.take(b':') && walk.take(b','));
        assert_eq!(walk.value(), Some(r#""x\"y""#));
        assert_eq!(walk.value(), Some("12"));
        assert_eq!(walk.value(), None);
    }

    #[test]
    fn windows_do_not_show() {
        for bytes in WINDOW_BYTES - 2..WINDOW_BYTES + 3 {
            let long = format!("\"{}é\"", "x".repeat(bytes - 4));
            let text = format!("{long}12345{long}");
            let mut walk = Walk::new(&text).unwrap();
            assert_eq!(walk.value(), Some(&long[..]));
            assert_eq!(walk.value(), Some("12345"));
            assert_eq!(walk.value(), Some(&long[..]));
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Walk::new(&deep).unwrap().value(), None);
        assert_eq!(Walk::new(&"[".repeat(1 << 20)).unwrap().value(), None);
        assert_eq!(Walk::new("{\"a\":tru}").unwrap().value(), None);
        assert!(Walk::new(r#""\u12""#).is_none());
    }
}
