//! Keys and their values in text that is no JSON, at any depth of quotes: `key=value`, `key: value`, `"key":"value`,
//! `\"key\":\"…`. So what is JSON but for some damage is read as well.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::key::Meaning;
use super::lists::{DESCRIPTORS, NOBODY};
use super::view::View;

/// Longer names are no keys.
const KEY_BYTES_MAX: usize = 64;
/// White space between a key, its sign and its value.
const SPACE_BYTES_MAX: usize = 4;
/// Words of a name: `Ada Mary Lovelace`.
const NAME_WORDS_MAX: usize = 5;

/// Words that may be keys of secrets; all others need not be taken apart.
static LIKELY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)pass|pwd|secret|token|key|auth|cred|code|cookie|jwt|otp|session").expect("the expression is well formed")
});

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) meaning: Meaning,
    pub(super) value: Range<usize>,
}

/// The pairs of `view` whose keys mean something.
pub(super) fn of(view: &View<'_>) -> Vec<Pair> {
    let text = &*view.text;
    let mut pairs = Vec::new();
    let mut read = 0;
    for at in memchr::memchr3_iter(b':', b'=', b'>', text.as_bytes()) {
        // What belongs to a value that goes as a whole is no key.
        if at < read || text[..=at].ends_with("::") {
            continue;
        }
        let is_element = text.as_bytes()[at] == b'>';
        let key = if is_element { element(text, at) } else { key(text, at) };
        let Some(key) = key else { continue };
        let meaning = Meaning::of(key, "");
        if matches!(meaning, Meaning::Nothing | Meaning::Vocabulary | Meaning::Digest) {
            continue;
        }
        let values = match is_element {
            true => content(text, at + 1),
            false => values(view, at, meaning, key),
        };
        for value in values {
            read = read.max(value.end);
            pairs.push(Pair { meaning, value });
        }
    }
    if LIKELY.is_match(text) {
        unsigned(view, &mut pairs);
    }
    pairs
}

/// Whether `text` ends with a secret's key and the sign behind it.
pub(super) fn secret_at_end(text: &str) -> bool {
    let bare = text.trim_end_matches([' ', '\t', '\n', '>']);
    let at = bare.len().checked_sub(1).filter(|at| matches!(bare.as_bytes()[*at], b':' | b'='));
    at.and_then(|at| key(bare, at)).is_some_and(|key| Meaning::of(key, "").is_secret())
}

/// The name that ends before the sign at `at`.
fn key(text: &str, at: usize) -> Option<&str> {
    let before = &text[..at];
    let bare = before.trim_end_matches([' ', '\t']);
    let bare = if before.len() - bare.len() <= SPACE_BYTES_MAX { bare } else { return None };
    let unquoted = bare.trim_end_matches(['"', '\'', '`', ']']);
    if bare.len() - unquoted.len() > SPACE_BYTES_MAX {
        return None;
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | ':');
    let chars = unquoted.char_indices().rev().take(KEY_BYTES_MAX).take_while(|(_, c)| is_part(*c));
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
    let tag = text[start + 1..at].split([' ', '\t']).next().unwrap_or_default();
    let name = tag.rsplit(':').next().unwrap_or_default();
    Some(name).filter(|it| !it.is_empty() && !it.starts_with('/') && !text[..at].ends_with('/'))
}

/// Up to the next tag.
fn content(text: &str, start: usize) -> Vec<Range<usize>> {
    let length = memchr::memchr(b'<', &text.as_bytes()[start..]).unwrap_or(text.len() - start);
    let bare = text[start..start + length].trim();
    let begin = start + text[start..start + length].find(bare).unwrap_or(0);
    if bare.is_empty() { Vec::new() } else { vec![begin..begin + bare.len()] }
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

/// Up to the quote that closes the one at `start`, or to the end.
fn quoted(view: &View<'_>, start: usize, quote: char) -> Option<Range<usize>> {
    let text = &*view.text;
    let depth = view.escaped_by(start);
    let quotes = memchr::memchr_iter(quote as u8, &text.as_bytes()[start + 1..]);
    let mut ends = quotes.map(|at| start + 1 + at).filter(|at| view.escaped_by(*at) <= depth);
    // An apostrophe within a word closes nothing.
    let is_apostrophe = |at: &usize| {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        quote == '\'' && is_letter(text[*at + 1..].chars().next()) && is_letter(text[..*at].chars().next_back())
    };
    let end = ends.find(|at| !is_apostrophe(at)).unwrap_or(text.len());
    Some(start + 1..end)
}

/// Up to the bracket that closes the one at `start`, or to the end.
fn bracketed(view: &View<'_>, start: usize) -> Option<Range<usize>> {
    let text = &*view.text;
    let mut depth = 0;
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            '"' => at = quoted(view, at, c).map_or(text.len(), |it| it.end),
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 || at >= text.len() {
            break;
        }
    }
    Some(start..at.min(text.len()))
}

/// `[ada, bob]`: each for itself.
fn members(view: &View<'_>, start: usize) -> Vec<Range<usize>> {
    const LENGTH_MAX: usize = 4096;
    let text = &*view.text;
    let window = text[start + 1..].char_indices().take(LENGTH_MAX);
    let end = window.take_while(|(_, c)| !matches!(c, ']' | ')' | '\n' | '{' | '[' | '(')).last();
    let inside = end.map_or("", |(at, c)| &text[start + 1..start + 1 + at + c.len_utf8()]);
    let mut from = start + 1;
    let member = |part: &str| {
        let bare = part.trim_matches([' ', '"', '\'', '\\']);
        let begin = from + part.find(bare).unwrap_or(0);
        from += part.len() + 1;
        begin..begin + bare.len()
    };
    inside.split(',').map(member).filter(|it| !it.is_empty()).collect()
}

fn unquoted(view: &View<'_>, start: usize, meaning: Meaning, is_said: bool, key: &str) -> Option<Range<usize>> {
    // Nothing here looks beyond the end of what it takes: a line may have a million pairs.
    let line = &view.text[start..];
    let length = match meaning {
        Meaning::Header => line.find(['"', '\'', '\n', '\r']).unwrap_or(line.len()),
        Meaning::Secret if is_said && is_of_words(key) => phrase(view, start),
        Meaning::Secret => word(view, start, true),
        Meaning::User | Meaning::Place | Meaning::Thing => {
            let length = name(view, start, is_said)?;
            // `no vehicle: not registered` is said of any; what names one has a number in it.
            let has_digit = line[..length].bytes().any(|b| b.is_ascii_digit());
            if is_said && meaning == Meaning::Thing && !has_digit {
                return None;
            }
            length
        }
        Meaning::Phone => number(line),
        _ => word(view, start, false),
    };
    Some(start..start + length)
}

/// Whether a secret of that name may have several words.
fn is_of_words(key: &str) -> bool {
    let key = key.to_lowercase();
    ["pass", "pwd", "phrase", "mnemonic", "answer"].iter().any(|it| key.contains(it))
}

/// Up to what ends a clause. `password: hunter2 was refused` goes as a whole.
fn phrase(view: &View<'_>, start: usize) -> usize {
    let line = &view.text[start..];
    let ends = line.char_indices().find(|(at, c)| {
        let is_before_space = line[at + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
        matches!(c, '"' | '|' | '\t' | '\n' | '\r') || matches!(c, ',' | ';' | '}' | ')' | ']') && is_before_space
    });
    ends.map_or(line.len(), |(at, _)| at).max(word(view, start, true))
}

/// Up to white space, or to what separates values where another follows.
fn word(view: &View<'_>, start: usize, is_secret: bool) -> usize {
    let line = &view.text[start..];
    let ends = line.char_indices().find(|(at, c)| match c {
        // `Ada%20Lovelace`
        ' ' => view.escaped_by(start + at) == 0,
        _ if c.is_whitespace() => true,
        '"' | '\'' | '<' | '>' => !is_secret || *at > 0 && is_end(&line[at + 1..]),
        ',' | ';' | '&' | '|' | '}' | ')' | ']' => !is_secret || is_end(&line[at + 1..]),
        _ => false,
    });
    ends.map_or(line.len(), |(at, _)| at)
}

/// Whether a value has ended before `rest`: nothing follows, or another key does.
fn is_end(rest: &str) -> bool {
    let rest = &rest[..rest.floor_char_boundary(KEY_BYTES_MAX + 8)];
    let rest = rest.trim_start_matches(['"', '\'', '}', ')', ']', ',', ';']);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let bare = rest.trim_start_matches(['"', '\'', '{']);
    let key: usize = bare.chars().take(KEY_BYTES_MAX).take_while(|c| is_part(*c)).map(char::len_utf8).sum();
    let after = bare[key..].trim_start_matches(['"', '\'']);
    rest.chars().next().is_none_or(char::is_whitespace) || key > 0 && after.starts_with(['=', ':'])
}

/// A word, and further ones as long as they begin with capitals; `None` where it is nobody's name.
fn name(view: &View<'_>, start: usize, is_said: bool) -> Option<usize> {
    let line = &view.text[start..];
    let first = word(view, start, false);
    let bare = line[..first].trim_end_matches(['.', ':', '!', '?']);
    let is_error = ["Exception", "Error", "Fault"].iter().any(|it| bare.ends_with(it));
    if line.starts_with("arn:") || is_said && (is_error || NOBODY.contains(&&*bare.to_lowercase())) {
        return None;
    }
    let mut length = bare.len();
    let begins_name = |word: &str| word.chars().next().is_some_and(char::is_uppercase) && !word.contains(['=', ':']);
    if bare.len() < first || !begins_name(bare) {
        return Some(length);
    }
    for _ in 1..NAME_WORDS_MAX {
        let rest = &line[length..];
        let next = if rest.starts_with(' ') { word(view, start + length + 1, false) } else { 0 };
        if next == 0 || !begins_name(&rest[1..=next]) || rest[1 + next..].starts_with(['=', ':']) {
            break;
        }
        length += 1 + next;
    }
    Some(length)
}

/// Digits and what groups them.
fn number(line: &str) -> usize {
    let is_part = |c: &char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '/' | '(' | ')');
    let length: usize = line.chars().take(32).take_while(is_part).map(char::len_utf8).sum();
    line[..length].trim_end_matches(|c: char| !c.is_ascii_digit()).len()
}

/// `--password hunter2`, `password is hunter2`, `token 3f9a…`: without a sign, where what follows looks like a secret.
fn unsigned(view: &View<'_>, pairs: &mut Vec<Pair>) {
    let text = &*view.text;
    let mut at = 0;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut words = text.split(|c: char| c == ' ' || c == '\n').map(|word| {
        let start = at;
        at += word.len() + 1;
        (start, word)
    });
    let mut waits = None;
    for (start, word) in &mut words {
        let bare = word.trim_matches(['"', '\'', '`', '(', ')', '[', ']', ',', '.', ';']);
        let is_option = waits == Some(true);
        if waits.is_some() && matches!(bare, "is" | "was" | "of" | "for" | "to" | "") && !is_option {
            continue;
        }
        if waits.is_some() && (looks_secret(bare) || is_option && !bare.starts_with('-') && !bare.is_empty()) {
            let begin = start + word.find(bare).unwrap_or(0);
            pairs.push(Pair {
                meaning: Meaning::Secret,
                value: begin..begin + bare.len(),
            });
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
    let is_mixed = has(char::is_alphabetic) && (has(|c| c.is_ascii_digit()) || word.chars().any(has_sign));
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
            let secrets: Vec<_> = read(text).into_iter().filter(|it| it.0.is_secret()).map(|it| it.1).collect();
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
