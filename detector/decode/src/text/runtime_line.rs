//! What a runtime or a logger writes before an application's words, on lines of text.
//!
//! A form is taken off only where all of it is there and nothing but the application's words follows: `received: {…}`
//! is prose around somebody's JSON, and stays one line.

use crate::text::moment;

/// A line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    pub(crate) request_id: Option<&'t str>,
    pub(crate) level: Option<&'t str>,
    /// As written.
    pub(crate) time: Option<&'t str>,
    /// The application's words.
    pub(crate) rest: &'t str,
    /// Whether a managed runtime wrote what stands before them. A logger is the application's own: its text stays.
    pub(crate) is_runtimes: bool,
}

/// `text` taken apart; `None` where nothing stands before the application's words.
pub(crate) fn line(text: &str) -> Option<Line<'_>> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => of_node(text).or_else(|| timed(text)),
        b'[' => of_python(text).or_else(|| bracketed(text)),
        b'A'..=b'Z' | b'a'..=b'z' => of_ruby(text)
            .or_else(|| of_rust(text, None))
            .or_else(|| levelled(text, None)),
        _ => None,
    }
}

/// Lines that Lambda itself writes to a function's log.
pub(crate) fn is_platforms(text: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        "START RequestId: ",
        "END RequestId: ",
        "REPORT RequestId: ",
        "INIT_START ",
        "INIT_REPORT ",
        "RESTORE_START ",
        "RESTORE_REPORT ",
        "XRAY TraceId: ",
        "EXTENSION\tName: ",
        "TELEMETRY\tName: ",
        "LOGS\tName: ",
        "RequestId: ",
        "LAMBDA_WARNING: ",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(beginning))
}

/// Node.js and .NET: `TIME⇥REQUEST-ID⇥LEVEL⇥…`
fn of_node(text: &str) -> Option<Line<'_>> {
    let (time, after) = text.split_once('\t')?;
    let (request_id, after) = after.split_once('\t')?;
    let (level, rest) = after.split_once('\t')?;
    of_runtime(time, request_id, level, rest)
}

/// Python: `[LEVEL]⇥TIME⇥REQUEST-ID⇥…`
fn of_python(text: &str) -> Option<Line<'_>> {
    let (level, after) = text[1..].split_once("]\t")?;
    let (time, after) = after.split_once('\t')?;
    let (request_id, rest) = after.split_once('\t')?;
    of_runtime(time, request_id, level, rest)
}

/// The parts of a managed runtime's line, where they are such.
fn of_runtime<'t>(
    time: &'t str,
    request_id: &'t str,
    level: &'t str,
    rest: &'t str,
) -> Option<Line<'t>> {
    let is_one = is_time(time) && is_id(request_id) && is_level(level);
    is_one.then_some(Line {
        request_id: given(request_id),
        level: Some(level),
        time: Some(time),
        rest,
        is_runtimes: true,
    })
}

/// Ruby: `I, [TIME #PID]  INFO REQUEST-ID -- PROGRAM: …`
fn of_ruby(text: &str) -> Option<Line<'_>> {
    let (initial, after) = text.split_once(", [")?;
    let (time, after) = after.split_once(']')?;
    let (head, after) = after.split_once(" -- ")?;
    let (program, rest) = after.split_once(':')?;
    let (time, pid) = time.split_once(" #").unwrap_or((time, "0"));
    let mut words = head.split_ascii_whitespace();
    let (level, request_id) = (words.next()?, words.next());
    let is_one = initial.len() == 1
        && is_time(time)
        && pid.bytes().all(|byte| byte.is_ascii_digit())
        && is_level(level)
        && request_id.is_none_or(is_id)
        && words.next().is_none()
        && (program.is_empty() || is_name(program));
    is_one.then_some(Line {
        request_id,
        level: Some(level),
        time: Some(time),
        rest: rest.trim_start(),
        is_runtimes: true,
    })
}

/// Rust, with the span in which its runtime calls a handler: `LEVEL Lambda runtime invoke{requestId="ID" …}: …`, and the
/// module's name before the words where that is switched on.
fn of_rust<'t>(text: &'t str, time: Option<&'t str>) -> Option<Line<'t>> {
    let (level, after) = text.split_once(' ')?;
    let after = after.strip_prefix("Lambda runtime invoke{requestId=\"")?;
    let (request_id, after) = after.split_once('"')?;
    let (fields, rest) = after.split_once("}: ")?;
    let is_trace = |fields: &str| {
        let value = fields.strip_prefix(" xrayTraceId=\"");
        let value = value.and_then(|value| value.strip_suffix('"'));
        value.is_some_and(|value| !value.contains('"'))
    };
    let is_one = is_level(level) && is_id(request_id) && (fields.is_empty() || is_trace(fields));
    let words = match rest.split_once(": ") {
        Some((module, words)) if words.starts_with('{') && is_module(module) => words,
        _ => rest,
    };
    is_one.then_some(Line {
        request_id: given(request_id),
        level: Some(level),
        time,
        rest: words,
        is_runtimes: true,
    })
}

/// `[LEVEL] …` (Java's and PowerShell's), `[TIME LEVEL name] …` (loggers of Rust).
fn bracketed(text: &str) -> Option<Line<'_>> {
    let (head, rest) = text[1..].split_once(']')?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (time, head) = match moment::at_start(head) {
        Some((_, after)) => (Some(&head[..head.len() - after.len()]), after),
        None => (None, head),
    };
    let mut words = head.split_ascii_whitespace();
    let level = words.next()?;
    let is_one = is_level(level) && words.next().is_none_or(is_name) && words.next().is_none();
    is_one.then_some(Line {
        request_id: None,
        level: Some(level),
        time,
        rest,
        is_runtimes: false,
    })
}

/// `TIME …`, with what loggers put in between.
fn timed(text: &str) -> Option<Line<'_>> {
    let (_, after) = moment::at_start(text)?;
    let time = &text[..text.len() - after.len()];
    let rest = after.trim_start_matches([' ', '\t']);
    if rest.len() == after.len() {
        return None;
    }
    let line = of_rust(rest, Some(time))
        .or_else(|| levelled(rest, Some(time)))
        .or_else(|| with_request_id(rest, time));
    Some(line.unwrap_or(Line {
        request_id: None,
        level: None,
        time: Some(time),
        rest,
        is_runtimes: false,
    }))
}

/// log4j as Lambda's layouts have it: `TIME REQUEST-ID LEVEL …`; lines of Lambda: `TIME REQUEST-ID Task timed out …`
fn with_request_id<'t>(text: &'t str, time: &'t str) -> Option<Line<'t>> {
    let (request_id, after) = text.split_once(' ')?;
    if !is_uuid(request_id) {
        return None;
    }
    let line = levelled(after.trim_start(), Some(time)).unwrap_or(Line {
        request_id: None,
        level: None,
        time: Some(time),
        rest: after.trim_start(),
        is_runtimes: false,
    });
    Some(Line {
        request_id: Some(request_id),
        ..line
    })
}

/// What loggers write before JSON: `LEVEL: `, `LEVEL:name:`, `name - LEVEL - `, `LEVEL [thread] name - `, `LEVEL name::of: `
/// and more of the kind. Prose is not taken for the name of a logger: that is one word, and set off as loggers do it.
fn levelled<'t>(text: &'t str, time: Option<&'t str>) -> Option<Line<'t>> {
    let json = json_after_head(text)?;
    let (head, rest) = text.split_at(json);
    let end = head.trim_end();
    let mut level = None;
    let mut names = 0;
    let mut is_set_off = false;
    for word in end
        .split([' ', '\t'])
        .flat_map(|word| word.split_inclusive(':'))
    {
        let bare = word.trim_end_matches(':');
        let is_mark = bare
            .bytes()
            .all(|byte| matches!(byte, b'-' | b'|' | b'0'..=b'9'));
        if level.is_none() && is_level(bare) {
            level = Some(bare);
            is_set_off |= word.len() > bare.len() && end.len() > word.len();
        } else if is_mark || is_bracketed(word) {
            is_set_off |= bare.starts_with('-') || word.starts_with('[');
        } else if is_name(bare) {
            names += 1;
            is_set_off |= bare.contains('.') || bare.contains('}');
        } else {
            return None;
        }
    }
    is_set_off |= end.contains("::") || end.contains("}:") || is_padded(text, level?, time);
    let is_end = names == 0 || end.ends_with([':', '-', '|', ']']);
    (is_end && (names == 0 || is_set_off && names <= 3)).then_some(Line {
        request_id: None,
        level,
        time,
        rest,
        is_runtimes: false,
    })
}

/// Loggers of Rust write levels five characters wide.
fn is_padded(text: &str, level: &str, time: Option<&str>) -> bool {
    let at_level = text.as_ptr().addr() == level.as_ptr().addr();
    at_level && time.is_some() && level.len() == 4
}

/// Where JSON begins behind at most so many bytes of something else.
fn json_after_head(text: &str) -> Option<usize> {
    const HEAD_BYTES_MAX: usize = 256;
    let window = &text.as_bytes()[..text.len().min(HEAD_BYTES_MAX)];
    let mut braces = memchr::memchr_iter(b'{', window);
    braces.find(|at| {
        let before = at.checked_sub(1).map(|before| window[before]);
        let after = text[at + 1..].trim_start().as_bytes().first();
        matches!(before, Some(b' ' | b'\t' | b':')) && matches!(after, Some(b'"'))
    })
}

fn is_bracketed(word: &str) -> bool {
    word.starts_with('[') && word.ends_with(']')
}

/// The name of a logger, a class, a file and line, a span with its fields: one word.
fn is_name(word: &str) -> bool {
    let is_part = |byte: u8| {
        let is_mark = matches!(
            byte,
            b'.' | b'_' | b'-' | b'/' | b'$' | b'#' | b'{' | b'}' | b'=' | b'"' | b'[' | b']'
        );
        byte.is_ascii_alphanumeric() || is_mark
    };
    word.len() <= 128 && word.bytes().all(is_part)
}

/// `fleet::handler`
fn is_module(word: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    word.len() <= 128 && word.bytes().all(is_part)
}

fn is_time(text: &str) -> bool {
    text.len() <= 40 && moment::at_start(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Request ids have no spaces; outside of an invocation there is none, or the word `undefined`.
fn is_id(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'"'))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn given(request_id: &str) -> Option<&str> {
    Some(request_id).filter(|id| !crate::text::identity::is_none(id))
}

/// Names of levels in the runtimes and loggers that people use, whatever the case.
pub(crate) fn is_level(word: &str) -> bool {
    const LEVELS: [&str; 29] = [
        "ALL",
        "CONFIG",
        "CRIT",
        "CRITICAL",
        "DBUG",
        "DEBUG",
        "EMERG",
        "ALERT",
        "ERROR",
        "ERR",
        "FAIL",
        "FATAL",
        "FINE",
        "FINER",
        "FINEST",
        "INFO",
        "INFORMATION",
        "NOTICE",
        "NOTSET",
        "PANIC",
        "SEVERE",
        "SILENT",
        "TRACE",
        "TRCE",
        "UNDEFINED",
        "VERBOSE",
        "WARN",
        "WARNING",
        "ANY",
    ];
    word.len() <= 11 && LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_of_rusts_runtime_is_taken_off() {
        let span = r#"Lambda runtime invoke{requestId="q-1" xrayTraceId="Root=1-6a;Parent=7d;Sampled=0;Lineage=1:2f:0"}"#;
        let time = "2026-05-21T09:01:02.505214Z";
        let of =
            |text: &str| line(text).map(|l| (l.request_id.map(str::to_owned), l.rest.to_owned()));
        for text in [
            format!("INFO {span}: {{\"a\":1}}"),
            format!("{time}  INFO {span}: fleet::handler: {{\"a\":1}}"),
        ] {
            let wanted = (Some("q-1".to_owned()), "{\"a\":1}".to_owned());
            assert_eq!(of(&text), Some(wanted), "{text}");
        }
        let text = format!("ERROR {span}: cannot read {{\"a\":1}}: no such file");
        assert_eq!(of(&text).unwrap().1, "cannot read {\"a\":1}: no such file");
        for fields in [
            r#" user="x""#,
            r#" xrayTraceId=""#,
            r#" xrayTraceId="a" b="c""#,
        ] {
            let text = format!("INFO Lambda runtime invoke{{requestId=\"q-1\"{fields}}}: started");
            assert_eq!(of(&text), None, "{text}");
        }
    }
}
