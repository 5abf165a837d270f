//! One value of a detection item to the tests it stands for.

use ipnet::IpNet;
use rsigma_parser::{DetectionItem, SigmaString, SigmaValue, SpecialChar, StringPart};

use detector_event::field::FieldTable;

use crate::model::condition::{Case, DASHES, Glob, GlobPart, Number, Order, Place, Test, TextTest};
use crate::model::network_prefix::network_of_text;
use crate::model::pattern::Pattern;
use crate::model::shared::list::Lookup;
use crate::read::detection::encoding::{base64, base64_anywhere, bytes};
use crate::read::detection::modifier::{Base64, Modifiers, Operator};
use crate::read::shared::Shared;
use crate::read::shared::lists::Lists;
use crate::yaml::letter_case::fold;
use crate::yaml::yaml_tree::shortened;

/// Bytes of a regular expression as written.
const REGEX_TEXT_BYTES_MAX: usize = 4096;

/// The tests of which any must pass for the value to match.
///
/// # Errors
/// The message for the author.
pub(crate) fn value_tests(
    value: &SigmaValue,
    modifiers: &Modifiers,
    fields: &mut FieldTable,
    shared: &mut Shared,
) -> Result<Vec<Test>, String> {
    if modifiers.expand
        && let Some(name) = placeholder(value)?
    {
        return listed(name, modifiers, &mut shared.lists);
    }
    let test = match modifiers.operator {
        Operator::Text(place) => return text_tests(value, place, modifiers),
        Operator::Regex => Test::Regex(regex(value, modifiers)?),
        Operator::Cidr => Test::Cidr(network(value)?),
        Operator::Number(order) => {
            Test::Number(order, number(value, &format!("`{}`", order.name()))?)
        }
        Operator::Moment(part, order) => Test::Moment {
            part,
            order,
            number: number(value, "a part of a time")?,
        },
        Operator::OtherField(place) => {
            let path = plain_text(value, "fieldref")?;
            shared.check_field(&path)?;
            Test::OtherField {
                slot: fields.slot(&path),
                place,
                case: modifiers.case,
            }
        }
        // Exists takes one boolean and is read with its item.
        Operator::Exists => Test::Present,
    };
    Ok(vec![test])
}

fn has_placeholder(value: &SigmaValue) -> bool {
    matches!(value, SigmaValue::String(text) if text.original.matches('%').count() > 1)
}

/// `expand` is asked for where there is something to expand.
pub(crate) fn check_placeholders(
    item: &DetectionItem,
    key: &str,
    with: &Modifiers,
) -> Result<(), String> {
    if !with.expand || item.values.iter().any(has_placeholder) {
        return Ok(());
    }
    let name = match &item.values[..] {
        [SigmaValue::String(text)] => &*text.original,
        _ => "name",
    };
    Err(format!(
        "`{key}` has no placeholder: write `'%{name}%'` for the list `{name}`, or remove `expand`"
    ))
}

/// The list that a value stands for: all of it is `%name%`.
fn placeholder(value: &SigmaValue) -> Result<Option<&str>, String> {
    let SigmaValue::String(text) = value else {
        return Ok(None);
    };
    let text = text.original.as_str();
    let inner = text
        .strip_prefix('%')
        .and_then(|rest| rest.strip_suffix('%'));
    match inner {
        Some(name) if !name.is_empty() && !name.contains('%') => Ok(Some(name)),
        _ if has_placeholder(value) => Err(format!(
            "{} is more than a placeholder: write `%name%` alone, with `contains`, `startswith` or `endswith` for a part of the text",
            shortened(text)
        )),
        _ => Ok(None),
    }
}

/// The tests for the values of a list: one that looks it up, or one for each value that is looked for within a text.
fn listed(name: &str, modifiers: &Modifiers, lists: &mut Lists) -> Result<Vec<Test>, String> {
    let case = modifiers.case;
    match modifiers.operator {
        Operator::Cidr => lists.listed(name, Lookup::Network),
        Operator::Text(Place::Whole) => lists.listed(
            name,
            Lookup::Value {
                cased: case == Case::Kept,
            },
        ),
        Operator::Text(place) => {
            let values = lists.values(name)?;
            return Ok(values.iter().map(|text| found(place, case, text)).collect());
        }
        // Refused where modifiers are read.
        _ => return Ok(Vec::new()),
    }
    .map(|listed| vec![Test::Listed(listed)])
}

fn number(value: &SigmaValue, what: &str) -> Result<Number, String> {
    let read = match value {
        SigmaValue::Integer(n) => Some(Number::Int((*n).into())),
        SigmaValue::Float(n) if n.is_finite() => Some(Number::from_f64(*n)),
        SigmaValue::String(s) => Number::from_text(&s.original),
        _ => None,
    };
    read.ok_or_else(|| {
        format!(
            "{what} needs a number, not {}",
            shortened(&value.to_string())
        )
    })
}

fn plain_text(value: &SigmaValue, modifier: &str) -> Result<String, String> {
    let SigmaValue::String(text) = value else {
        return Err(format!(
            "`{modifier}` needs text, not {}",
            shortened(&value.to_string())
        ));
    };
    text.as_plain()
        .filter(|plain| !plain.is_empty())
        .ok_or_else(|| {
            let fix = "write it without `*` and `?`, or escape them as `\\*` and `\\?`";
            match text.original.is_empty() {
                true => format!("`{modifier}` needs text and has none"),
                false => format!(
                    "`{modifier}` takes no wildcards, but {} has some: {fix}",
                    shortened(&text.original)
                ),
            }
        })
}

fn regex(value: &SigmaValue, modifiers: &Modifiers) -> Result<Pattern, String> {
    let text = match value {
        SigmaValue::String(s) => s.original.clone(),
        SigmaValue::Integer(n) => n.to_string(),
        _ => {
            return Err(format!(
                "`re` needs a regular expression, not {}",
                shortened(&value.to_string())
            ));
        }
    };
    if text.len() > REGEX_TEXT_BYTES_MAX {
        return Err(format!(
            "the regular expression has {} bytes, the most is {REGEX_TEXT_BYTES_MAX}",
            text.len()
        ));
    }
    let flags = modifiers.regex_flags;
    let letters: String = [
        (flags.ignore_case, 'i'),
        (flags.multi_line, 'm'),
        (flags.dot_all, 's'),
    ]
    .into_iter()
    .filter_map(|(on, letter)| on.then_some(letter))
    .collect();
    // Flags go into the text, so that patterns with different flags stay different.
    let full = if letters.is_empty() {
        text.clone()
    } else {
        format!("(?{letters}){text}")
    };
    Pattern::new(&full).map_err(|error| regex_problem(&text, &error))
}

fn regex_problem(text: &str, error: &regex::Error) -> String {
    let shown = shortened(text);
    if let regex::Error::CompiledTooBig(bytes) = error {
        return format!(
            "the regular expression {shown} needs more than {bytes} bytes, use smaller repetitions, or `[0-9A-Za-z_]` in place of `\\w`"
        );
    }
    if ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|look| text.contains(look))
    {
        return format!(
            "the regular expression {shown} looks around, which Sigma does not have: use a second selection with `not`"
        );
    }
    let detail = error.to_string();
    let reason = detail
        .lines()
        .filter_map(|line| line.strip_prefix("error: "))
        .next_back()
        .unwrap_or("it cannot be read");
    format!("the regular expression {shown} is broken: {reason}")
}

fn network(value: &SigmaValue) -> Result<IpNet, String> {
    network_of_text(&plain_text(value, "cidr")?)
}

fn text_tests(
    value: &SigmaValue,
    place: Place,
    modifiers: &Modifiers,
) -> Result<Vec<Test>, String> {
    if let Some(form) = modifiers.base64 {
        return base64_tests(value, place, form, modifiers);
    }
    let text = match value {
        SigmaValue::String(s) => return Ok(vec![pattern_test(s, place, modifiers)]),
        SigmaValue::Null if place == Place::Whole => return Ok(vec![Test::Null]),
        SigmaValue::Null => {
            return Err("`null` has no text to be found in, remove the modifier".to_owned());
        }
        SigmaValue::Integer(n) if place == Place::Whole => {
            return Ok(vec![Test::Number(Order::Eq, Number::Int((*n).into()))]);
        }
        SigmaValue::Float(n) if place == Place::Whole => {
            return match n.is_finite() {
                true => Ok(vec![Test::Number(Order::Eq, Number::from_f64(*n))]),
                false => Err(format!(
                    "{} is not a number an event can hold, quote it as text",
                    shortened(&n.to_string())
                )),
            };
        }
        SigmaValue::Integer(n) => n.to_string(),
        SigmaValue::Float(n) => n.to_string(),
        // A boolean is equal to its text in any case: true is `true`, `True` and `TRUE`.
        SigmaValue::Bool(b) => b.to_string(),
    };
    Ok(vec![found(place, Case::Ignored, &text)])
}

fn base64_tests(
    value: &SigmaValue,
    place: Place,
    form: Base64,
    modifiers: &Modifiers,
) -> Result<Vec<Test>, String> {
    let plain = bytes(&plain_text(value, "base64")?, modifiers.utf16);
    if form == Base64::Whole {
        return Ok(vec![found(place, modifiers.case, &base64(&plain))]);
    }
    let patterns = base64_anywhere(&plain);
    if patterns.iter().any(String::is_empty) {
        return Err(format!(
            "{} is too short for `base64offset`, two bytes are the least",
            shortened(&value.to_string())
        ));
    }
    Ok(patterns
        .iter()
        .map(|text| found(Place::Anywhere, modifiers.case, text))
        .collect())
}

/// The test for plain text.
fn found(place: Place, case: Case, text: &str) -> Test {
    if text.is_empty() && place != Place::Whole {
        return Test::AnyText;
    }
    let text = match case {
        Case::Ignored => fold(text),
        Case::Kept => text.to_owned(),
    };
    Test::Text(TextTest {
        place,
        case,
        text: text.into(),
    })
}

/// The test for text with wildcards, as the simplest that says the same.
fn pattern_test(text: &SigmaString, place: Place, modifiers: &Modifiers) -> Test {
    let case = modifiers.case;
    let mut parts = Vec::new();
    if matches!(place, Place::End | Place::Anywhere) {
        parts.push(GlobPart::AnyText);
    }
    for part in &text.parts {
        match part {
            StringPart::Special(SpecialChar::WildcardMulti) => parts.push(GlobPart::AnyText),
            StringPart::Special(SpecialChar::WildcardSingle) => parts.push(GlobPart::AnyChar),
            StringPart::Plain(plain) => {
                let plain = if case == Case::Ignored {
                    fold(plain)
                } else {
                    plain.clone()
                };
                parts.extend(plain.chars().map(|c| match c {
                    c if modifiers.windash && DASHES.contains(&c) => GlobPart::Dash,
                    c => GlobPart::Char(c),
                }));
            }
        }
    }
    if matches!(place, Place::Start | Place::Anywhere) {
        parts.push(GlobPart::AnyText);
    }
    parts.dedup_by(|a, b| *a == GlobPart::AnyText && *b == GlobPart::AnyText);
    simplest(parts, case)
}

fn simplest(parts: Vec<GlobPart>, case: Case) -> Test {
    let open_start = parts.first() == Some(&GlobPart::AnyText);
    let open_end = parts.len() > 1 && parts.last() == Some(&GlobPart::AnyText);
    if open_start && parts.len() == 1 {
        return Test::AnyText;
    }
    let inner = parts
        .get(usize::from(open_start)..parts.len() - usize::from(open_end))
        .unwrap_or_default();
    let plain: Option<String> = inner
        .iter()
        .map(|part| match part {
            GlobPart::Char(c) => Some(*c),
            _ => None,
        })
        .collect();
    let place = match (open_start, open_end) {
        (false, false) => Place::Whole,
        (false, true) => Place::Start,
        (true, false) => Place::End,
        (true, true) => Place::Anywhere,
    };
    match plain {
        Some(text) => Test::Text(TextTest {
            place,
            case,
            text: text.into(),
        }),
        None => Test::Glob(Glob {
            case,
            parts: parts.into(),
        }),
    }
}
