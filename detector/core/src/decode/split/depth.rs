//! Finds the end of a JSON value byte by byte, over any cuts between the bytes, without parsing it.

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
        while at < bytes.len() {
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
    fn an_object_at_a_line_start_resynchronises() {
        let mut depth = Depth::default().resynchronising(true);
        assert_eq!(depth.advance(b"{\"a\":{\n {\n{"), Found::Object(10));
    }
}
