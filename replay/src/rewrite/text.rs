//! Scalars in whatever holds them: packed content is opened, and JSON text, one document or several, is read without a
//! tree. Each may hold the other.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::edit::{Edit, Unescaped, applied, escaped};
use super::scalar::{Rewrite, Scalar};
use super::{aggregate, packed};

/// Objects within objects whose keys are remembered; deeper ones have the key of the last.
const KEYS_MAX: usize = 128;

/// `bytes` with its values exchanged, whatever packs them; `None` where nothing changes.
pub(super) fn content(bytes: &[u8], nesting: u8, rewrite: &mut dyn Rewrite) -> Option<Vec<u8>> {
    let nesting = nesting.checked_sub(1)?;
    if packed::is_gzip(bytes) {
        let changed = content(&packed::inflated(bytes)?, nesting, rewrite)?;
        return Some(packed::deflated(&changed));
    }
    if aggregate::is_aggregate(bytes) {
        return aggregate::rewritten(bytes, &mut |data| content(data, nesting, rewrite));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if is_json(text) && is_of_a_piece(text) {
        return changed(text, edits(text, nesting, rewrite)).map(String::into_bytes);
    }
    if let Some(inner) = packed::base64_of_gzip(text.trim()) {
        let inner = content(&inner, nesting, rewrite)?;
        return Some(packed::base64(&inner).into_bytes());
    }
    if !text.trim_end().contains('\n') {
        return None;
    }
    lines(text, nesting, rewrite)
}

/// Lines of which each may be anything.
fn lines(text: &str, nesting: u8, rewrite: &mut dyn Rewrite) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut is_changed = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        match content(bare.as_bytes(), nesting, rewrite) {
            Some(changed) => {
                is_changed = true;
                out.extend_from_slice(&changed);
                out.extend_from_slice(&line.as_bytes()[bare.len()..]);
            }
            None => out.extend_from_slice(line.as_bytes()),
        }
    }
    is_changed.then_some(out)
}

fn changed(text: &str, edits: Vec<Edit>) -> Option<String> {
    (!edits.is_empty()).then(|| applied(text, &edits))
}

/// Whether scalars are to be looked for in `text`. What begins as an object does is read even where it is damaged, as
/// the decoder does; else it has to be JSON: `[INFO] started 1700000000` is a line of a log.
fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let follows = |rest: &str, starts: &[char]| rest.trim_start().starts_with(starts);
    match text.as_bytes().first() {
        Some(b'{') => follows(&text[1..], &['"']),
        Some(b'[') if follows(&text[1..], &['{']) => true,
        Some(b'[' | b'"') => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        _ => false,
    }
}

/// Whether all lines of `text` are JSON: of one document, or of several.
fn is_of_a_piece(text: &str) -> bool {
    !text.trim_end().contains('\n')
        || serde_json::Deserializer::from_str(text)
            .into_iter::<IgnoredAny>()
            .all(|document| document.is_ok())
}

/// What changes in `text`.
fn edits(text: &str, nesting: u8, rewrite: &mut dyn Rewrite) -> Vec<Edit> {
    let mut walk = Walk {
        text,
        at: 0,
        keys: Vec::new(),
        depth: 0,
        edits: Vec::new(),
        nesting,
    };
    while let Some(&byte) = text.as_bytes().get(walk.at) {
        walk.step(byte, rewrite);
    }
    walk.edits
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
    /// The key in hand of each open bracket, outermost first.
    keys: Vec<Cow<'t, str>>,
    /// Open brackets beyond those in `keys`.
    depth: usize,
    edits: Vec<Edit>,
    nesting: u8,
}

impl<'t> Walk<'t> {
    fn step(&mut self, byte: u8, rewrite: &mut dyn Rewrite) {
        match byte {
            b'"' => self.string(rewrite),
            b'-' | b'0'..=b'9' => self.number(rewrite),
            b'{' | b'[' => {
                if self.keys.len() < KEYS_MAX {
                    // What is in an array has the array's key.
                    let key = self.keys.last().cloned().unwrap_or_default();
                    self.keys.push(key);
                } else {
                    self.depth += 1;
                }
                self.at += 1;
            }
            b'}' | b']' => {
                match self.depth {
                    0 => drop(self.keys.pop()),
                    _ => self.depth -= 1,
                }
                self.at += 1;
            }
            _ => self.at += 1,
        }
    }

    fn number(&mut self, rewrite: &mut dyn Rewrite) {
        let rest = &self.text[self.at..];
        let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(is_part).count();
        let key = self.keys.last().map_or("", |key| key);
        if let Some(with) = rewrite.scalar(key, Scalar::Number(&rest[..length])) {
            let range = self.at..self.at + length;
            self.edits.push(Edit { range, with });
        }
        self.at += length;
    }

    fn string(&mut self, rewrite: &mut dyn Rewrite) {
        let begin = self.at + 1;
        let Some(length) = string_length(&self.text.as_bytes()[begin..]) else {
            // It never ends.
            self.at = self.text.len();
            return;
        };
        let written = &self.text[begin..begin + length];
        self.at = begin + length + 1;
        if self.text[self.at..].trim_start().starts_with(':') {
            let key = match written.contains('\\') {
                true => Unescaped::of(written)
                    .map_or_else(String::new, |it| it.text)
                    .into(),
                false => Cow::Borrowed(written),
            };
            if let Some(last) = self.keys.last_mut() {
                *last = key;
            }
            return;
        }
        let key = self.keys.last().map_or("", |key| key);
        let found = inside(key, written, self.nesting, rewrite);
        self.edits.extend(found.into_iter().map(|edit| Edit {
            range: begin + edit.range.start..begin + edit.range.end,
            ..edit
        }));
    }
}

/// What changes in a string, as it is written between its quotes.
fn inside(key: &str, written: &str, nesting: u8, rewrite: &mut dyn Rewrite) -> Vec<Edit> {
    let whole = |with: &str| {
        vec![Edit {
            range: 0..written.len(),
            with: escaped(with),
        }]
    };
    let unescaped;
    let text = match written.contains('\\') {
        false => written,
        true => match Unescaped::of(written) {
            Some(it) => {
                unescaped = it;
                if nesting > 0 && is_json(&unescaped.text) {
                    let inner = edits(&unescaped.text, nesting - 1, rewrite);
                    return inner.iter().map(|edit| unescaped.written(edit)).collect();
                }
                &unescaped.text
            }
            None => return Vec::new(),
        },
    };
    if nesting > 0 {
        if is_json(text) {
            return edits(text, nesting - 1, rewrite);
        }
        if let Some(inner) = packed::base64_under(key, text) {
            let changed = content(&inner, nesting, rewrite);
            return changed.map_or_else(Vec::new, |inner| whole(&packed::base64(&inner)));
        }
    }
    let with = rewrite.scalar(key, Scalar::Text(text));
    with.map_or_else(Vec::new, |with| whole(&with))
}

/// Bytes up to the closing quote.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at = (at + 2).min(bytes.len());
    }
}
