//! E-mail addresses in text, in whatever script, with quotes, or spelt out: `ada (at) firm (dot) example`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::stand_in::StandIns;

/// Further from the sign nothing belongs to the address.
const LOCAL_CHARS_MAX: usize = 128;
const DOMAIN_CHARS_MAX: usize = 255;

static SPELT_OUT: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r"(?ix)
        ( [a-z0-9] [a-z0-9._+-]{0,63} )
        (?: \s? [\[({<] \s? (?:at|@) \s? [\])}>] \s? | \s (?-i: AT | @ ) \s )
        ( [a-z0-9-]{1,63} (?: (?: \. | \s? [\[({<] \s? dot \s? [\])}>] \s? | \s (?-i: DOT ) \s ) [a-z0-9-]{1,63} ){0,6} )";
    Regex::new(expression).expect("the expression is well formed")
});
static DOT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s?[\[({<]\s?dot\s?[\])}>]\s?|\sDOT\s").expect("the expression is well formed")
});

pub(in crate::capture::pseudonym) fn spot(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        let Some(local) = local(&text[..at]) else {
            continue;
        };
        let domain = domain(&text[at + 1..]);
        let (local, domain) = (local, at + 1..at + 1 + domain);
        let written = (&text[local.clone()], &text[domain.clone()]);
        match is_mail(written.0, written.1) {
            Some(true) => {
                let bare = written.0.trim_matches(['"', '\\']);
                let value = format!("{bare}@{}", written.1.trim_end_matches('.'));
                let end = domain.start + written.1.trim_end_matches('.').len();
                found.push(Found {
                    value: Some(value.clone()),
                    ..Found::new(local.start..end, What::Mail, names.email(&value))
                });
            }
            // `'ada'@'10.0.0.1'`, `ada@localhost`: what stands behind is found by itself.
            Some(false) => {
                let quotes = ['"', '\'', '`'];
                let bare = written.0.trim_matches(quotes);
                let start =
                    local.start + (written.0.len() - written.0.trim_start_matches(quotes).len());
                found.push(Found::new(
                    start..start + bare.len(),
                    What::User,
                    names.user(bare),
                ));
            }
            None => {}
        }
    }
    for all in SPELT_OUT.captures_iter(text) {
        let domain = DOT.replace_all(&all[2], ".");
        let value = format!("{}@{domain}", &all[1]);
        if domain.contains('.') {
            found.push(Found {
                value: Some(value.clone()),
                ..Found::new(all.get_match().range(), What::Mail, names.email(&value))
            });
        }
    }
}

/// What stands before the sign: a name, or one in quotes.
fn local(before: &str) -> Option<Range<usize>> {
    let end = before.len();
    let quote = before
        .chars()
        .next_back()
        .filter(|c| matches!(c, '"' | '\'' | '`'));
    if let Some(quote) = quote {
        let inside = &before[..end - 1];
        let window = inside.char_indices().rev().take(LOCAL_CHARS_MAX);
        let open = window
            .take_while(|(_, c)| *c != '\n')
            .find(|(_, c)| *c == quote);
        return open.map(|(at, _)| at..end).filter(|it| it.len() > 2);
    }
    let chars = before.char_indices().rev().take(LOCAL_CHARS_MAX);
    let start = chars
        .take_while(|(_, c)| is_local(*c))
        .last()
        .map(|(at, _)| at)?;
    let start = start + before[start..].bytes().take_while(|b| *b == b'.').count();
    (start < end).then_some(start..end)
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            '.' | '_' | '+' | '-' | '\'' | '~' | '^' | '#' | '$' | '*' | '!' | '{' | '}' | '|'
        )
        || !c.is_ascii() && !c.is_whitespace() && !c.is_control()
}

/// How long the name of a host is.
fn domain(after: &str) -> usize {
    if let Some(rest) = after.strip_prefix('[') {
        let end = rest.char_indices().take(64).find(|(_, c)| *c == ']');
        return end.map_or(0, |(at, _)| at + 2);
    }
    let is_part = |c: char| {
        c.is_alphanumeric() || matches!(c, '.' | '-') || !c.is_ascii() && !c.is_whitespace()
    };
    let chars = after.char_indices().take(DOMAIN_CHARS_MAX);
    let end = chars.take_while(|(_, c)| is_part(*c)).last();
    end.map_or(0, |(at, c)| at + c.len_utf8())
}

/// Whether it is a mail address, or a user at some host; `None` where it is neither, as of a package and its version.
fn is_mail(local: &str, domain: &str) -> Option<bool> {
    let domain = domain.trim_end_matches(['.', '-']);
    if domain.starts_with('[') {
        return Some(true);
    }
    let labels = domain.split('.').count();
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_name = last.chars().count() > 1 && last.chars().any(char::is_alphabetic);
    let is_number = domain.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_quoted = local.ends_with('\'') || local.ends_with('`');
    if labels > 1 && is_name && !domain.starts_with('.') && !domain.contains("..") && !is_quoted {
        return Some(true);
    }
    // `Object@6d06d69c` is a place in memory, `package@latest` a version, `a@1.2` as well.
    let is_place = domain.len() <= 8 && domain.bytes().all(|b| b.is_ascii_hexdigit());
    let is_version = matches!(
        domain,
        "latest" | "next" | "canary" | "edge" | "beta" | "stable"
    );
    let is_address = is_number && labels == 4;
    let is_host = is_name && !is_place && !is_version;
    (is_host || is_address || is_quoted).then_some(false)
}
