//! Lines of text that tools print for a log event: `aws logs tail`, `sam logs`, exports to S3, `--output text`, and what
//! container runtimes write.

use std::borrow::Cow;

use crate::text::moment;
use crate::text::runtime_line;
use detector_event::time::Timestamp;

/// A log event on a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolLine<'t> {
    pub(crate) time: Option<Timestamp>,
    pub(crate) id: Option<&'t str>,
    pub(crate) log_stream: Option<&'t str>,
    pub(crate) message: &'t str,
    /// A container runtime prints what containers say.
    pub(crate) is_words: bool,
}

/// `text` as what a tool printed.
pub(crate) fn of(text: &str) -> Option<ToolLine<'_>> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => sam(text).or_else(|| by_tabs(text)).or_else(|| timed(text)),
        b'E' => cli_events(text),
        _ => message_first(text),
    }
}

/// `text` without the colours of a terminal, where it begins with one.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.starts_with('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let codes = part
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
            .count();
        let rest = &part[codes..];
        plain.push_str(
            rest.strip_prefix(|c: char| c.is_ascii_alphabetic())
                .unwrap_or(rest),
        );
    }
    Cow::Owned(plain)
}

/// Whether `line` begins as lines with a time do, so that lines that do not go on with it.
pub(crate) fn is_timed(line: &[u8]) -> bool {
    let window = &line[..line.len().min(64)];
    let Ok(text) = std::str::from_utf8(window) else {
        return false;
    };
    match window.first() {
        Some(b'0'..=b'9') => {
            moment::at_start(text).is_some_and(|(_, rest)| rest.starts_with([' ', '\t']))
                || is_stream_then_time(text)
        }
        Some(b'[') => {
            let inner = text[1..]
                .split_once("]\t")
                .map_or(&text[1..], |(_level, rest)| rest);
            moment::at_start(inner).is_some_and(|(_, rest)| rest.starts_with(['\t', ' ', ']']))
        }
        Some(0x1b) => text
            .strip_prefix("\u{1b}[")
            .and_then(|t| t.split_once('m'))
            .is_some_and(|(_, t)| is_timed(t.as_bytes())),
        _ => false,
    }
}

fn is_stream_then_time(text: &str) -> bool {
    is_function_stream_like(text)
        && text
            .split_once(' ')
            .is_some_and(|(_, rest)| moment::at_start(rest).is_some() || rest.len() < 19)
}

/// `2026/05/03/[$LATEST]…`, and `2026/05/03/name[$LATEST]…` where functions share a log group.
pub(crate) fn is_function_stream(name: &str) -> bool {
    is_function_stream_like(name) && !name.contains(' ')
}

fn is_function_stream_like(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_date = bytes.len() > 11
        && [4, 7, 10].iter().all(|at| bytes[*at] == b'/')
        && [0, 1, 2, 3, 5, 6, 8, 9]
            .iter()
            .all(|at| bytes[*at].is_ascii_digit());
    is_date
        && text[11..]
            .split_once('[')
            .is_some_and(|(function, rest)| !function.contains(' ') && rest.contains(']'))
}

/// `sam logs`: `STREAM TIME MESSAGE`
fn sam(text: &str) -> Option<ToolLine<'_>> {
    let (stream, after) = text.split_once(' ')?;
    if !is_function_stream(stream) {
        return None;
    }
    let (time, rest) = moment::at_start(after)?;
    Some(ToolLine {
        time: Some(time),
        id: None,
        log_stream: Some(stream),
        message: rest.strip_prefix(' ').unwrap_or(rest),
        is_words: true,
    })
}

/// `TIME MESSAGE`, `TIME STREAM MESSAGE`, `TIME stdout F MESSAGE`
fn timed(text: &str) -> Option<ToolLine<'_>> {
    let (time, after) = moment::at_start(text)?;
    let printed = &text[..text.len() - after.len()];
    let after = after.strip_prefix([' ', '\t'])?;
    let line = ToolLine {
        time: Some(time),
        id: None,
        log_stream: None,
        message: after,
        is_words: false,
    };
    let (word, rest) = after.split_once([' ', '\n']).unwrap_or((after, ""));
    if matches!(word, "stdout" | "stderr")
        && let Some(message) = rest.strip_prefix("F ")
    {
        return Some(ToolLine {
            message,
            is_words: true,
            ..line
        });
    }
    // Only `aws logs tail` writes the zone so.
    if printed.ends_with("+00:00") || is_function_stream(word) {
        return Some(ToolLine {
            log_stream: Some(word),
            message: rest.trim_start(),
            ..line
        });
    }
    (is_json(after) || is_line_within(after)).then_some(line)
}

/// Whether what an export printed is itself a line of a runtime's.
fn is_line_within(message: &str) -> bool {
    runtime_line::is_platforms(message)
        || runtime_line::line(message).is_some_and(|line| line.is_runtimes)
}

/// `--query 'events[].[timestamp,message]' --output text`, and the same with the id in between or at the end.
fn by_tabs(text: &str) -> Option<ToolLine<'_>> {
    let (first, rest) = text.split_once('\t')?;
    let time = logged_at(first)?;
    let (second, after) = rest.split_once('\t').unwrap_or((rest, ""));
    let is_id = second.len() >= 56 && second.bytes().all(|byte| byte.is_ascii_digit());
    Some(ToolLine {
        time: Some(time),
        id: is_id.then_some(second),
        log_stream: None,
        message: if is_id { after } else { rest },
        is_words: false,
    })
}

/// `get-log-events --output text`: `EVENTS⇥INGESTED⇥MESSAGE⇥TIME`; `filter-log-events` has the id, and the stream, too.
fn cli_events(text: &str) -> Option<ToolLine<'_>> {
    let after = text.strip_prefix("EVENTS\t")?;
    let (head, time) = after.rsplit_once('\t')?;
    let time = logged_at(time)?;
    let line = |id, log_stream, message| ToolLine {
        time: Some(time),
        id,
        log_stream,
        message,
        is_words: false,
    };
    let (first, rest) = head.split_once('\t')?;
    if first.len() >= 56 {
        let (_ingested, rest) = rest.split_once('\t')?;
        let (stream, message) = rest.split_once('\t')?;
        return Some(line(Some(first), Some(stream), message));
    }
    logged_at(first)?;
    Some(line(None, None, rest))
}

/// `--query 'events[].[message,timestamp]' --output text`
fn message_first(text: &str) -> Option<ToolLine<'_>> {
    let (message, time) = text.rsplit_once('\t')?;
    (time.len() == 13 && !message.is_empty()).then_some(ToolLine {
        time: Some(logged_at(time)?),
        id: None,
        log_stream: None,
        message,
        is_words: false,
    })
}

fn logged_at(number: &str) -> Option<Timestamp> {
    let is_number = number.len() >= 13 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| {
        moment::logged_at(Some(&detector_event::slots::Value::Text(Cow::Borrowed(
            number,
        ))))
    })?
}

fn is_json(text: &str) -> bool {
    text.starts_with("{\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"event":"vehicle.read","sub":"ann lee"}"#;
    const NOON_MS: i64 = 1_777_809_600_100;
    const STREAM: &str = "2026/05/03/[$LATEST]0a1b";
    const ID: &str = "38000000000001778925904328000000000000000000000000003197";

    #[test]
    fn what_each_tool_prints_is_taken_apart() {
        for (printed, id, log_stream) in [
            // `aws logs tail`, and with `--format short`
            (
                format!("2026-05-03T12:00:00.100000+00:00 {STREAM} {LINE}"),
                None,
                Some(STREAM),
            ),
            (format!("2026-05-03T12:00:00.100 {LINE}"), None, None),
            // `sam logs`
            (
                format!("{STREAM} 2026-05-03T12:00:00.100000 {LINE}"),
                None,
                Some(STREAM),
            ),
            // An export to S3
            (format!("2026-05-03T12:00:00.100Z {LINE}"), None, None),
            (
                format!("2026-05-03T12:00:00.100Z {}", LINE.replace(' ', "_")),
                None,
                None,
            ),
            // `get-log-events` and `filter-log-events` with `--output text`
            (
                format!("EVENTS\t1777809600200\t{LINE}\t1777809600100"),
                None,
                None,
            ),
            (
                format!("EVENTS\t{ID}\t1777809600200\t{STREAM}\t{LINE}\t1777809600100"),
                Some(ID),
                Some(STREAM),
            ),
            // `--query 'events[].[timestamp,message]'` and the like
            (format!("1777809600100\t{LINE}"), None, None),
            (format!("1777809600100\t{ID}\t{LINE}"), Some(ID), None),
            (format!("{LINE}\t1777809600100"), None, None),
            // A container runtime
            (
                format!("2026-05-03T12:00:00.100000000Z stdout F {LINE}"),
                None,
                None,
            ),
        ] {
            let found = of(&printed).unwrap_or_else(|| panic!("{printed}"));
            assert_eq!(
                found.time.map(Timestamp::millis),
                Some(NOON_MS),
                "{printed}"
            );
            assert_eq!((found.id, found.log_stream), (id, log_stream), "{printed}");
            assert_eq!(found.message.replace('_', " "), LINE, "{printed}");
        }
    }

    #[test]
    fn an_applications_own_line_is_left_to_it() {
        for line in [
            "started",
            LINE,
            "2026-05-03T12:00:00.100Z started",
            "2026-05-03 12:00:00,100 INFO root started",
            "12 vehicles",
            "a\tb\t12",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn colours_are_no_part_of_a_line() {
        assert_eq!(
            plain("\u{1b}[32m2026-05-03T12:00:00\u{1b}[0m \u{1b}[1;33mup\u{1b}[0m"),
            "2026-05-03T12:00:00 up"
        );
        assert_eq!(plain("up \u{1b}[32m"), "up \u{1b}[32m");
    }
}
