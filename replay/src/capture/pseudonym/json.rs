//! JSON text, read flat: every value with its place, its key and what it stands in. Nothing is built anew.
//!
//! It is read as leniently as the decoder reads: `NaN` is a value, and what strings hold is not looked at.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Object,
    List,
    Text,
    Number,
    /// `true`, `null`, `NaN`
    Word,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) form: Form,
    /// As written; of a string what stands between the quotes.
    pub(super) range: Range<usize>,
    /// What stands between the quotes of its key.
    pub(super) key: Option<Range<usize>>,
    /// The object or list around it.
    pub(super) parent: Option<usize>,
    /// The node that comes after all within it.
    pub(super) next: usize,
}

/// The nodes of one value that begins at `from`, outermost first, and where it ends.
///
/// # Errors
/// It is none; where that showed.
pub(super) fn scan(text: &str, from: usize) -> Result<(Vec<Node>, usize), usize> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: from,
        nodes: Vec::new(),
        open: Vec::new(),
    };
    scan.value(None).map_err(|()| scan.at)?;
    while let Some(&parent) = scan.open.last() {
        scan.member(parent).map_err(|()| scan.at)?;
    }
    Ok((scan.nodes, scan.at))
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Objects and lists that are not closed.
    open: Vec<usize>,
}

impl Scan<'_> {
    /// The next member of `parent`, or its end.
    fn member(&mut self, parent: usize) -> Result<(), ()> {
        let close = match self.nodes[parent].form {
            Form::Object => b'}',
            _ => b']',
        };
        let is_first = self.nodes.len() == parent + 1;
        match self.peek()? {
            byte if byte == close => {
                self.at += 1;
                self.open.pop();
                let next = self.nodes.len();
                let node = &mut self.nodes[parent];
                node.next = next;
                node.range.end = self.at;
                return Ok(());
            }
            b',' if !is_first => self.at += 1,
            _ if is_first => {}
            _ => return Err(()),
        }
        let key = match close {
            b'}' => {
                if self.peek()? != b'"' {
                    return Err(());
                }
                let key = self.string()?;
                if self.peek()? != b':' {
                    return Err(());
                }
                self.at += 1;
                Some(key)
            }
            _ => None,
        };
        self.value(key)
    }

    fn value(&mut self, key: Option<Range<usize>>) -> Result<(), ()> {
        let first = self.peek()?;
        let start = self.at;
        let (form, range) = match first {
            b'{' | b'[' => {
                self.at += 1;
                let form = if first == b'{' {
                    Form::Object
                } else {
                    Form::List
                };
                (form, start..start)
            }
            b'"' => (Form::Text, self.string()?),
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'I' | b'N' => {
                let is_part =
                    |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                let length = self.bytes[start..].iter().take_while(is_part).count();
                self.at += length;
                (
                    token(&self.bytes[start..self.at]).ok_or(())?,
                    start..self.at,
                )
            }
            _ => return Err(()),
        };
        let is_open = matches!(form, Form::Object | Form::List);
        self.nodes.push(Node {
            form,
            range,
            key,
            parent: self.open.last().copied(),
            next: self.nodes.len() + 1,
        });
        if is_open {
            self.open.push(self.nodes.len() - 1);
        }
        Ok(())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<u8, ()> {
        let rest = &self.bytes[self.at..];
        self.at += rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.bytes.get(self.at).copied().ok_or(())
    }

    /// What stands between the quotes of the string here.
    fn string(&mut self) -> Result<Range<usize>, ()> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            let Some(found) = self
                .bytes
                .get(at..)
                .and_then(|it| memchr::memchr2(b'"', b'\\', it))
            else {
                self.at = self.bytes.len();
                return Err(());
            };
            at += found;
            if self.bytes[at] == b'"' {
                self.at = at + 1;
                return Ok(start..at);
            }
            at += 2;
        }
    }
}

fn token(token: &[u8]) -> Option<Form> {
    let is_number = matches!(token[0], b'-' | b'0'..=b'9')
        && token
            .iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    match token {
        _ if is_number => Some(Form::Number),
        b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity" => Some(Form::Word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_key_and_place() {
        let text = r#" {"a":{"b":1},"c":[2,{"d":"x\"y"},null],"e":[],"f":{}} rest"#;
        let (nodes, end) = scan(text, 0).unwrap();
        assert_eq!(&text[end..], " rest");
        let told: Vec<_> = nodes
            .iter()
            .map(|it| {
                (
                    &text[it.range.clone()],
                    it.key.clone().map(|it| &text[it]),
                    it.next,
                )
            })
            .collect();
        assert_eq!(told[1], (r#"{"b":1}"#, Some("a"), 3));
        assert_eq!(told[2], ("1", Some("b"), 3));
        assert_eq!(told[3].2, 8);
        assert_eq!(told[6], (r#"x\"y"#, Some("d"), 7));
        assert_eq!(told.last(), Some(&("{}", Some("f"), 10)));
    }

    #[test]
    fn damage_is_told_where_it_shows() {
        for text in [
            "",
            "{",
            "{\"a\"",
            "{\"a\":}",
            "{\"a\":1,,}",
            "[1 2]",
            "{a:1}",
            "\"x",
            "\"\\",
            "{\"a\":tru}",
            "[1,2}",
        ] {
            assert!(scan(text, 0).is_err(), "{text}");
        }
        assert!(scan(&"[".repeat(1_000_000), 0).is_err());
        assert_eq!(scan("{\"a\":1} x", 0).unwrap().1, 7);
        assert!(scan("NaN", 0).is_ok());
    }
}
