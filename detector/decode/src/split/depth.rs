//! Finds the end of a JSON value, over any cuts between the bytes, without parsing it: in blocks where nothing but
//! quotes and brackets matters, and byte by byte.

use detector_event::quotes::{BLOCK_BYTES, Specials, brackets, strings};

/// How deep in brackets, and whether in a string.
#[derive(Debug, Clone, Default)]
pub(super) struct Depth {
    open: u64,
    is_in_string: bool,
    is_escaped: bool,
    is_at_line_start: bool,
    /// Whether an object at the very start of a line ends the value as damaged.
    resynchronises: bool,
}

/// What was found, and at which byte of the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The value is complete; the rest begins here.
    End(usize),
    /// A line break within a string, which JSON forbids.
    LineBreak(usize),
    /// A line that begins with an object, where the value ought to be indented.
    Object(usize),
    More,
}

impl Depth {
    pub(super) fn resynchronising(mut self, resynchronises: bool) -> Self {
        self.resynchronises = resynchronises;
        self
    }

    pub(super) fn at_line_start(mut self) -> Self {
        self.is_at_line_start = true;
        self
    }

    /// Already within one object.
    pub(super) fn inside() -> Self {
        Self {
            open: 1,
            ..Self::default()
        }
    }

    pub(super) fn is_in_string(&self) -> bool {
        self.is_in_string
    }

    /// Reads on. A number or word ends before the comma, bracket or line break that follows it.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Found {
        let mut at = 0;
        let mut bytewise_until = 0;
        while at < bytes.len() {
            if at >= bytewise_until
                && let Some(block) = bytes[at..].first_chunk()
            {
                match self.block(block) {
                    Some(Found::End(end)) => return Found::End(at + end),
                    Some(_) => {
                        at += BLOCK_BYTES;
                        continue;
                    }
                    None => bytewise_until = at + BLOCK_BYTES,
                }
            }
            if self.is_in_string {
                match self.string(bytes, at) {
                    Ok(next) => at = next,
                    Err(found) => return found,
                }
                continue;
            }
            let byte = bytes[at];
            if self.is_at_line_start {
                self.is_at_line_start = false;
                if self.resynchronises && byte == b'{' {
                    return Found::Object(at);
                }
            }
            match byte {
                b'"' => self.is_in_string = true,
                b'{' | b'[' => self.open += 1,
                b'}' | b']' if self.open == 0 => return Found::End(at),
                b'}' | b']' => {
                    self.open -= 1;
                    if self.open == 0 {
                        return Found::End(at + 1);
                    }
                }
                b',' | b'\n' if self.open == 0 => return Found::End(at),
                b'\n' => self.is_at_line_start = true,
                _ => {}
            }
            at += 1;
        }
        Found::More
    }

    /// Reads a block of a bracketed value at once; `None`, with nothing done, where it takes a look at each byte.
    fn block(&mut self, block: &[u8; BLOCK_BYTES]) -> Option<Found> {
        if self.open == 0 || self.is_escaped || self.is_at_line_start {
            return None;
        }
        let Specials {
            quotes,
            backslashes,
            controls,
        } = Specials::of(block);
        if backslashes | controls != 0 {
            return None;
        }
        let inside = match self.is_in_string {
            true => !strings(quotes),
            false => strings(quotes),
        };
        let (opening, closing) = brackets(block);
        let mut left = (opening | closing) & !inside;
        while left != 0 {
            let at = left.trailing_zeros();
            if opening >> at & 1 == 1 {
                self.open += 1;
            } else {
                self.open -= 1;
                if self.open == 0 {
                    self.is_in_string = false;
                    return Some(Found::End(at as usize + 1));
                }
            }
            left &= left - 1;
        }
        self.is_in_string ^= quotes.count_ones() % 2 == 1;
        Some(Found::More)
    }

    /// Reads on within a string, from `at`: where to go on, or what ended the value.
    fn string(&mut self, bytes: &[u8], at: usize) -> Result<usize, Found> {
        let at = if std::mem::take(&mut self.is_escaped) && bytes[at] != b'\n' {
            at + 1
        } else {
            at
        };
        let rest = &bytes[at.min(bytes.len())..];
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            return Err(Found::More);
        };
        let at = at + found;
        match bytes[at] {
            b'\n' => {
                self.is_in_string = false;
                Err(Found::LineBreak(at))
            }
            b'\\' => {
                self.is_escaped = true;
                Ok(at + 1)
            }
            _ => {
                self.is_in_string = false;
                if self.open == 0 {
                    return Err(Found::End(at + 1));
                }
                Ok(at + 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Found {
        let whole = Depth::default().advance(text.as_bytes());
        let mut depth = Depth::default();
        let mut bytewise = Found::More;
        for (at, byte) in text.bytes().enumerate() {
            match depth.advance(&[byte]) {
                Found::More => continue,
                Found::End(n) => bytewise = Found::End(at + n),
                Found::LineBreak(n) => bytewise = Found::LineBreak(at + n),
                Found::Object(n) => bytewise = Found::Object(at + n),
            }
            break;
        }
        assert_eq!(whole, bytewise, "{text}");
        whole
    }

    #[test]
    fn values_end_where_they_close() {
        assert_eq!(read(r#"{"a":"}\"]"} x"#), Found::End(12));
        assert_eq!(read(r#"{"a":[1,{}]}"#), Found::End(12));
        assert_eq!(read(r#""a,b\\",1"#), Found::End(7));
        assert_eq!(read("12,13"), Found::End(2));
        assert_eq!(read("null]"), Found::End(4));
        assert_eq!(read(r#"{"a":"#), Found::More);
        assert_eq!(read("{\"a\n"), Found::LineBreak(3));
        assert_eq!(read("{\"a\\\n"), Found::LineBreak(4));
    }

    #[test]
    fn blocks_are_read_as_their_bytes_are() {
        let parts = [
            "{",
            "[",
            "}",
            "]",
            "{}",
            "\"\"",
            "\"",
            "\\",
            "\n",
            "\t",
            ",",
            ":",
            "word",
            "\"a string of some length\"",
            "\"[}\"",
            "\"\\\"\"",
        ];
        for seed in 0..4_000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut text = "{".repeat(rng.usize(..6));
            let sound = if rng.bool() { 6 } else { parts.len() };
            for _ in 0..rng.usize(..90) {
                text.push_str(parts[rng.usize(..sound)]);
                if rng.bool() {
                    text.push_str(parts[13 + rng.usize(..2)]);
                }
            }
            read(&text);
        }
    }

    #[test]
    fn an_object_at_a_line_start_resynchronises() {
        let mut depth = Depth::default().resynchronising(true);
        assert_eq!(depth.advance(b"{\"a\":{\n {\n{"), Found::Object(10));
    }
}
