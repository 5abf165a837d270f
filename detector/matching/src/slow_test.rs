//! Tests that are run one by one, when a rule comes to ask for them.

use chrono::{DateTime, Datelike, Timelike, Utc};

use detector_event::event::Event;
use detector_event::slots::Value;
use detector_event::time::Timestamp;
use detector_rule::{
    Case, DASHES, Glob, GlobPart, MomentPart, Number, Predicate, Subject, Test, fold_into,
    is_folded,
};

use super::buffers::Buffers;
use super::memo::Memo;
use super::object_text::Objects;
use super::other_field;
use super::predicate::PredicateId;
use super::value_text::{number_of, text_of};

/// Numbers above it are milliseconds since the epoch, others seconds.
const SECONDS_MAX: i128 = 1_000_000_000_000;

/// `memos` are by slot.
pub(super) fn passes(
    (id, predicate): (PredicateId, &Predicate),
    event: &Event<'_, '_>,
    objects: Objects<'_>,
    memos: &mut [Memo],
    buffers: &mut Buffers,
) -> bool {
    let Subject::Field(slot) = predicate.subject else {
        return false;
    };
    match &predicate.test {
        Test::OtherField {
            slot: other,
            place,
            case,
        } => other_field::compares(event.slots, [slot, *other], *place, *case),
        Test::Moment {
            part,
            order,
            number,
        } => event.slots.values(slot).any(|value| {
            moment(value)
                .and_then(|at| part_of(at, *part).compare(*number))
                .is_some_and(|ordering| order.holds(ordering))
        }),
        Test::Listed(list) => {
            let Buffers { text, folded, .. } = buffers;
            let memo = &mut memos[slot.index()];
            event.slots.values(slot).any(|value| match value {
                Value::Text(text) if list.is_timeless() => {
                    memo.alone(text, id, || list.has(text, None, folded))
                }
                _ => text_of(value, text).is_some_and(|text| list.has(text, event.time, folded)),
            })
        }
        test => {
            let Buffers { text, folded, .. } = buffers;
            let memo = &mut memos[slot.index()];
            let mut passed = event.slots.values(slot).any(|value| match value {
                Value::Text(text) => memo.alone(text, id, || text_passes(test, text, folded)),
                _ => text_of(value, text).is_some_and(|text| text_passes(test, text, folded)),
            });
            let is_container = |value: &Value<'_>| *value == Value::Container;
            if !passed && event.slots.values(slot).any(is_container) {
                objects.each(slot, &mut |text| {
                    passed = passed || text_passes(test, text, folded);
                });
            }
            passed
        }
    }
}

/// Whether `text` passes a slow test on text.
pub(super) fn text_passes(test: &Test, text: &str, buffer: &mut String) -> bool {
    match test {
        Test::Regex(pattern) => pattern.is_match(text),
        Test::Glob(glob) if glob.case == Case::Ignored && !is_folded(text) => {
            buffer.clear();
            fold_into(text, buffer);
            glob_matches(glob, buffer)
        }
        Test::Glob(glob) => glob_matches(glob, text),
        _ => false,
    }
}

/// Whether the pattern matches all of `text`. Takes at most parts × characters steps.
fn glob_matches(glob: &Glob, text: &str) -> bool {
    let parts = &glob.parts;
    let (mut part, mut rest) = (0, text);
    // After the latest `*`: the part that follows it, and the text from which that was tried.
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let mut after = rest.chars();
        let next = after.next();
        let fits = match (parts.get(part), next) {
            (Some(GlobPart::AnyText), _) => {
                part += 1;
                retry = Some((part, rest));
                continue;
            }
            (None, None) => return true,
            (Some(GlobPart::Char(c)), Some(n)) => *c == n,
            (Some(GlobPart::AnyChar), Some(_)) => true,
            (Some(GlobPart::Dash), Some(n)) => DASHES.contains(&n),
            (None, Some(_)) => false,
            // The text is used up; starting later leaves even less of it.
            (Some(_), None) => return false,
        };
        if fits {
            part += 1;
            rest = after.as_str();
            continue;
        }
        let Some((restart, from)) = retry else {
            return false;
        };
        let mut later = from.chars();
        later.next();
        (part, rest) = (restart, later.as_str());
        retry = Some((restart, rest));
    }
}

/// The moment a value names: RFC 3339 text, or seconds or milliseconds since the epoch.
fn moment(value: &Value<'_>) -> Option<DateTime<Utc>> {
    if let Value::Text(text) = value
        && let Some(at) = Timestamp::from_rfc3339(text)
    {
        return DateTime::from_timestamp_millis(at.millis());
    }
    let ms = match number_of(value)? {
        Number::Int(n) if n > SECONDS_MAX => n,
        Number::Int(n) => n * 1000,
        Number::Float(n) if n > SECONDS_MAX as f64 => n as i128,
        Number::Float(n) => (n * 1000.0) as i128,
    };
    DateTime::from_timestamp_millis(i64::try_from(ms).ok()?)
}

fn part_of(at: DateTime<Utc>, part: MomentPart) -> Number {
    let number = match part {
        MomentPart::Minute => at.minute(),
        MomentPart::Hour => at.hour(),
        MomentPart::Day => at.day(),
        MomentPart::Week => at.iso_week().week(),
        MomentPart::Month => at.month(),
        MomentPart::Year => return Number::Int(at.year().into()),
    };
    Number::Int(number.into())
}
