//! The quick scan: one walk over the bytes between strings, whose ends are known before.
//!
//! It judges as the thorough scan does, or refuses: text nested deeper than [`DEPTH_MAX`], escapes in keys, numbers
//! that no value holds, and all that is no JSON.

use std::borrow::Cow;
use std::ops::Range;

use crate::field::{FieldTable, SlotId};
use crate::slots::{Slots, Value};

/// Objects and arrays within each other.
const DEPTH_MAX: u32 = u64::BITS;

/// Scans one JSON object into empty `slots`; `false`, with anything in them, where it refuses.
pub(crate) fn scan_quickly<'a>(text: &'a str, table: &FieldTable, slots: &mut Slots<'a>) -> bool {
    let mut quotes = std::mem::take(&mut slots.quotes);
    let is_read = quotes.find(text.as_bytes()) && {
        let mut walk = Walk {
            text,
            at: 0,
            quotes: quotes.places(),
            has_escapes: quotes.has_escapes,
            depth: 0,
            table,
            slots,
        };
        walk.document().is_some()
    };
    quotes.trim();
    slots.quotes = quotes;
    is_read
}

struct Walk<'q, 's, 'a> {
    text: &'a str,
    at: usize,
    /// From `at` on.
    quotes: &'q [u32],
    has_escapes: bool,
    depth: u32,
    table: &'q FieldTable,
    slots: &'s mut Slots<'a>,
}

/// In all of these, `None` refuses the text.
impl<'a> Walk<'_, '_, 'a> {
    fn document(&mut self) -> Option<()> {
        if self.peek()? != b'{' {
            return None;
        }
        self.object(0)?;
        self.peek().is_none().then_some(())
    }

    /// The next byte that is no white space, which is skipped.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.skip_space()
    }

    #[inline(never)]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// The string at `at`: where its content begins and ends.
    #[inline(always)]
    fn string(&mut self) -> Option<(usize, usize)> {
        let (&[open, close], rest) = self.quotes.split_first_chunk()?;
        let (open, close) = (open as usize, close as usize);
        if open != self.at {
            return None;
        }
        self.quotes = rest;
        self.at = close + 1;
        Some((open + 1, close))
    }

    /// The key at `at` and its colon: where it stands.
    #[inline(always)]
    fn key(&mut self) -> Option<Range<usize>> {
        let (begin, end) = self.string()?;
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        Some(begin..end)
    }

    fn open(&mut self) -> Option<()> {
        self.at += 1;
        self.depth += 1;
        (self.depth <= DEPTH_MAX).then_some(())
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    /// The object at `at`, whose keys lead on from `node`.
    fn object(&mut self, node: usize) -> Option<()> {
        self.open()?;
        if node != 0 {
            self.put(self.slot(node), Value::Container)?;
        }
        if self.peek()? == b'}' {
            self.close();
            return Some(());
        }
        let (table, keys) = (self.table, self.table.keys(node));
        loop {
            let is_over = self.text_entries(|slots, text, key, value| {
                match keys.node(text.as_bytes(), key) {
                    0 => Some(()),
                    child => match table.slot_of(child) {
                        Some(slot) => slots.offer_text(slot, text.get(value)?).then_some(()),
                        None => Some(()),
                    },
                }
            })?;
            if is_over {
                break;
            }
            self.peek()?;
            let (key, bytes) = (self.key()?, self.text.as_bytes());
            if self.has_escapes && memchr::memchr(b'\\', bytes.get(key.clone())?).is_some() {
                return None;
            }
            match keys.node(bytes, key) {
                0 => self.skip()?,
                child => self.value(child)?,
            }
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.close();
        Some(())
    }

    /// Entries of an object from `at` on of the kind that most are: a text without escapes, no white space. `each` is given
    /// the key and the value, without their quotes. Whether the object is over: `at` is at its brace, or behind a comma.
    #[inline(always)]
    fn text_entries(
        &mut self,
        mut each: impl FnMut(&mut Slots<'a>, &'a str, Range<usize>, Range<usize>) -> Option<()>,
    ) -> Option<bool> {
        let (text, bytes) = (self.text, self.text.as_bytes());
        let (mut at, mut quotes) = (self.at, self.quotes);
        let mut is_over = false;
        while let Some((entry, rest)) = quotes.split_first_chunk::<4>() {
            let [key, key_end, value, value_end] = entry.map(|place| place as usize);
            if key != at || value != key_end + 2 || bytes.get(key_end + 1)? != &b':' {
                break;
            }
            let after = *bytes.get(value_end + 1)?;
            if after != b',' && after != b'}' {
                break;
            }
            if self.has_escapes && memchr::memchr(b'\\', bytes.get(key..value_end)?).is_some() {
                break;
            }
            each(self.slots, text, key + 1..key_end, value + 1..value_end)?;
            (at, quotes) = (value_end + 2, rest);
            if after == b'}' {
                at = value_end + 1;
                is_over = true;
                break;
            }
        }
        (self.at, self.quotes) = (at, quotes);
        Some(is_over)
    }

    /// The array at `at`: its members are values of `node`.
    fn array(&mut self, node: usize) -> Option<()> {
        self.open()?;
        if self.peek()? == b']' {
            self.close();
            return self.put(self.slot(node), Value::Container);
        }
        loop {
            self.value(node)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.close();
        Some(())
    }

    fn value(&mut self, node: usize) -> Option<()> {
        let value = match self.peek()? {
            b'"' => self.text()?,
            b'{' => return self.object(node),
            b'[' => return self.array(node),
            b't' => self.word(b"true", Value::Bool(true))?,
            b'f' => self.word(b"false", Value::Bool(false))?,
            b'n' => self.word(b"null", Value::Null)?,
            _ => self.number()?,
        };
        self.put(self.slot(node), value)
    }

    fn slot(&self, node: usize) -> Option<SlotId> {
        self.table.slot_of(node)
    }

    #[inline(always)]
    fn put(&mut self, slot: Option<SlotId>, value: Value<'a>) -> Option<()> {
        match slot {
            Some(slot) => self.slots.offer(slot, value).then_some(()),
            None => Some(()),
        }
    }

    #[inline(always)]
    fn text(&mut self) -> Option<Value<'a>> {
        let (begin, end) = self.string()?;
        let content = self.text.get(begin..end)?;
        if self.has_escapes && memchr::memchr(b'\\', content.as_bytes()).is_some() {
            let json = self.text.get(begin - 1..=end)?;
            return Some(Value::Text(Cow::Owned(serde_json::from_str(json).ok()?)));
        }
        Some(Value::Text(Cow::Borrowed(content)))
    }

    #[inline(always)]
    fn word<T>(&mut self, word: &[u8], value: T) -> Option<T> {
        let is_there = self.text.as_bytes().get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_there.then_some(value)
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let begin = self.at;
        self.skip_number()?;
        let number = self.text.get(begin..self.at)?;
        if number.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = number.parse()
        {
            return Some(Value::Unsigned(number));
        }
        let number: serde_json::Number = serde_json::from_str(number).ok()?;
        if let Some(number) = number.as_i64() {
            return Some(Value::Signed(number));
        }
        // An integer that has lost digits must not stand for others.
        const I64_MIN: f64 = i64::MIN as f64;
        const U64_END: f64 = 18_446_744_073_709_551_616.0;
        let number = number.as_f64()?;
        let is_held = number.fract() != 0.0 || (I64_MIN..U64_END).contains(&number);
        is_held.then_some(Value::Float(number + 0.0))
    }

    fn skip_number(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let after_digits = |begin: usize| {
            let mut at = begin;
            while byte(at).is_ascii_digit() {
                at += 1;
            }
            (at > begin).then_some(at)
        };
        let begin = self.at + usize::from(byte(self.at) == b'-');
        let mut at = after_digits(begin)?;
        if byte(begin) == b'0' && at > begin + 1 {
            return None;
        }
        if byte(at) == b'.' {
            at = after_digits(at + 1)?;
        }
        if let b'e' | b'E' = byte(at) {
            let is_signed = matches!(byte(at + 1), b'+' | b'-');
            at = after_digits(at + 1 + usize::from(is_signed))?;
        }
        self.at = at;
        Some(())
    }

    /// A value that nothing needs.
    #[inline(always)]
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' => self.skip_container(),
            byte => self.skip_scalar(byte),
        }
    }

    #[inline(always)]
    fn skip_scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b't' => self.word(b"true", ()),
            b'f' => self.word(b"false", ()),
            b'n' => self.word(b"null", ()),
            _ => self.skip_number(),
        }
    }

    /// The object or array at `at`, without recursion.
    fn skip_container(&mut self) -> Option<()> {
        let depth = self.depth;
        // A bit for each level, the innermost lowest: whether it is an object.
        let mut objects = 0u64;
        loop {
            // At a value.
            match self.peek()? {
                b'"' => _ = self.string()?,
                first @ (b'{' | b'[') => {
                    self.open()?;
                    let is_object = first == b'{';
                    objects = objects << 1 | u64::from(is_object);
                    // Brackets differ from those that close them by two.
                    if self.peek()? == first + 2 {
                        self.close();
                        objects >>= 1;
                    } else if !is_object || self.skip_to_value()? {
                        continue;
                    }
                }
                byte => self.skip_scalar(byte)?,
            }
            // Behind a value.
            loop {
                if self.depth == depth {
                    return Some(());
                }
                let is_object = objects & 1 == 1;
                match (self.peek()?, is_object) {
                    (b',', true) => {
                        self.at += 1;
                        if self.skip_to_value()? {
                            break;
                        }
                    }
                    (b',', false) => {
                        self.at += 1;
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.close();
                        objects >>= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// In an object that nothing needs, to the value of the next entry that is no text; `false` at the object's end.
    #[inline(always)]
    fn skip_to_value(&mut self) -> Option<bool> {
        if self.text_entries(|_, _, _, _| Some(()))? {
            return Some(false);
        }
        self.peek()?;
        self.key().map(|_| true)
    }
}
