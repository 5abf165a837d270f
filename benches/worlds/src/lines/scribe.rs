//! Lines with their times, of all logs, and how late each log is.

use crate::chance::{Chance, happens, new_uuid};
use crate::moment::{MINUTE, SECOND};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    Cognito,
    Trail,
    Gateway,
    Application,
    Waf,
    Plain,
    Model,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at: i64,
    /// When the service receives it.
    pub arrival: i64,
    pub log: Log,
    /// One line of JSON, without its end.
    pub text: String,
}

/// Of a thousand lines, one comes twice.
const TWICE: f64 = 0.001;
/// Of ten thousand, one comes later than a quarter of an hour.
const LATE: f64 = 0.0001;

/// Writes lines.
#[derive(Debug)]
pub struct Scribe {
    pub chance: Chance,
    pub lines: Vec<Line>,
}

impl Scribe {
    pub fn new(chance: Chance) -> Self {
        Self {
            chance,
            lines: Vec::new(),
        }
    }

    pub(crate) fn uuid(&mut self) -> String {
        new_uuid(&mut self.chance)
    }

    pub(crate) fn put(&mut self, log: Log, at: i64, text: String) {
        let delay = match log {
            Log::Cognito => self.chance.i64(SECOND..8 * SECOND),
            Log::Trail => self.chance.i64(2 * MINUTE..9 * MINUTE),
            _ => self.chance.i64(SECOND / 2..5 * SECOND),
        };
        let late = match happens(&mut self.chance, LATE) {
            true => self.chance.i64(16 * MINUTE..90 * MINUTE),
            false => 0,
        };
        let arrival = at + delay + late;
        if happens(&mut self.chance, TWICE) {
            let again = arrival + self.chance.i64(SECOND..2 * MINUTE);
            self.lines.push(Line {
                at,
                arrival: again,
                log,
                text: text.clone(),
            });
        }
        self.lines.push(Line {
            at,
            arrival,
            log,
            text,
        });
    }
}

/// A text as JSON has it, quotation marks included.
pub fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}
