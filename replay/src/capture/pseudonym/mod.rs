//! Stand-ins for what identifies people and places in logs: equal values stay equal, forms stay forms, and rules still
//! hit. Secrets are removed.
//!
//! It fails closed. What is JSON is read by its keys and by the forms of its values; whatever is not, or is damaged, is
//! prose, in which keys and forms are looked for at any depth of quotes and escapes. What is packed is opened and packed
//! again; what cannot be opened is removed. Whatever a text holds, it takes time in proportion to its length.
//!
//! A stand-in is a keyed hash (HMAC-SHA-256) of the value: without the key nobody can compute it, with it everybody can
//! try candidates. What is exchanged is told by the name of its key and by its form; see `replay capture --help`.

mod words; // of keys and values
mod key; // what a value is, by its key
mod stand_in; // keyed hashes in the form of what they stand for
mod address; // IP addresses, prefixes kept together
mod found; // what was found, and what is written in its place
mod packed; // base64 and the like
mod spot; // what text holds, by its form
mod learnt; // names that stood under a key
mod prose; // keys and values in text that is no JSON
mod json; // JSON text, read flat
mod tally; // what was replaced and what was left
mod text; // text of any kind
mod tree; // JSON documents
mod table; // tables in text

use std::io::Read as _;

use found::What;
use learnt::Learnt;
use stand_in::{REMOVED, StandIns};
use tally::{Left, Note};

use crate::rewrite::{aggregate, deflated, is_aggregate, is_gzip};

pub(crate) use stand_in::KEY_BYTES_MIN;
pub(crate) use tally::Tally;

/// Packings within packings that are opened, as in the decoder; what is packed deeper is removed.
const NESTING_MAX: u8 = 16;
/// What all packed content of one record may inflate to, as in the decoder; what inflates further is removed.
const INFLATED_BYTES_MAX: usize = 64 << 20;

pub(crate) struct Pseudonyms {
    names: StandIns,
    learnt: Learnt,
    /// A key in PEM has begun and not ended.
    is_in_pem: bool,
    inflate_left: usize,
    /// Of the table that is being read.
    columns: Option<table::columns::Columns>,
    /// The keys of what is being read, outermost first, where values are listed.
    path: Vec<String>,
    is_listing: bool,
    /// Of the record in hand.
    noted: Vec<Note>,
    left: Vec<(Left, u64)>,
    tally: Tally,
}

/// Something in a file that still looks like a person or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suspect {
    pub(crate) what: &'static str,
    pub(crate) is_secret: bool,
    /// The keys that lead to it, with dots between them; empty in prose.
    pub(crate) path: String,
    pub(crate) value: String,
}

impl Pseudonyms {
    /// `None` if the key has fewer than [`KEY_BYTES_MIN`] bytes.
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        Some(Self {
            names: StandIns::new(key)?,
            learnt: Learnt::default(),
            is_in_pem: false,
            inflate_left: 0,
            columns: None,
            path: Vec::new(),
            is_listing: false,
            noted: Vec::new(),
            left: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// Tells keys apart and gives none away.
    pub(crate) fn fingerprint(&self) -> String {
        self.names.fingerprint()
    }

    /// What was replaced so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Forgets the names of people: what was captured before an interruption must not change what comes after.
    pub(crate) fn forget_names(&mut self) {
        self.learnt.forget();
    }

    /// Learns the names of people in a record, for what comes before it.
    pub(crate) fn learn(&mut self, record: &[u8]) {
        let _ = self.rewritten(record);
        self.noted.clear();
        self.left.clear();
    }

    /// The record without people and secrets in it; `None` where nothing changes.
    pub(crate) fn record(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let changed = self.rewritten(record);
        for note in self.noted.drain(..) {
            self.tally.add(note.what, note.hash);
        }
        for (why, number) in self.left.drain(..) {
            self.tally.leave(why, number);
        }
        changed
    }

    /// What of a record is neither a stand-in nor harmless.
    pub(crate) fn suspects(&mut self, record: &[u8]) -> Vec<Suspect> {
        self.is_listing = true;
        let _ = self.rewritten(record);
        self.left.clear();
        let mut suspects = Vec::new();
        for note in self.noted.drain(..) {
            let Some((path, value)) = note.told else {
                continue;
            };
            if !stand_in::is_one(&value) && !address::is_written_stand_in(&value) {
                suspects.push(Suspect {
                    what: note.what.names()[0],
                    is_secret: matches!(note.what, What::Secret | What::Unreadable),
                    path,
                    value,
                });
            }
        }
        suspects
    }

    /// Reads the record again where names were learnt at its end that stand at its beginning.
    fn rewritten(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let (known, was_in_pem) = (self.learnt.len(), self.is_in_pem);
        let changed = self.once(record);
        if self.learnt.len() == known {
            return changed;
        }
        self.is_in_pem = was_in_pem;
        self.once(record)
    }

    fn once(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        self.noted.clear();
        self.left.clear();
        self.path.clear();
        self.inflate_left = INFLATED_BYTES_MAX;
        self.content(record, NESTING_MAX)
    }

    /// `bytes` with their values exchanged, whatever packs them; `None` where nothing changes.
    fn content(&mut self, bytes: &[u8], depth: u8) -> Option<Vec<u8>> {
        let Some(inner) = depth.checked_sub(1) else {
            return Some(self.unreadable(bytes));
        };
        if is_gzip(bytes) {
            let opened = self.inflated(flate2::read::MultiGzDecoder::new(bytes));
            return self.packed(bytes, opened, inner, |it| Some(deflated(it)));
        }
        if packed::is_zstd(bytes) {
            let opened = zstd::Decoder::new(bytes)
                .ok()
                .and_then(|it| self.inflated(it));
            return self.packed(bytes, opened, inner, |it| zstd::encode_all(it, 3).ok());
        }
        if is_aggregate(bytes) {
            let Self { names, .. } = self;
            let keys = aggregate::with_keys(bytes, &|key| names.thing(key));
            let named = keys.as_deref().unwrap_or(bytes);
            let changed = aggregate::rewritten(named, &mut |data| self.content(data, inner));
            return changed.or(keys);
        }
        let lossy = String::from_utf8_lossy(bytes);
        let is_control = |b: &&u8| {
            **b < b' ' && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1B | 0x1E)
        };
        let unread = lossy.matches(char::REPLACEMENT_CHARACTER).count()
            + bytes.iter().filter(is_control).count();
        if unread * 8 > bytes.len() {
            return Some(self.unreadable(bytes));
        }
        let is_json = lossy.trim_start().starts_with(['{', '[']);
        let table = if is_json {
            None
        } else {
            self.table(&lossy, inner)
        };
        let changed = table.or_else(|| self.text(&lossy, key::Meaning::Nothing, inner));
        match (changed, lossy) {
            (Some(changed), _) => Some(changed.into_bytes()),
            // What is no UTF-8 does not pass unseen.
            (None, std::borrow::Cow::Owned(mended)) => Some(mended.into_bytes()),
            (None, std::borrow::Cow::Borrowed(_)) => None,
        }
    }

    fn packed(
        &mut self,
        bytes: &[u8],
        opened: Option<Vec<u8>>,
        depth: u8,
        close: fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let Some(opened) = opened else {
            return Some(self.unreadable(bytes));
        };
        let changed = self.content(&opened, depth)?;
        Some(close(&changed).unwrap_or_else(|| REMOVED.into()))
    }

    /// `None` if it is damaged, or more than may be.
    fn inflated(&mut self, packed: impl std::io::Read) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut limited = packed.take(self.inflate_left as u64 + 1);
        limited.read_to_end(&mut content).ok()?;
        self.inflate_left = self.inflate_left.checked_sub(content.len())?;
        Some(content)
    }

    fn unreadable(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.note(What::Unreadable, &String::from_utf8_lossy(bytes));
        REMOVED.into()
    }

    fn note(&mut self, what: What, value: &str) {
        let told = self
            .is_listing
            .then(|| (self.path.join("."), value.to_owned()));
        let hash = self.tally.hash(value);
        self.noted.push(Note { what, hash, told });
    }

    fn leave(&mut self, why: Left, number: u64) {
        if number > 0 {
            self.left.push((why, number));
        }
    }
}

#[cfg(test)]
#[path = "../../../tests/corpus/mod.rs"]
mod corpus;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
