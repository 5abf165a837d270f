//! How far a value goes behind its key, in text that is no JSON. Nothing here looks beyond the end of what it takes: a
//! line may have a million pairs.

use std::ops::Range;

use super::pair::KEY_BYTES_MAX;
use super::view::View;
use crate::capture::pseudonym::key::Meaning;
use crate::capture::pseudonym::words::lists::NOBODY;

/// Words of a name: `Ada Mary Lovelace`.
const NAME_WORDS_MAX: usize = 5;

/// Up to the quote that closes the one at `start`, or to the end.
pub(in crate::capture::pseudonym) fn quoted(
    view: &View<'_>,
    start: usize,
    quote: char,
) -> Option<Range<usize>> {
    let text = &*view.text;
    let depth = view.escaped_by(start);
    let quotes = memchr::memchr_iter(quote as u8, &text.as_bytes()[start + 1..]);
    let mut ends = quotes
        .map(|at| start + 1 + at)
        .filter(|at| view.escaped_by(*at) <= depth);
    // An apostrophe within a word closes nothing.
    let is_apostrophe = |at: &usize| {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        quote == '\''
            && is_letter(text[*at + 1..].chars().next())
            && is_letter(text[..*at].chars().next_back())
    };
    let end = ends.find(|at| !is_apostrophe(at)).unwrap_or(text.len());
    Some(start + 1..end)
}

/// Up to the bracket that closes the one at `start`, or to the end.
pub(in crate::capture::pseudonym) fn bracketed(
    view: &View<'_>,
    start: usize,
) -> Option<Range<usize>> {
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
pub(in crate::capture::pseudonym) fn members(view: &View<'_>, start: usize) -> Vec<Range<usize>> {
    const LENGTH_MAX: usize = 4096;
    let text = &*view.text;
    let window = text[start + 1..].char_indices().take(LENGTH_MAX);
    let end = window
        .take_while(|(_, c)| !matches!(c, ']' | ')' | '\n' | '{' | '[' | '('))
        .last();
    let inside = end.map_or("", |(at, c)| {
        &text[start + 1..start + 1 + at + c.len_utf8()]
    });
    let mut from = start + 1;
    let member = |part: &str| {
        let bare = part.trim_matches([' ', '"', '\'', '\\']);
        let begin = from + part.find(bare).unwrap_or(0);
        from += part.len() + 1;
        begin..begin + bare.len()
    };
    inside
        .split(',')
        .map(member)
        .filter(|it| !it.is_empty())
        .collect()
}

pub(in crate::capture::pseudonym) fn unquoted(
    view: &View<'_>,
    start: usize,
    meaning: Meaning,
    is_said: bool,
    key: &str,
) -> Option<Range<usize>> {
    let line = &view.text[start..];
    let length = match meaning {
        Meaning::Header => header(&view.text, line, key),
        Meaning::Secret if is_of_words(key, is_said) => phrase(view, start),
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

/// To the end of the line, or of the quotes that begin with the key: `-H 'Cookie: a=b; c=d'`
fn header(text: &str, line: &str, key: &str) -> usize {
    let start = key.as_ptr().addr() - text.as_ptr().addr();
    let before = text[..start].chars().next_back();
    let quote = before.filter(|c| matches!(c, '"' | '\''));
    line.find(|c| Some(c) == quote || matches!(c, '\n' | '\r'))
        .unwrap_or(line.len())
}

/// Whether a secret of that name may have several words, behind `=` or behind `: `.
fn is_of_words(key: &str, is_said: bool) -> bool {
    let key = key.to_lowercase();
    let is_phrase = ["phrase", "mnemonic"].iter().any(|it| key.contains(it));
    is_phrase || is_said && ["pass", "pwd", "answer"].iter().any(|it| key.contains(it))
}

/// Up to what ends a clause. `password: hunter2 was refused` goes as a whole.
fn phrase(view: &View<'_>, start: usize) -> usize {
    let line = &view.text[start..];
    let ends = line.char_indices().find(|(at, c)| {
        let is_before_space = line[at + c.len_utf8()..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace);
        matches!(c, '"' | '|' | '\t' | '\n' | '\r')
            || matches!(c, ',' | ';' | '}' | ')' | ']') && is_before_space
    });
    ends.map_or(line.len(), |(at, _)| at)
        .max(word(view, start, true))
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
    let key: usize = bare
        .chars()
        .take(KEY_BYTES_MAX)
        .take_while(|c| is_part(*c))
        .map(char::len_utf8)
        .sum();
    let after = bare[key..].trim_start_matches(['"', '\'']);
    rest.chars().next().is_none_or(char::is_whitespace) || key > 0 && after.starts_with(['=', ':'])
}

/// A word, and further ones as long as they begin with capitals; `None` where it is nobody's name.
fn name(view: &View<'_>, start: usize, is_said: bool) -> Option<usize> {
    let line = &view.text[start..];
    let first = word(view, start, false);
    let bare = line[..first].trim_end_matches(['.', ':', '!', '?']);
    let is_error = ["Exception", "Error", "Fault"]
        .iter()
        .any(|it| bare.ends_with(it));
    if line.starts_with("arn:") || is_said && (is_error || NOBODY.contains(&&*bare.to_lowercase()))
    {
        return None;
    }
    let mut length = bare.len();
    let begins_name = |word: &str| {
        word.chars().next().is_some_and(char::is_uppercase) && !word.contains(['=', ':'])
    };
    if bare.len() < first || !begins_name(bare) {
        return Some(length);
    }
    for _ in 1..NAME_WORDS_MAX {
        let rest = &line[length..];
        let next = if rest.starts_with(' ') {
            word(view, start + length + 1, false)
        } else {
            0
        };
        if next == 0 || !begins_name(&rest[1..=next]) || rest[1 + next..].starts_with(['=', ':']) {
            break;
        }
        length += 1 + next;
    }
    Some(length)
}

/// Digits and what groups them.
fn number(line: &str) -> usize {
    let is_part =
        |c: &char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '/' | '(' | ')');
    let length: usize = line
        .chars()
        .take(32)
        .take_while(is_part)
        .map(char::len_utf8)
        .sum();
    line[..length]
        .trim_end_matches(|c: char| !c.is_ascii_digit())
        .len()
}
