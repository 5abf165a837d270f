//! JSON that is nearly JSON, made JSON: what some writers do that everybody can read.

use std::borrow::Cow;

use crate::text::raw;

/// `json` with what is wrong mended: surrogates without a partner, `NaN` and `Infinity` (as `null`), bytes that are no
/// UTF-8 within strings. `None` where nothing of the kind is there.
pub(crate) fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let text = match std::str::from_utf8(json) {
        Ok(_) => Cow::Borrowed(json),
        Err(_) => Cow::Owned(String::from_utf8_lossy(json).into_owned().into_bytes()),
    };
    let with_numbers = numbers(&text);
    let text = with_numbers
        .as_deref()
        .map_or(text, |mended| Cow::Owned(mended.to_vec()));
    match raw::mend_surrogates(&text) {
        Some(mended) => Some(mended),
        None => match text {
            Cow::Owned(mended) => Some(mended),
            Cow::Borrowed(_) => None,
        },
    }
}

/// `json` with what Python and JavaScript write for numbers that are none as `null`; `None` where there is none.
fn numbers(json: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let is_likely = WORDS[1..]
        .iter()
        .any(|word| memchr::memmem::find(json, word).is_some());
    let mut out = Vec::with_capacity(if is_likely { json.len() } else { return None });
    let mut at = 0;
    let mut copied = 0;
    let mut is_in_string = false;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' if is_in_string => at += 1,
            b'"' => is_in_string = !is_in_string,
            b'-' | b'I' | b'N' if !is_in_string => {
                if let Some(word) = WORDS.iter().find(|word| json[at..].starts_with(word)) {
                    out.extend_from_slice(&json[copied..at]);
                    out.extend_from_slice(b"null");
                    copied = at + word.len();
                    at = copied - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    out.extend_from_slice(&json[copied..]);
    (copied > 0).then_some(out)
}

/// A line of text in another encoding than UTF-8, as far as it can be read: not what is mostly other bytes, or binary.
pub(crate) fn text(line: &[u8]) -> Option<String> {
    let is_binary = line
        .iter()
        .any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b));
    let text = String::from_utf8_lossy(line);
    let unread = text.matches(char::REPLACEMENT_CHARACTER).count();
    (!is_binary && unread * 8 <= line.len()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_can_read_is_mended() {
        let read = |json: &[u8]| mended(json).map(|mended| String::from_utf8(mended).unwrap());
        assert_eq!(
            read(br#"{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN \" NaN"}"#).as_deref(),
            Some(r#"{"a":null,"b":[null,null],"c":"NaN \" NaN"}"#)
        );
        assert_eq!(
            read(b"{\"a\":\"Zo\xeb\"}").as_deref(),
            Some("{\"a\":\"Zo\u{fffd}\"}")
        );
        assert_eq!(
            read(br#"{"a":"\ud800","b":NaN}"#).as_deref(),
            Some(r#"{"a":"\ufffd","b":null}"#)
        );
        assert_eq!(read(br#"{"a":"NaN"}"#), None);
        assert_eq!(read(br#"{"a":1"#), None);
    }

    #[test]
    fn text_of_another_encoding_is_text_and_noise_is_not() {
        assert_eq!(
            text(b"signed in: Zo\xeb K.").as_deref(),
            Some("signed in: Zo\u{fffd} K.")
        );
        assert_eq!(text(b"\xff\xfe\xfd\xfc"), None);
        assert_eq!(text(b"binary \x00 with text around it"), None);
    }
}
