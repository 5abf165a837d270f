//! JSON that shows what it says: characters that a terminal obeys or hides are written as escapes, so that a value is the
//! same and looks like it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Writes `value` on one line, without a line break.
///
/// # Errors
/// `out` cannot be written to; that its value is no JSON is an error, too.
pub fn write(value: &impl Serialize, out: impl Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Plain(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// The same over several lines.
///
/// # Errors
/// As [`write`].
pub fn write_pretty(value: &impl Serialize, out: impl Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Plain(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Whether a terminal obeys the character or shows nothing of it: controls, and what changes direction or joins text.
/// JSON escapes the controls below the blank by itself.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

struct Plain<F>(F);

/// Hands on what is about layout.
macro_rules! hand_on {
    ($($name:ident($($argument:ident: $kind:ty),*)),*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Plain<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_unseen(*c)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    hand_on!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value()
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_value_is_the_same_and_nothing_of_it_is_hidden() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}\u{200b}\u{200f}\u{2066}\u{feff}\u{61c}\u{85}\u{2028}\u{e0041}\u{1b}é日\"\\";
        let value = BTreeMap::from([(hostile, vec![hostile, "plain"])]);
        let (mut line, mut page) = (Vec::new(), Vec::new());
        write(&value, &mut line).unwrap();
        write_pretty(&value, &mut page).unwrap();
        for json in [line, page] {
            let text = String::from_utf8(json).unwrap();
            let is_shown = |c: char| c == '\n' || !is_unseen(c) && !c.is_control();
            assert!(text.chars().all(is_shown), "{text:?}");
            assert!(
                text.contains("\\u202e") && text.contains("\\udb40\\udc41") && text.contains("é日")
            );
            let read: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
            assert_eq!(read[hostile], [hostile, "plain"]);
        }
        let compact = |value: &str| {
            let mut out = Vec::new();
            write(&value, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            compact("ordinary text, with ünïcode"),
            serde_json::to_string("ordinary text, with ünïcode").unwrap()
        );
    }
}
