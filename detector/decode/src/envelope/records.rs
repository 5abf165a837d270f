//! `{"Records":[…]}` as AWS writes it (CloudTrail files, Lambda events), member by member in one pass.
//!
//! A member's end is guessed from where the next one seems to begin. The scan reads exactly the text it is given or
//! refuses it, so a guess that it accepts was right; for others a thorough reader finds the end.
//!
//! Members count as they come. Where the text turns out to be damaged, those before the damage have been delivered; the
//! damage is reported, and reading goes on at what looks like the next member.

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::raw;
use crate::{Context, Decoder, EventSink, Shape};

const OPENING: &[u8] = b"{\"Records\":[";

impl Decoder<'_> {
    /// Unpacks `text` if it opens a list of records; `false`, with nothing done, if not.
    pub(crate) fn records(
        &mut self,
        text: &[u8],
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> bool {
        // A message is one event or none: nothing of it may be told before all of it is read.
        let is_stretch = matches!(context.shape, Shape::Record | Shape::Line);
        if !is_stretch || !text.starts_with(OPENING) {
            return false;
        }
        // One id cannot name them all.
        let inner = Context {
            id: None,
            ..context.inner(Shape::Line)
        };
        let mut at = after_space(text, OPENING.len());
        if text.get(at) != Some(&b'{') || inner.depth > self.limits.nesting_max {
            return false;
        }
        let mut seams = Seams::new(&text[at..]);
        let mut lines = LineEnds::new(text, context);
        // Members that do not end are each looked at to the end of all.
        let mut vain_bytes = 0usize;
        loop {
            let damage = match self.member(&text[at..], &mut seams, inner, sink) {
                Ok(bytes) => {
                    at = after_space(text, at + bytes);
                    match text.get(at) {
                        Some(b',') => {
                            at = after_space(text, at + 1);
                            continue;
                        }
                        Some(b']') => {
                            self.after_list(text, at + 1, context, sink);
                            return true;
                        }
                        _ => self.expected("`,` or `]`", text, at, sink),
                    }
                    at
                }
                Err(error) => {
                    self.broken(&text[at.min(text.len() - 1)..], &error, sink);
                    vain_bytes = vain_bytes.saturating_add(looked_at(&error, text.len() - at));
                    at + 1
                }
            };
            if vain_bytes / VAIN_LOOKS_MAX > text.len() {
                let reason = "a list that is damaged in so many places that its rest is not read";
                self.unreadable(&text[at.min(text.len() - 1)..], reason.to_owned(), sink);
                if let Some(end) = lines.after(damage) {
                    self.lines(&text[end..], context, sink);
                }
                return true;
            }
            let next = seams.next(text, damage);
            match lines.after(damage) {
                // Neither in this line nor at the beginning of the next: lines are what it can be.
                Some(end) if next.is_none_or(|next| next > after_space(text, end)) => {
                    self.lines(&text[end..], context, sink);
                    return true;
                }
                _ => match next {
                    Some(next) => at = next,
                    None => return true,
                },
            }
        }
    }

    /// Unpacks the member at the beginning of `rest`: its length. What is damaged is left alone.
    fn member(
        &mut self,
        rest: &[u8],
        seams: &mut Seams<'_>,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Result<usize, serde_json::Error> {
        if let Some(guess) = seams.guess(rest).filter(|_| rest.starts_with(b"{")) {
            if self.document(&rest[..guess], context, sink).is_ok() {
                return Ok(guess);
            }
            seams.wrong_guesses += 1;
        }
        let member = value(rest)?.as_bytes();
        self.part(member, context, sink);
        Ok(member.len())
    }

    /// What follows the list, from `at` on: other entries of its object, and what follows that.
    fn after_list(
        &mut self,
        text: &[u8],
        at: usize,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) {
        let mut is_more = false;
        let end = self.entries(text, at, &mut is_more, context, sink);
        // A line that says more than a list of records is somebody's event, too, and must not vanish.
        if let Some(end) = end.filter(|_| is_more) {
            let context = Context {
                bare: true,
                ..context
            };
            // It was just read, so it can be read.
            let _ = self.document(&text[..end], context, sink);
        }
        match end {
            None => {
                if let Some(end) = line_end(text, at, context) {
                    self.lines(&text[end..], context, sink);
                }
            }
            Some(end) if end == text.len() => {}
            Some(end) if line_end(text, 0, context).is_some() => {
                self.lines(&text[end..], context, sink);
            }
            Some(end) => self.concatenated(text, end, None, context, sink),
        }
    }

    /// The entries after the list, to the end of the object and the space behind it: where that is. `None` is damage,
    /// and reported.
    fn entries(
        &mut self,
        text: &[u8],
        mut at: usize,
        is_more: &mut bool,
        context: Context<'_>,
        sink: &mut dyn EventSink,
    ) -> Option<usize> {
        loop {
            at = after_space(text, at);
            match text.get(at) {
                Some(b'}') => return Some(after_space(text, at + 1)),
                Some(b',') => at = after_space(text, at + 1),
                _ => {
                    self.expected("`,` or `}`", text, at, sink);
                    return None;
                }
            }
            if text.get(at) != Some(&b'"') {
                self.expected("a key", text, at, sink);
                return None;
            }
            let key = self.sound(text, at, sink)?;
            at = after_space(text, at + key.len());
            if text.get(at) != Some(&b':') {
                self.expected("`:`", text, at, sink);
                return None;
            }
            at = after_space(text, at + 1);
            let value = self.sound(text, at, sink)?;
            at += value.len();
            let name = raw::string(Some(key));
            *is_more |= !matches!(
                name.as_deref(),
                Some("Records" | "NextShardIterator" | "MillisBehindLatest" | "ChildShards")
            );
            // A key that is repeated holds more of the same.
            if value.starts_with('[') && name.as_deref() == Some("Records") {
                let context = Context {
                    id: None,
                    ..context.inner(Shape::Line)
                };
                // It was just read, so it can be read.
                let _ = raw::for_each_member(value, &mut |member| {
                    self.part(member.get().as_bytes(), context, sink);
                });
            }
        }
    }

    /// The value at `at`; what is damaged is reported.
    fn sound<'x>(&self, text: &'x [u8], at: usize, sink: &mut dyn EventSink) -> Option<&'x str> {
        let rest = &text[at..];
        value(rest)
            .map_err(|error| self.broken(rest, &error, sink))
            .ok()
    }

    fn expected(&self, what: &str, text: &[u8], at: usize, sink: &mut dyn EventSink) {
        let reason = match at < text.len() {
            true => format!("not JSON: expected {what}"),
            false => "not JSON: EOF while parsing an object with a list".to_owned(),
        };
        self.unreadable(&text[at.min(text.len() - 1)..], reason, sink);
    }
}

/// How many of the bytes left were looked at until the error.
fn looked_at(error: &serde_json::Error, left: usize) -> usize {
    match error.line() == 1 && !error.is_eof() {
        true => error.column().min(left),
        false => left,
    }
}

/// So often what is not read may be looked at as a whole.
const VAIN_LOOKS_MAX: usize = 32;

/// The ends of the lines of a text, each looked for once.
struct LineEnds<'t> {
    text: &'t [u8],
    context: Context<'t>,
    /// From where it was looked, and what was found.
    last: Option<(usize, Option<usize>)>,
}

impl<'t> LineEnds<'t> {
    fn new(text: &'t [u8], context: Context<'t>) -> Self {
        Self {
            text,
            context,
            last: None,
        }
    }

    /// As [`line_end`].
    fn after(&mut self, at: usize) -> Option<usize> {
        match self.last {
            Some((from, end)) if from <= at && end.is_none_or(|end| end > at) => end,
            _ => {
                let end = line_end(self.text, at, self.context);
                self.last = Some((at, end));
                end
            }
        }
    }
}

/// The end of the line at `at`, where `text` may hold several, each for itself.
fn line_end(text: &[u8], at: usize, context: Context<'_>) -> Option<usize> {
    let rest = text.get(at..).filter(|_| context.shape == Shape::Record)?;
    Some(at + memchr::memchr(b'\n', rest)?)
}

/// The place of the next byte from `at` on that is no white space.
fn after_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = text.get(at) {
        at += 1;
    }
    at
}

/// The JSON value at the beginning of `rest`.
fn value(rest: &[u8]) -> Result<&str, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(rest);
    <&RawValue>::deserialize(&mut reader).map(RawValue::get)
}

/// Where members seem to meet: all begin as the first one does, with the same key.
struct Seams<'m> {
    finder: Option<Finder<'m>>,
    wrong_guesses: u8,
}

impl<'m> Seams<'m> {
    /// A longer first key is not looked for.
    const BEGINNING_BYTES_MAX: usize = 64;
    /// Each costs a look at what was guessed.
    const WRONG_GUESSES_MAX: u8 = 8;

    fn new(first: &'m [u8]) -> Self {
        let window = &first[..first.len().min(Self::BEGINNING_BYTES_MAX)];
        let beginning = memchr::memchr(b':', window).map(|colon| &window[..=colon]);
        Self {
            finder: beginning.map(Finder::new),
            wrong_guesses: 0,
        }
    }

    /// Where the member at the beginning of `rest` may end.
    fn guess(&self, rest: &[u8]) -> Option<usize> {
        if self.wrong_guesses == Self::WRONG_GUESSES_MAX {
            return None;
        }
        let before = match self.next(rest, 1) {
            Some(next) => rest[..next].trim_ascii_end().strip_suffix(b",")?,
            None => {
                let list = rest.trim_ascii_end().strip_suffix(b"}")?;
                list.trim_ascii_end().strip_suffix(b"]")?
            }
        };
        Some(before.trim_ascii_end().len())
    }

    /// Where a member seems to begin in `text`, from `from` on.
    fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let found = self.finder.as_ref()?.find(text.get(from..)?)?;
        Some(from + found)
    }
}
