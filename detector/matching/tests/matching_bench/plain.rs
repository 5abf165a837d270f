//! The plain evaluator: conditions over parsed JSON, one test after the other, no tables, no order, no sharing.

use std::net::IpAddr;

use ipnet::IpNet;

use super::random_rule::LISTS;
use chrono::{DateTime, Datelike, Timelike};
use detector_event::field::FieldTable;
use detector_rule::{
    Case, DASHES, Expr, Glob, GlobPart, Lookup, MomentPart, Number, Place, Predicate, RuleSet,
    Subject, Test,
};
use serde_json::Value;

/// Places of the rules that match.
pub(crate) fn plain_hits(set: &RuleSet, event: &Value) -> Vec<u32> {
    let matches = |ix: &usize| holds(&set.detections[*ix].condition.root, &set.fields, event);
    (0..set.detections.len())
        .filter(matches)
        .map(|ix| ix as u32)
        .collect()
}

fn holds(expr: &Expr, fields: &FieldTable, event: &Value) -> bool {
    match expr {
        Expr::Test(predicate) => predicate_holds(predicate, fields, event),
        Expr::All(parts) => parts.iter().all(|part| holds(part, fields, event)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, fields, event)),
        Expr::AtLeast(n, parts) => {
            parts
                .iter()
                .filter(|part| holds(part, fields, event))
                .count()
                >= *n
        }
        Expr::Not(part) => !holds(part, fields, event),
    }
}

fn predicate_holds(predicate: &Predicate, fields: &FieldTable, event: &Value) -> bool {
    let mut found = Vec::new();
    match predicate.subject {
        Subject::Field(slot) => find(event, fields.path(slot), &mut found),
        Subject::AnyText => {
            strings(event, &mut found);
        }
    }
    match &predicate.test {
        Test::Present => !found.is_empty(),
        Test::Null => found.is_empty() || found.iter().any(|value| value.is_null()),
        Test::Element(element) => found
            .iter()
            .any(|value| value.is_object() && holds(element.root(), element.fields(), value)),
        Test::OtherField { slot, place, case } => {
            let mut others = Vec::new();
            find(event, fields.path(*slot), &mut others);
            found
                .iter()
                .any(|a| others.iter().any(|b| compare(a, b, *place, *case)))
        }
        test => found.iter().any(|value| value_passes(test, value)),
    }
}

/// Every value at a path: nested, through arrays, and as a literal key at the top.
fn find<'v>(event: &'v Value, path: &str, out: &mut Vec<&'v Value>) {
    walk(event, &path.split('.').collect::<Vec<_>>(), out);
    if path.contains('.')
        && let Some(value) = event.get(path)
    {
        walk(value, &[], out);
    }
}

fn walk<'v>(value: &'v Value, path: &[&str], out: &mut Vec<&'v Value>) {
    match (value, path) {
        (Value::Array(items), []) if items.is_empty() => out.push(value),
        (Value::Array(items), _) => items.iter().for_each(|item| walk(item, path, out)),
        (_, []) => out.push(value),
        (Value::Object(map), [first, rest @ ..]) => {
            if let Some(inner) = map.get(*first) {
                walk(inner, rest, out);
            }
        }
        _ => {}
    }
}

fn strings<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => out.push(value),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(map) => map.values().for_each(|item| strings(item, out)),
        _ => {}
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(n) => match (n.as_u64(), n.as_i64()) {
            (Some(n), _) => Some(Number::Int(n.into())),
            (_, Some(n)) => Some(Number::Int(n.into())),
            _ => n.as_f64().map(Number::from_f64),
        },
        Value::String(text) => Number::from_text(text),
        _ => None,
    }
}

fn folded(text: &str, case: Case) -> String {
    match case {
        Case::Kept => text.to_owned(),
        Case::Ignored => text.chars().flat_map(char::to_lowercase).collect(),
    }
}

fn stands(whole: &str, part: &str, place: Place) -> bool {
    match place {
        Place::Whole => whole == part,
        Place::Start => whole.starts_with(part),
        Place::End => whole.ends_with(part),
        Place::Anywhere => whole.contains(part),
    }
}

fn compare(a: &Value, b: &Value, place: Place, case: Case) -> bool {
    if place == Place::Whole && a.is_number() && b.is_number() && number(a) == number(b) {
        return true;
    }
    text(a)
        .zip(text(b))
        .is_some_and(|(a, b)| stands(&folded(&a, case), &folded(&b, case), place))
}

fn value_passes(test: &Test, value: &Value) -> bool {
    let text = match value {
        // Keys are in order, and nothing stands between the parts.
        Value::Object(_) => Some(value.to_string()),
        _ => text(value),
    };
    let Some(text) = text else {
        return false;
    };
    match test {
        Test::AnyText => true,
        Test::Text(wanted) => stands(&folded(&text, wanted.case), &wanted.text, wanted.place),
        Test::Glob(glob) => glob_regex(glob).is_match(&folded(&text, glob.case)),
        Test::Regex(pattern) => {
            regex::Regex::new(pattern.as_str()).is_ok_and(|regex| regex.is_match(&text))
        }
        Test::Number(order, bound) => number(value)
            .and_then(|n| n.compare(*bound))
            .is_some_and(|ordering| order.holds(ordering)),
        Test::Cidr(net) => text
            .parse::<IpAddr>()
            .is_ok_and(|address| net.contains(&address)),
        Test::Listed(list) => {
            let values = LISTS.iter().find(|(name, _)| *name == list.name());
            let mut values = values.map_or(&[][..], |(_, values)| values).iter();
            let address = |text: &str| text.parse::<IpAddr>().ok().map(|a| a.to_canonical());
            match list.lookup() {
                Lookup::Value { cased } => values.any(|listed| {
                    let case = if cased { Case::Kept } else { Case::Ignored };
                    folded(listed, case) == folded(&text, case)
                        || address(listed).is_some() && address(listed) == address(&text)
                }),
                Lookup::Network => values.any(|listed| {
                    let net = listed.parse::<IpNet>().ok();
                    let net = net.or_else(|| Some(IpNet::from(address(listed)?)));
                    let pair = net.zip(address(&text));
                    pair.is_some_and(|(net, address)| net.contains(&address))
                }),
            }
        }
        Test::Moment {
            part,
            order,
            number,
        } => moment_part(value, *part)
            .and_then(|n| Number::Int(n.into()).compare(*number))
            .is_some_and(|ordering| order.holds(ordering)),
        Test::OtherField { .. } | Test::Element(_) | Test::Null | Test::Present => {
            unreachable!("answered for the field as a whole")
        }
    }
}

fn glob_regex(glob: &Glob) -> regex::Regex {
    let body: String = glob
        .parts
        .iter()
        .map(|part| match part {
            GlobPart::Char(c) => regex::escape(&c.to_string()),
            GlobPart::AnyChar => ".".to_owned(),
            GlobPart::AnyText => ".*".to_owned(),
            GlobPart::Dash => format!(
                "[{}]",
                DASHES.map(|c| regex::escape(&c.to_string())).concat()
            ),
        })
        .collect();
    regex::Regex::new(&format!("(?s)^{body}$")).expect("escaped parts are a valid pattern")
}

fn moment_part(value: &Value, part: MomentPart) -> Option<i32> {
    let written = value
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let at = match written {
        Some(at) => at.to_utc(),
        None => match number(value)? {
            Number::Int(n) if n > 1_000_000_000_000 => DateTime::from_timestamp_millis(n as i64)?,
            Number::Int(n) => DateTime::from_timestamp_millis(n as i64 * 1000)?,
            Number::Float(n) => DateTime::from_timestamp_millis((n * 1000.0) as i64)?,
        },
    };
    Some(match part {
        MomentPart::Minute => at.minute() as i32,
        MomentPart::Hour => at.hour() as i32,
        MomentPart::Day => at.day() as i32,
        MomentPart::Week => at.iso_week().week() as i32,
        MomentPart::Month => at.month() as i32,
        MomentPart::Year => at.year(),
    })
}
