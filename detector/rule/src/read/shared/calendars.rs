//! The document `calendars`: zones, working hours and holidays.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::model::shared::calendar::{Calendar, DAY_MINUTES, WEEKDAYS};
use crate::read::shared::lists::Lists;
use crate::yaml::known_keys::check_keys;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::{Node, shortened};

const KEYS: [&str; 3] = ["zone", "hours", "holidays"];

/// Reads one calendar. `None`: something is wrong, which has been reported.
pub(crate) fn read_calendar(
    (key, name, node): (&Node, &str, &Node),
    lists: &mut Lists,
    out: &mut Reporter<'_>,
) -> Option<Calendar> {
    let mark = out.mark();
    if name.contains('.') {
        out.error(
            key.line,
            format!("a calendar's name has no dot: rename `{name}`"),
        );
    }
    if node.map().is_none() {
        let message = format!(
            "the calendar `{name}` is a mapping, as `{{zone: Europe/Berlin, hours: {{mon-fri: 08:00-18:00}}}}`, not {}",
            node.shown()
        );
        out.error(key.line, message);
        return None;
    }
    check_keys(node, &KEYS, &format!("known are {}", KEYS.join(", ")), out);
    let zone = zone(key, name, node, out);
    let mut hours: [Vec<(u16, u16)>; 7] = Default::default();
    if let Some((at, worked)) = node.entry("hours") {
        read_hours(at, worked, &mut hours, out);
    }
    let mut holidays = BTreeSet::new();
    if let Some((at, days)) = node.entry("holidays") {
        read_holidays(at, days, &mut holidays, lists, out);
    }
    (out.errors_since(mark) == 0).then_some(Calendar {
        name: name.into(),
        zone: zone?,
        hours,
        holidays,
    })
}

fn zone(key: &Node, name: &str, node: &Node, out: &mut Reporter<'_>) -> Option<Tz> {
    let Some((at, zone)) = node.entry("zone") else {
        let message = format!("the calendar `{name}` has no `zone`, as `zone: Europe/Berlin`");
        out.error(key.line, message);
        return None;
    };
    let text = zone.text().unwrap_or_default().trim();
    let found: Option<Tz> = text.parse().ok();
    if found.is_none() {
        let hint = suggestion(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let message = format!(
            "{} is no time zone{hint}: write one as `Europe/Berlin` or `UTC`",
            zone.shown()
        );
        out.error(at.line, message);
    }
    found
}

/// `{mon-fri: 08:00-18:00, sat: [09:00-12:00, 13:00-15:00]}`
fn read_hours(key: &Node, node: &Node, hours: &mut [Vec<(u16, u16)>; 7], out: &mut Reporter<'_>) {
    let Some(entries) = node.map() else {
        let message = format!(
            "`hours` maps days of the week to hours, as `{{mon-fri: 08:00-18:00}}`, not {}",
            node.shown()
        );
        return out.error(key.line, message);
    };
    for (at, spans) in entries {
        let name = at.text().unwrap_or_default();
        let Some(days) = days_of(name) else {
            let message = format!(
                "{} is no day of the week: write {} or such as `mon-fri`",
                shortened(name),
                WEEKDAYS.join(", ")
            );
            out.error(at.line, message);
            continue;
        };
        for span in text_list(spans, &format!("`hours.{name}`"), out).unwrap_or_default() {
            match span_of(&span.text) {
                Some(read) => days.iter().for_each(|day| hours[*day].push(read)),
                None => {
                    let message = format!(
                        "{} is no time of a day: write such as `08:00-18:00`, up to `24:00`",
                        shortened(&span.text)
                    );
                    out.error(span.line, message);
                }
            }
        }
    }
}

/// `mon`, or `fri-mon`, which goes round.
fn days_of(name: &str) -> Option<Vec<usize>> {
    let at = |day: &str| WEEKDAYS.iter().position(|known| *known == day);
    let (from, to) = name.split_once('-').unwrap_or((name, name));
    let (from, to) = (at(from)?, at(to)?);
    let days = (to + 7 - from) % 7;
    Some((0..=days).map(|day| (from + day) % 7).collect())
}

fn span_of(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < DAY_MINUTES && from != to).then_some((from, to))
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number = |text: &str, digits: usize| {
        (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_number(hours, 2) || !is_number(minutes, 2) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

/// Days, or the list of that name.
fn read_holidays(
    key: &Node,
    node: &Node,
    holidays: &mut BTreeSet<NaiveDate>,
    lists: &mut Lists,
    out: &mut Reporter<'_>,
) {
    let list = node.text().map(str::trim);
    let list = list.and_then(|text| text.strip_prefix('%')?.strip_suffix('%'));
    let days = match list {
        Some(name) => match lists.values(name) {
            Ok(days) => days.into_iter().map(|text| (key.line, text)).collect(),
            Err(message) => {
                out.error(key.line, message);
                Vec::new()
            }
        },
        None => {
            let days = text_list(node, "`holidays`", out).unwrap_or_default();
            days.into_iter().map(|day| (day.line, day.text)).collect()
        }
    };
    for (line, text) in days {
        match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            Ok(day) => _ = holidays.insert(day),
            Err(_) => {
                let message = format!(
                    "a holiday is a day, as 2026-12-25, not {}",
                    shortened(&text)
                );
                out.error(line, message);
            }
        }
    }
}
