//! Text of any kind: JSON in it is read as such, packed words are opened, and the rest is prose, in which keys and forms
//! tell what is to be replaced.

use crate::rewrite::{Edit, applied};

use super::found::{Found, What, in_order};
use super::json;
use super::key::Meaning;
use super::packed::{self, Packed};
use super::prose::pairs;
use super::prose::view::View;
use super::spot::{addresses, identities, mails, numbers, secrets, sentences};
use super::stand_in::{REMOVED, is_number};
use super::{Left, Pseudonyms};
use crate::capture::pseudonym::words::lists::{KEPT, OUTCOMES};

/// What looks like JSON and turns out to be none costs at most so many times the length of the text.
const ATTEMPTS_MAX: usize = 4;

impl Pseudonyms {
    /// The text with all that is found in it replaced; `None` where nothing changes.
    pub(super) fn text(&mut self, text: &str, meaning: Meaning, depth: u8) -> Option<String> {
        let mut edits = Vec::new();
        let mut from = 0;
        for (nodes, end) in documents(text) {
            let start = match nodes[0].form {
                json::Form::Text => nodes[0].range.start - 1,
                _ => nodes[0].range.start,
            };
            let before = &text[from..start];
            edits.extend(moved(self.prose(before, meaning, depth), from));
            // `password={"S":"…"}`
            let secret = pairs::secret_at_end(before);
            if secret {
                self.note(What::Secret, &text[start..end]);
                edits.push(edit(start..end, format!("\"{REMOVED}\"")));
            } else {
                edits.extend(self.tree(text, &nodes, depth));
            }
            from = end;
        }
        edits.extend(moved(self.prose(&text[from..], meaning, depth), from));
        (!edits.is_empty()).then(|| applied(text, &edits))
    }

    /// What changes in text that is no JSON.
    fn prose(&mut self, text: &str, meaning: Meaning, depth: u8) -> Vec<Edit> {
        if text.len() < 2 {
            return Vec::new();
        }
        let view = View::of(text);
        if self.goes_on_in_pem(&view.text) {
            self.note(What::Secret, text);
            return vec![edit(0..text.len(), REMOVED.to_owned())];
        }
        let mut found = Vec::new();
        for pair in pairs::of(&view) {
            let value = &view.text[pair.value.clone()];
            if let Some((what, with)) = self.exchanged(pair.meaning, value) {
                found.push(Found::new(pair.value, what, with));
            }
        }
        self.forms(&view.text, meaning, &mut found);
        let opened = packed::of(&view.text);
        if meaning != Meaning::Digest {
            let is_open = |one: &Found| {
                opened
                    .iter()
                    .any(|it| it.range.start <= one.range.start && one.range.end <= it.range.end)
            };
            let mut random = Vec::new();
            secrets::spot_random(&view.text, &mut random);
            found.extend(random.into_iter().filter(|one| !is_open(one)));
        }
        found.extend(opened.into_iter().filter_map(|it| self.repacked(it, depth)));
        self.learnt.spot(&view.text, &self.names, &mut found);
        let mut written: Vec<Found> = found
            .into_iter()
            .map(|one| {
                let value = one
                    .value
                    .or_else(|| Some(view.text[one.range.clone()].to_owned()));
                let range = view.written(&one.range);
                Found {
                    range,
                    value,
                    ..one
                }
            })
            .collect();
        if !view.is_plain() {
            // `C:\Users\nils` reads otherwise in the view.
            self.learnt.spot(text, &self.names, &mut written);
            sentences::spot(text, &self.names, &mut written);
        }
        let mut edits = Vec::new();
        for one in in_order(written) {
            let was = &text[one.range.clone()];
            let is_spelt = was.contains("%40") && !was.contains('@');
            let with = if is_spelt {
                one.with.replace('@', "%40")
            } else {
                one.with
            };
            if one.what != What::Unreadable || with == REMOVED {
                self.note(one.what, one.value.as_deref().unwrap_or(was));
            }
            if with != was {
                edits.push(edit(one.range, with));
            }
        }
        edits
    }

    /// Whether the text is a line of a key that began in an earlier text and has not ended.
    fn goes_on_in_pem(&mut self, text: &str) -> bool {
        const LINE_BYTES_MIN: usize = 16;
        let was_in = self.is_in_pem;
        let end = memchr::memmem::rfind(text.as_bytes(), b"-----END ");
        let begin = memchr::memmem::rfind(text.as_bytes(), b"-----BEGIN ");
        self.is_in_pem = match (begin, end) {
            (None, None) => was_in,
            (begin, end) => begin > end,
        };
        let is_long = text.len() >= LINE_BYTES_MIN || text.trim_end().ends_with('=');
        was_in && begin.is_none() && is_long && secrets::is_line_of_pem(text)
    }

    /// Everything that can be told by form.
    fn forms(&mut self, text: &str, meaning: Meaning, found: &mut Vec<Found>) {
        // Most values are words, which have no form: what each form has at least is looked for first.
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let has = |byte| memchr::memchr(byte, text.as_bytes()).is_some();
        if text.len() > 10 {
            secrets::spot(text, found);
        }
        if text.len() > 15 || has(b':') || has(b' ') {
            identities::spot(text, &self.names, found);
            sentences::spot(text, &self.names, found);
        }
        if has(b'@') || text.contains(" AT ") || has(b'(') || has(b'[') || has(b'{') || has(b'<') {
            mails::spot(text, &self.names, found);
        }
        if text.len() > 7 && digits > 1 {
            numbers::spot(text, &self.names, found);
        }
        let is_version =
            meaning == Meaning::Version && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if is_version {
            return self.leave(Left::Version, 1);
        }
        let versions = addresses::spot(text, &self.names, found);
        self.leave(Left::Version, versions);
    }

    /// A packed word whose content changes, packed again.
    fn repacked(&mut self, one: Packed, depth: u8) -> Option<Found> {
        let Packed {
            range,
            packing,
            content,
        } = one;
        let changed = match packed::utf16(&content) {
            Some(text) => self.inner_text(&text, depth).map(|it| match &*it {
                REMOVED => it.into_bytes(),
                it => packed::to_utf16(it),
            }),
            None => self.content(&content, depth),
        };
        let with = match changed? {
            removed if removed == REMOVED.as_bytes() => REMOVED.to_owned(),
            changed => packed::closed(packing, &changed),
        };
        // What was replaced within was noted there.
        Some(Found::new(range, What::Unreadable, with))
    }

    fn inner_text(&mut self, text: &str, depth: u8) -> Option<String> {
        match depth.checked_sub(1) {
            Some(depth) => self.text(text, Meaning::Nothing, depth),
            None => Some(REMOVED.to_owned()),
        }
    }

    /// What stands in place of a value under a key of that meaning; `None` where its form alone tells.
    pub(super) fn exchanged(&mut self, meaning: Meaning, text: &str) -> Option<(What, String)> {
        if text.is_empty()
            || KEPT.contains(&text)
            || meaning.is_secret() && OUTCOMES.contains(&text)
        {
            self.leave(Left::Placeholder, u64::from(!text.is_empty()));
            return None;
        }
        let names = &self.names;
        match meaning {
            Meaning::Nothing | Meaning::Vocabulary | Meaning::Digest | Meaning::Version => {
                return None;
            }
            Meaning::Secret => return Some((What::Secret, secrets::removed(text).to_owned())),
            Meaning::Header => return Some((What::Secret, header(text))),
            Meaning::Account if text.len() == 12 && is_number(text) => {
                return Some((What::Account, names.account(text)));
            }
            _ => {}
        }
        if let Some(told) = self.told_by_form(text) {
            return Some(told);
        }
        let names = &self.names;
        let is_service = text.ends_with(".amazonaws.com")
            || text.starts_with("arn:")
            || identities::begins_as_principal(text);
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        match meaning {
            _ if is_service => None,
            Meaning::User => {
                let with = names.user(text);
                self.learnt.add(text);
                Some((What::User, with))
            }
            Meaning::Phone if digits > 4 => Some((What::Phone, names.phone(text))),
            Meaning::Phone => Some((What::Phone, names.thing(text))),
            Meaning::Thing => {
                let with = names.thing(text);
                self.learnt.add_thing(text);
                Some((What::Thing, with))
            }
            Meaning::Place => Some((What::Place, names.thing(text))),
            Meaning::Address => self.address(text),
            _ => None,
        }
    }

    /// Under the key of an address: one in a notation that no form tells, or the name of a host.
    fn address(&mut self, text: &str) -> Option<(What, String)> {
        if let Some(with) = addresses::in_odd_notation(text, &self.names) {
            return Some((What::Address, with));
        }
        let mut found = Vec::new();
        self.forms(text, Meaning::Nothing, &mut found);
        let is_kept = text.parse().is_ok_and(super::address::is_special)
            || ["0.0.0.0/0", "::/0", "AWS Internal"].contains(&text);
        let has_form = !found.is_empty() || is_kept || text.contains("127.0.0.1") || text.len() < 2;
        (!has_form).then(|| (What::Address, self.names.thing(text)))
    }

    /// Whether all of it is one thing of a form: a user known by mail address or identifier has the same stand-in where
    /// nothing tells it is a user.
    fn told_by_form(&mut self, text: &str) -> Option<(What, String)> {
        let mut found = Vec::new();
        let view = View::of(text);
        self.forms(&view.text, Meaning::Nothing, &mut found);
        let whole = found
            .into_iter()
            .find(|it| it.range == (0..view.text.len()))?;
        if whole.what == What::Mail {
            self.learnt.add(&view.text);
        }
        Some((whole.what, whole.with))
    }
}

/// `Bearer …` keeps its first word, for rules look for it.
fn header(text: &str) -> String {
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    let is_scheme = ["bearer", "basic", "digest", "negotiate", "aws4-hmac-sha256"]
        .contains(&&*scheme.to_lowercase());
    match is_scheme {
        true => format!("{scheme} {}", secrets::removed(rest)),
        false => secrets::removed(text).to_owned(),
    }
}

/// The JSON values in `text` that are more than a word, in order.
fn documents(text: &str) -> Vec<(Vec<json::Node>, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut budget = bytes
        .len()
        .saturating_mul(ATTEMPTS_MAX)
        .saturating_add(1024);
    let mut at = 0;
    while let Some(next) = bytes
        .get(at..)
        .and_then(|it| memchr::memchr3(b'{', b'[', b'"', it))
    {
        at += next;
        let inside = bytes[at + 1..].trim_ascii_start();
        let is_likely = match bytes[at] {
            b'{' => matches!(inside.first(), Some(b'"' | b'}')),
            b'[' => matches!(inside.first(), Some(b'"' | b'{' | b'[' | b']')),
            // A string that holds JSON, or all there is.
            _ => {
                matches!(bytes[at + 1..], [b'{' | b'[', ..]) || bytes[..at].trim_ascii().is_empty()
            }
        };
        if !is_likely {
            at += 1;
            continue;
        }
        match json::scan(text, at) {
            // `"password" -> "…"` is no document.
            Ok((nodes, end))
                if nodes[0].form == json::Form::Text
                    && at == bytes.len() - bytes.trim_ascii_start().len()
                    && !bytes[end..].trim_ascii().is_empty() =>
            {
                budget = budget.saturating_sub(end - at);
                at += 1;
            }
            Ok((nodes, end)) => {
                found.push((nodes, end));
                at = end;
            }
            Err(failed) => {
                budget = budget.saturating_sub((failed - at).max(1));
                at += 1;
                if budget == 0 {
                    break;
                }
            }
        }
    }
    found
}

pub(super) fn edit(range: std::ops::Range<usize>, with: String) -> Edit {
    Edit { range, with }
}

pub(super) fn moved(edits: Vec<Edit>, by: usize) -> impl Iterator<Item = Edit> {
    edits
        .into_iter()
        .map(move |it| edit(it.range.start + by..it.range.end + by, it.with))
}
