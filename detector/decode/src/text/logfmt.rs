//! Lines of `name=value` pairs around an application's words, as Go's `slog` and loggers like it write them:
//! `time=… level=INFO msg="…"`, and with AWS's own handler `timestamp=… level=INFO message="…" requestId=…`.

use std::borrow::Cow;

use crate::text::{moment, runtime_line};

/// A line taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Logfmt<'t> {
    pub(crate) request_id: Option<&'t str>,
    pub(crate) level: &'t str,
    /// As written.
    pub(crate) time: &'t str,
    /// The application's words.
    pub(crate) words: Cow<'t, str>,
    /// Whether AWS's handler wrote it, and not a logger of the application's.
    pub(crate) is_runtimes: bool,
}

/// `line` taken apart. `None` where it has any other pair: that is the application's, which keeps all of it.
pub(crate) fn of(line: &str) -> Option<Logfmt<'_>> {
    if !line.starts_with(['t', 'l', 'm']) {
        return None;
    }
    let (mut time, mut level, mut words, mut request_id) = (None, None, None, None);
    let mut is_runtimes = false;
    let mut rest = line;
    while !rest.is_empty() {
        let (name, value, after) = pair(rest)?;
        let place = match name {
            "time" | "timestamp" | "ts" => &mut time,
            "level" | "lvl" => &mut level,
            "requestId" => &mut request_id,
            "msg" | "message" => {
                is_runtimes = name == "message";
                let text = unquoted(value).filter(|_| words.is_none())?;
                words = Some(text);
                rest = after;
                continue;
            }
            "functionArn" | "tenantId" => {
                rest = after;
                continue;
            }
            _ => return None,
        };
        if place.is_some() {
            return None;
        }
        *place = Some(value.trim_matches('"'));
        rest = after;
    }
    let (time, level) = (time?, level?);
    let is_time = moment::at_start(time).is_some_and(|(_, rest)| rest.is_empty());
    (is_time && runtime_line::is_level(level)).then_some(Logfmt {
        request_id,
        level,
        time,
        words: words?,
        is_runtimes: is_runtimes && request_id.is_some(),
    })
}

/// The first pair of `text`: its name, its value as written, and what follows.
fn pair(text: &str) -> Option<(&str, &str, &str)> {
    let (name, after) = text.split_once('=')?;
    let end = match after.strip_prefix('"') {
        Some(inside) => 2 + closing_quote(inside)?,
        None => after.find(' ').unwrap_or(after.len()),
    };
    let (value, rest) = after.split_at(end);
    let rest = match rest {
        "" => "",
        _ => rest.strip_prefix(' ')?,
    };
    let is_name = name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_name.then_some((name, value, rest))
}

fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quotes = memchr::memchr_iter(b'"', bytes);
    quotes.find(|at| {
        let before = bytes[..*at].iter().rev();
        before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// Go's quoting is JSON's but for bytes that text does not have.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    if value.starts_with('"') {
        return serde_json::from_str::<String>(value).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_loggers_are_told_from_the_words() {
        let line = r#"timestamp=2026-05-21T09:01:02.505Z level=INFO message="{\"a\":\"b \\\" c\"}" requestId=c29d"#;
        let found = of(line).unwrap();
        assert_eq!(found.words, r#"{"a":"b \" c"}"#);
        assert_eq!((found.request_id, found.level), (Some("c29d"), "INFO"));
        assert!(found.is_runtimes);
        let found = of(r#"time="2026-05-21T09:01:02Z" level=warning msg=started"#).unwrap();
        assert_eq!(found.words, "started");
        assert_eq!(found.time, "2026-05-21T09:01:02Z");
        assert!(!found.is_runtimes);
    }

    #[test]
    fn what_has_more_or_less_is_the_applications() {
        for line in [
            r#"time=2026-05-21T09:01:02Z level=INFO msg="{}" user=x"#,
            r#"time=2026-05-21T09:01:02Z level=INFO msg="{}" level=INFO"#,
            r#"time=2026-05-21T09:01:02Z level=INFO msg="{}" msg="{}""#,
            r#"time=2026-05-21T09:01:02Z level=INFO msg="{}"#,
            r#"time=2026-05-21T09:01:02Z level=INFO msg="{}"x"#,
            r#"time=yesterday level=INFO msg="{}""#,
            r#"time=2026-05-21T09:01:02Z level=high msg="{}""#,
            r#"level=INFO msg="{}""#,
            "time=",
            "timeout after 3 s",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
