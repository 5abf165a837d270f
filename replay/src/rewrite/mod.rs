//! A record goes in, the same record with some values exchanged comes out: every other byte stays as it was.
//!
//! Nothing is parsed into a tree and written anew. Scalars are found in the text, whatever they are nested in (JSON in
//! strings, base64, gzip, records of the Kinesis Producer Library), and only those that a [`Rewrite`] exchanges are cut
//! out and replaced. What is gzip or base64 is packed again only where something within has changed.

pub(crate) mod aggregate; // records of the Kinesis Producer Library
mod edit; // what is replaced, and where
mod packed; // gzip and base64
mod scalar; // what is exchanged
mod text; // scalars, whatever holds them

pub(crate) use aggregate::is_aggregate;
pub(crate) use edit::{Edit, Unescaped, applied, escaped};
#[cfg(test)]
pub(crate) use packed::base64;
pub(crate) use packed::{deflated, from_base64, inflated, is_gzip};
pub(crate) use scalar::{Rewrite, Scalar};

use text::content;

/// Packings within packings that are opened, as in the decoder.
const NESTING_MAX: u8 = 16;

/// The record with its values exchanged; `None` where nothing changes.
pub(crate) fn record(bytes: &[u8], rewrite: &mut dyn Rewrite) -> Option<Vec<u8>> {
    content(bytes, NESTING_MAX, rewrite)
}

#[cfg(test)]
mod tests;
