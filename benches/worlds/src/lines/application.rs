//! The application's own lines, one JSON object each, and plain lines of a function.

use std::fmt::Write as _;

use super::caller::Caller;
use super::scribe::{Log, Scribe, text};
use crate::moment::iso;

/// Somebody does something with a vehicle.
#[derive(Debug, Clone, Copy, Default)]
pub struct Access<'a> {
    /// `read`, `list`, `search`, `export`, `locate`, `command`, `share`, `update`, `delete`, …
    pub verb: &'a str,
    pub vehicle: &'a str,
    pub owner: Option<&'a str>,
    pub is_allowed: bool,
    /// What else than ownership allows it: `shared`, `operator`.
    pub grant: Option<&'a str>,
    pub role: Option<&'a str>,
    pub reason: Option<&'a str>,
}

/// A vehicle is entered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Register<'a> {
    pub vehicle: &'a str,
    pub rejected: Option<&'a str>,
    pub import: Option<&'a str>,
}

impl Scribe {
    /// A line of the application; `fields` are more of its fields in JSON, without braces.
    pub fn application(&mut self, at: i64, event: &str, who: &Caller, fields: &str) {
        let request = self.uuid();
        let mut line = format!(
            r#"{{"timestamp":"{}","level":"INFO","service":"vehicles","event":"{event}","request_id":"{request}","source_ip":"{}","user_agent":{}"#,
            iso(at),
            who.place.address,
            text(who.agent.text),
        );
        if let Some(sub) = &who.sub {
            let _ = write!(line, r#","sub":"{sub}""#);
        }
        if !fields.is_empty() {
            let _ = write!(line, ",{fields}");
        }
        line.push('}');
        self.put(Log::Application, at, line);
    }

    pub fn access(&mut self, at: i64, who: &Caller, access: Access<'_>) {
        let decision = if access.is_allowed { "allow" } else { "deny" };
        let mut fields = format!(
            r#""resource_type":"vehicle","resource_id":"{}","decision":"{decision}""#,
            access.vehicle
        );
        let more = [
            ("owner_sub", access.owner),
            ("grant", access.grant),
            ("caller_role", access.role),
            ("reason", access.reason),
        ];
        for (field, value) in more {
            if let Some(value) = value {
                let _ = write!(fields, r#","{field}":"{value}""#);
            }
        }
        self.application(at, &format!("vehicle.{}", access.verb), who, &fields);
    }

    pub fn register(&mut self, at: i64, who: &Caller, register: Register<'_>) {
        let outcome = if register.rejected.is_some() {
            "rejected"
        } else {
            "created"
        };
        let mut fields = format!(
            r#""resource_id":"{}","outcome":"{outcome}""#,
            register.vehicle
        );
        for (field, value) in [
            ("reason", register.rejected),
            ("import_id", register.import),
        ] {
            if let Some(value) = value {
                let _ = write!(fields, r#","{field}":"{value}""#);
            }
        }
        self.application(at, "vehicle.register", who, &fields);
    }

    pub fn transfer(&mut self, at: i64, who: &Caller, vehicle: &str, (from, to): (&str, &str)) {
        let fields = format!(r#""resource_id":"{vehicle}","from_sub":"{from}","to_sub":"{to}""#);
        self.application(at, "vehicle.transfer", who, &fields);
    }

    /// What a client was sent, with the class of the error where there is one.
    pub fn response(
        &mut self,
        at: i64,
        who: &Caller,
        (method, route, status): (&str, &str, u16),
        (message, class): (&str, Option<&str>),
    ) {
        let mut fields = format!(
            r#""method":"{method}","route":{},"status":{status},"error_message":{}"#,
            text(route),
            text(message)
        );
        if let Some(class) = class {
            let _ = write!(fields, r#","error_type":"{class}""#);
        }
        self.application(at, "http.response", who, &fields);
    }

    /// A line of a function's log that is no JSON. Only the log knows its time, so it comes as the log sends it.
    pub fn plain(&mut self, at: i64, line: &str) {
        let id = format!("{:056}", self.chance.u64(..));
        let line = format!(
            concat!(
                r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/lambda/fleet-world-vehicles","#,
                r#""logStream":"2026/06/01/[$LATEST]0","subscriptionFilters":["all"],"#,
                r#""logEvents":[{{"id":"{}","timestamp":{},"message":{}}}]}}"#
            ),
            id,
            at,
            text(line)
        );
        self.put(Log::Plain, at, line);
    }
}
