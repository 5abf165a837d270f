//! Fields that no log has: what calendars say of an event's time, and databases of an address.

use crate::model::calendar::{Calendar, CalendarPart, PARTS};
use crate::yaml::near_name::suggestion;

/// What all names of such fields begin with. What a log has under one is not looked at.
pub(crate) const PREFIX: &str = "vedette.";

/// How such fields are called, for messages.
const FORMS: &str = "`vedette.at.CALENDAR.PART`";

/// Such a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// Of a calendar, by its place in [`RuleSet::calendars`](crate::RuleSet::calendars).
    Calendar(usize, CalendarPart),
}

impl Derived {
    /// What a path stands for; `None` for a field of the logs.
    ///
    /// # Errors
    /// It begins as such a field does, and is none: the message for the author.
    pub fn of(path: &str, calendars: &[Calendar]) -> Option<Result<Self, String>> {
        let rest = path.strip_prefix(PREFIX)?;
        Some(match rest.strip_prefix("at.") {
            Some(rest) => of_calendar(path, rest, calendars),
            None => Err(format!(
                "`{path}` is no field: what begins with `{PREFIX}` is made by the program, as {FORMS}"
            )),
        })
    }
}

fn of_calendar(path: &str, rest: &str, calendars: &[Calendar]) -> Result<Derived, String> {
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
