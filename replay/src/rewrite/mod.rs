//! A record goes in, the same record with some values exchanged comes out: every other byte stays as it was.
//!
//! Nothing is parsed into a tree and written anew. Scalars are found in the text, whatever they are nested in (JSON in
//! strings, base64, gzip, records of the Kinesis Producer Library), and only those that a [`Rewrite`] exchanges are cut
//! out and replaced. What is gzip or base64 is packed again only where something within has changed.

mod aggregate; // records of the Kinesis Producer Library
mod edit; // what is replaced, and where
mod packed; // gzip and base64
mod text; // scalars in JSON text

use edit::{Edit, applied};
#[cfg(test)]
pub(crate) use packed::base64;
pub(crate) use packed::{deflated, from_base64, inflated, is_gzip};

/// Packings within packings that are opened, as in the decoder.
const NESTING_MAX: u8 = 16;

/// A scalar that JSON text holds, without what packs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar<'v> {
    /// Unescaped.
    Text(&'v str),
    /// The token as written.
    Number(&'v str),
}

/// Decides which values are exchanged.
pub(crate) trait Rewrite {
    /// What to write instead, if anything: text that is escaped where needed, or the token of a number.
    ///
    /// `key` is that of the nearest object around it, empty where there is none.
    fn scalar(&mut self, key: &str, value: Scalar<'_>) -> Option<String>;

    /// As [`Rewrite::scalar`], for text that is no JSON at all: a line of a log.
    fn prose(&mut self, text: &str) -> Option<String>;

    /// Whether what is packed into the text under `key` is to be looked into.
    fn looks_into(&self, key: &str) -> bool;
}

/// The record with its values exchanged; `None` where nothing changes.
pub(crate) fn record(bytes: &[u8], rewrite: &mut dyn Rewrite) -> Option<Vec<u8>> {
    content(bytes, NESTING_MAX, rewrite)
}

fn content(bytes: &[u8], nesting: u8, rewrite: &mut dyn Rewrite) -> Option<Vec<u8>> {
    let nesting = nesting.checked_sub(1)?;
    if packed::is_gzip(bytes) {
        let changed = content(&packed::inflated(bytes)?, nesting, rewrite)?;
        return Some(packed::deflated(&changed));
    }
    if aggregate::is_aggregate(bytes) {
        return aggregate::rewritten(bytes, &mut |data| content(data, nesting, rewrite));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if text::is_json(text) && text::is_of_a_piece(text) {
        return changed(text, text::edits(text, nesting, rewrite)).map(String::into_bytes);
    }
    if let Some(inner) = packed::base64_of_gzip(text.trim()) {
        let inner = content(&inner, nesting, rewrite)?;
        return Some(packed::base64(&inner).into_bytes());
    }
    if !text.trim_end().contains('\n') {
        return rewrite.prose(text).map(String::into_bytes);
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

#[cfg(test)]
mod tests;
