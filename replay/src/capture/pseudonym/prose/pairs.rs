//! Keys and their values in text that is no JSON, at any depth of quotes: `key=value`, `key: value`, `"key":"value`,
//! `\"key\":\"…`. So what is JSON but for some damage is read as well.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::attributes;
pub(in crate::capture::pseudonym) use super::pair::{KEY_BYTES_MAX, Pair};
use super::values::{bracketed, members, quoted, unquoted};
use super::view::View;
use crate::capture::pseudonym::key::Meaning;
use crate::capture::pseudonym::words::lists::DESCRIPTORS;

/// White space between a key, its sign and its value.
const SPACE_BYTES_MAX: usize = 4;

/// Words that may be keys of secrets; all others need not be taken apart.
static LIKELY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)pass|pwd|secret|token|key|auth|cred|code|cookie|jwt|otp|session")
        .expect("the expression is well formed")
});

/// The pairs of `view` whose keys mean something.
pub(in crate::capture::pseudonym) fn of(view: &View<'_>) -> Vec<Pair> {
    let text = &*view.text;
    let mut pairs = Vec::new();
    let mut read = 0;
    for at in memchr::memchr3_iter(b':', b'=', b'>', text.as_bytes()) {
        // What belongs to a value that goes as a whole is no key.
        if at < read || text[..=at].ends_with("::") {
            continue;
        }
        let is_element = text.as_bytes()[at] == b'>';
        let key = match is_element {
            // `"password" -> "…"`
            true if text[..at].ends_with('-') => key(text, at - 1),
            true => element(text, at),
            false => key(text, at),
        };
        let is_element = is_element && !text[..at].ends_with('-');
        let Some(key) = key else { continue };
        let meaning = Meaning::of(key, "");
        if matches!(
            meaning,
            Meaning::Nothing | Meaning::Vocabulary | Meaning::Digest
        ) {
            continue;
        }
        let values = match is_element {
            true => content(text, at + 1).into_iter().collect(),
            false => values(view, at, meaning, key),
        };
        for value in values {
            read = read.max(value.end);
            pairs.push(Pair { meaning, value });
        }
    }
    attributes::of(text, &mut pairs);
    if LIKELY.is_match(text) {
        unsigned(view, &mut pairs);
    }
    pairs
}

/// Whether `text` ends with a secret's key and the sign behind it.
pub(in crate::capture::pseudonym) fn secret_at_end(text: &str) -> bool {
    let bare = text.trim_end_matches([' ', '\t', '\n', '>']);
    let at = bare
        .len()
        .checked_sub(1)
        .filter(|at| matches!(bare.as_bytes()[*at], b':' | b'='));
    at.and_then(|at| key(bare, at))
        .is_some_and(|key| Meaning::of(key, "").is_secret())
}

/// The name that ends before the sign at `at`.
fn key(text: &str, at: usize) -> Option<&str> {
    let before = &text[..at];
    let bare = before.trim_end_matches([' ', '\t']);
    let bare = if before.len() - bare.len() <= SPACE_BYTES_MAX {
        bare
    } else {
        return None;
    };
    let unquoted = bare.trim_end_matches(['"', '\'', '`', ']']);
    if bare.len() - unquoted.len() > SPACE_BYTES_MAX {
        return None;
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | ':');
    let chars = unquoted
        .char_indices()
        .rev()
        .take(KEY_BYTES_MAX)
        .take_while(|(_, c)| is_part(*c));
    let start = chars.last().map(|(at, _)| at)?;
    let mut key = unquoted[start..].trim_matches([':', '.', '-', '$', '@']);
    // `"first name": "Ada"`
    if unquoted.len() < bare.len() && !key.is_empty() {
        let window = unquoted.char_indices().rev().take(KEY_BYTES_MAX);
        let whole = window.take_while(|(_, c)| is_part(*c) || *c == ' ').last();
        key = whole.map_or(key, |(at, _)| unquoted[at..].trim());
    }
    Some(key).filter(|it| !it.is_empty())
}

/// The name of the element whose tag ends at `at`: `<ns:password>`
fn element(text: &str, at: usize) -> Option<&str> {
    let window = text[..at].char_indices().rev().take(KEY_BYTES_MAX);
    let mut open = window.take_while(|(_, c)| !matches!(c, '>' | '\n'));
    let (start, _) = open.find(|(_, c)| *c == '<')?;
    let tag = text[start + 1..at]
        .split([' ', '\t'])
        .next()
        .unwrap_or_default();
    let name = tag.rsplit(':').next().unwrap_or_default();
    Some(name).filter(|it| !it.is_empty() && !it.starts_with('/') && !text[..at].ends_with('/'))
}

/// Up to the next tag.
fn content(text: &str, start: usize) -> Option<Range<usize>> {
    let length = memchr::memchr(b'<', &text.as_bytes()[start..]).unwrap_or(text.len() - start);
    let bare = text[start..start + length].trim();
    let begin = start + text[start..start + length].find(bare).unwrap_or(0);
    (!bare.is_empty()).then(|| begin..begin + bare.len())
}

/// What stands behind the sign at `at`.
fn values(view: &View<'_>, at: usize, meaning: Meaning, key: &str) -> Vec<Range<usize>> {
    let text = &*view.text;
    let sign = text.as_bytes()[at];
    let mut start = at + 1;
    // `:=`, `=>`, `==`
    if matches!(text.as_bytes().get(start), Some(b'=' | b'>')) {
        start += 1;
    }
    let rest = &text[start..];
    // `scheme://user` and `std::path` are no pairs.
    if sign == b':' && rest.starts_with(['/', ':']) && !meaning.is_secret() {
        return Vec::new();
    }
    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    let is_spaced = space > 0;
    if space > 64 {
        return Vec::new();
    }
    start += space;
    let Some(first) = text[start..].chars().next() else {
        return Vec::new();
    };
    let one = match first {
        '"' | '\'' | '`' => quoted(view, start, first),
        '{' | '[' | '(' if meaning.is_secret() => bracketed(view, start),
        '[' | '(' => return members(view, start),
        '{' => return Vec::new(),
        _ if space > 0 && rest[..space].contains('\n') => return Vec::new(),
        _ => unquoted(view, start, meaning, sign == b':' && is_spaced, key),
    };
    one.filter(|it| !it.is_empty()).into_iter().collect()
}

/// `--password hunter2`, `password is hunter2`, `token 3f9a…`: without a sign, where what follows looks like a secret.
fn unsigned(view: &View<'_>, pairs: &mut Vec<Pair>) {
    let text = &*view.text;
    let mut at = 0;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut words = text.split([' ', '\n', '\t', '|']).map(|word| {
        let start = at;
        at += word.len() + 1;
        (start, word)
    });
    let mut waits = None;
    for (start, word) in &mut words {
        let bare = word.trim_matches([
            '"', '\'', '`', '(', ')', '[', ']', '{', '}', ':', ',', '.', ';',
        ]);
        let is_option = waits == Some(true);
        if waits.is_some() && matches!(bare, "is" | "was" | "of" | "for" | "to" | "") && !is_option
        {
            continue;
        }
        if waits.is_some()
            && (looks_secret(bare) || is_option && !bare.starts_with('-') && !bare.is_empty())
        {
            let begin = start + word.find(bare).unwrap_or(0);
            pairs.push(Pair {
                meaning: Meaning::Secret,
                value: begin..begin + bare.len(),
            });
        }
        // `password: |`
        if waits.is_some() && word == ":" {
            continue;
        }
        let is_key = bare.len() <= KEY_BYTES_MAX
            && LIKELY.is_match(bare)
            && bare.chars().all(is_part)
            && Meaning::of(bare, "").is_secret();
        waits = is_key.then(|| bare.starts_with('-') || word.starts_with('-'));
    }
}

/// Letters and digits or signs, mixed.
fn looks_secret(word: &str) -> bool {
    let has = |is: fn(char) -> bool| word.chars().any(is);
    let has_sign = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | ':' | '/');
    let is_known = DESCRIPTORS.contains(&word);
    let is_mixed =
        has(char::is_alphabetic) && (has(|c| c.is_ascii_digit()) || word.chars().any(has_sign));
    word.chars().count() >= 6 && !is_known && is_mixed && !word.contains("=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Meaning, String)> {
        let view = View::of(text);
        let read = |it: Pair| (it.meaning, view.text[it.value].to_owned());
        of(&view).into_iter().map(read).collect()
    }

    #[test]
    fn secrets_go_as_far_as_they_may_reach() {
        for (text, secret) in [
            ("DB_PASSWORD=hunt,er2 next", "hunt,er2"),
            ("{password=hunter2, user_agent=x}", "hunter2"),
            ("(password=hunter2)", "hunter2"),
            (r#"{"password":"a\"b","x":1"#, "a\"b"),
            (r#"{\"password\":\"a\\\"b\",\"x\":1"#, "a\"b"),
            (r#"{"password":"never ends"#, "never ends"),
            (r#"{"password":{"S":"x}"},"y":1"#, r#"{"S":"x}"}"#),
            ("Cookie: a=b; c=d", "a=b; c=d"),
            ("curl -H 'Cookie: a=b; c=d' x", "a=b; c=d"),
            ("passphrase: correct horse battery", "correct horse battery"),
            ("a%3D1%26password%3Dhunter2%26next%3D1", "hunter2"),
            ("--password hunter2 --x", "hunter2"),
            ("the password is hunter2!", "hunter2!"),
            ("secret = Some(\"hunter2\")", "Some(\"hunter2"),
            ("password => 'hunter2'", "hunter2"),
        ] {
            let secrets: Vec<_> = read(text)
                .into_iter()
                .filter(|it| it.0.is_secret())
                .map(|it| it.1)
                .collect();
            assert_eq!(secrets, [secret], "{text}");
        }
    }

    #[test]
    fn people_are_read_as_far_as_their_names_go() {
        for (text, names) in [
            ("user=ada from=x", &["ada"][..]),
            ("user: Ada Lovelace signed in", &["Ada Lovelace"]),
            ("User: arn:aws:iam::1:user/x is not", &[]),
            ("user: not found", &[]),
            ("users: [ada, 'bob']", &["ada", "bob"]),
            ("\"first name\": \"Ada\"", &["Ada"]),
            ("std::user::path http://user", &[]),
        ] {
            let told: Vec<_> = read(text).into_iter().map(|it| it.1).collect();
            assert_eq!(told, names, "{text}");
        }
    }
}
