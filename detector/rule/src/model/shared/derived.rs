//! Fields that no log has: what calendars say of an event's time, and databases of an address.

use crate::model::shared::calendar::{Calendar, CalendarPart, PARTS};
use crate::yaml::near_name::suggestion;

/// What all names of such fields begin with. What a log has under one is not looked at.
pub(crate) const PREFIX: &str = "vedette.";

/// How such fields are called, for messages.
const FORMS: &str = "`vedette.at.CALENDAR.PART` and `vedette.place.FIELD.PART`";

/// Such a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived<'p> {
    /// Of a calendar, by its place in [`RuleSet::calendars`](crate::RuleSet::calendars).
    Calendar(usize, CalendarPart),
    /// Of the address in the field of that path.
    Place(&'p str, PlacePart),
}

/// What databases say of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacePart {
    /// Two letters, as ISO 3166-1 has them.
    Country,
    /// In English.
    City,
    /// Of the autonomous system that it belongs to.
    AsNumber,
    AsName,
    /// Latitude and longitude in degrees, to two decimals: `52.52,13.41`.
    Point,
}

/// The parts, as fields are called.
const PLACE_PARTS: [(&str, PlacePart); 5] = [
    ("country", PlacePart::Country),
    ("city", PlacePart::City),
    ("as_number", PlacePart::AsNumber),
    ("as_name", PlacePart::AsName),
    ("point", PlacePart::Point),
];

impl<'p> Derived<'p> {
    /// What a path stands for; `None` for a field of the logs.
    ///
    /// # Errors
    /// It begins as such a field does, and is none: the message for the author.
    pub fn of(path: &'p str, calendars: &[Calendar]) -> Option<Result<Self, String>> {
        let rest = path.strip_prefix(PREFIX)?;
        let begins = |word| rest.strip_prefix(word);
        Some(match (begins("at."), begins("place.")) {
            (Some(rest), _) => of_calendar(path, rest, calendars),
            (None, Some(rest)) => of_place(path, rest),
            (None, None) => Err(format!(
                "`{path}` is no field: what begins with `{PREFIX}` is made by the program, as {FORMS}"
            )),
        })
    }
}

fn of_calendar(path: &str, rest: &str, calendars: &[Calendar]) -> Result<Derived<'static>, String> {
    let (name, part) = rest.split_once('.').unwrap_or((rest, ""));
    let Some(at) = calendars
        .iter()
        .position(|calendar| *calendar.name == *name)
    else {
        let hint = suggestion(name, calendars.iter().map(|calendar| &*calendar.name));
        return Err(format!(
            "`{path}` names the calendar `{name}`, which there is not{hint}: write `calendars: {{{name}: {{zone: Europe/Berlin}}}}` into a document of its own"
        ));
    };
    let Some((_, part)) = PARTS.iter().find(|(known, _)| *known == part) else {
        let known = PARTS.map(|(known, _)| known);
        let hint = suggestion(part, known);
        return Err(format!(
            "`{path}` names no part of a calendar{hint}; known are {}",
            known.join(", ")
        ));
    };
    let calendar = &calendars[at];
    if *part == CalendarPart::Working && calendar.hours.iter().all(Vec::is_empty) {
        return Err(format!(
            "`{path}` asks for working hours, and the calendar `{name}` has none: write `hours: {{mon-fri: 08:00-18:00}}` there"
        ));
    }
    Ok(Derived::Calendar(at, *part))
}

fn of_place<'p>(path: &str, rest: &'p str) -> Result<Derived<'p>, String> {
    let (field, part) = rest.rsplit_once('.').unwrap_or(("", rest));
    let known = PLACE_PARTS.map(|(known, _)| known);
    match PLACE_PARTS.iter().find(|(known, _)| *known == part) {
        Some((_, part)) if !field.is_empty() => Ok(Derived::Place(field, *part)),
        Some(_) => Err(format!(
            "`{path}` names no field that holds an address: write such as `vedette.place.source_ip.{part}`"
        )),
        None => Err(format!(
            "`{path}` names no part of a place{}; known are {}",
            suggestion(part, known),
            known.join(", ")
        )),
    }
}
