//! Log events as FilterLogEvents gives them go in, lines in the form of subscription payloads come out: what the decoder
//! needs to know of a log (its group) is only in these.

use std::borrow::Cow;

use serde::Serialize;

use crate::capture::pseudonym::Pseudonyms;

/// One log event, as the service gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogEvent {
    pub(crate) stream: String,
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) ingestion_time: Option<i64>,
    pub(crate) message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    message_type: &'static str,
    /// FilterLogEvents does not tell the account.
    owner: &'static str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: [&'static str; 0],
    log_events: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    id: &'a str,
    timestamp: i64,
    message: Cow<'a, str>,
    /// Not in the payloads of AWS: when the event reached CloudWatch Logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    ingestion_time: Option<i64>,
}

/// One line for each log stream of the page, in the order of their first events.
pub(crate) fn lines(group: &str, events: &[LogEvent], names: &mut Option<Pseudonyms>) -> Vec<u8> {
    if let Some(names) = names {
        // A page is what a capture goes on with: names that were learnt before an interruption are not known after it.
        names.forget_names();
        events
            .iter()
            .for_each(|event| names.learn(event.message.as_bytes()));
    }
    let mut payloads: Vec<(&str, Vec<Entry<'_>>)> = Vec::new();
    for event in events {
        let entry = Entry {
            id: &event.id,
            timestamp: event.timestamp,
            message: message(&event.message, names),
            ingestion_time: event.ingestion_time,
        };
        // Streams of a page are few, and their events come in runs.
        match payloads
            .iter_mut()
            .rfind(|(stream, _)| *stream == event.stream)
        {
            Some((_, entries)) => entries.push(entry),
            None => payloads.push((&event.stream, vec![entry])),
        }
    }
    let mut out = Vec::new();
    for (stream, log_events) in payloads {
        let stream = message(stream, names);
        let payload = Payload {
            message_type: "DATA_MESSAGE",
            owner: "",
            log_group: group,
            log_stream: &stream,
            subscription_filters: [],
            log_events,
        };
        serde_json::to_writer(&mut out, &payload).expect("a payload has nothing that is not JSON");
        out.push(b'\n');
    }
    out
}

fn message<'a>(message: &'a str, names: &mut Option<Pseudonyms>) -> Cow<'a, str> {
    let changed = names
        .as_mut()
        .and_then(|names| names.record(message.as_bytes()));
    match changed {
        None => message.into(),
        Some(changed) => String::from_utf8_lossy(&changed).into_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use detector_core::decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
    use detector_core::event::Event;
    use detector_core::field::FieldTable;

    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl EventSink for Seen {
        fn event(&mut self, event: &Event<'_, '_>) {
            let moment = |it: Option<detector_core::time::Timestamp>| it.map(|it| it.millis());
            self.0.push(format!(
                "{} {} {:?} {:?}",
                event.source.service(),
                event.id,
                moment(event.time),
                moment(event.arrival)
            ));
        }

        fn unreadable(&mut self, problem: Unreadable) {
            self.0.push(problem.reason);
        }
    }

    fn event(stream: &str, id: &str, message: &str) -> LogEvent {
        LogEvent {
            stream: stream.into(),
            id: id.into(),
            timestamp: 1_779_357_894_486,
            ingestion_time: Some(1_779_357_895_000),
            message: message.into(),
        }
    }

    #[test]
    fn the_decoder_reads_what_is_captured_with_group_times_and_ids() {
        let events = [
            event("a", "1", "START RequestId: 1"),
            event("b", "2", "line one\nline two \"é\""),
            event(
                "a",
                "3",
                "{\"eventVersion\":\"1.0\",\"requestId\":\"r\",\"httpMethod\":\"GET\"}",
            ),
        ];
        let text = lines("/aws/lambda/fleet", &events, &mut None);
        assert_eq!(text.iter().filter(|b| **b == b'\n').count(), 2);
        let mut table = FieldTable::default();
        let fields = DecodeFields::register(&mut table);
        let mut seen = Seen::default();
        Decoder::new(&table, &fields, Limits::default()).decode(&text, None, &mut seen);
        let expected = ["1", "3", "2"]
            .map(|id| format!("lambda {id} Some(1779357894486) Some(1779357895000)"));
        assert_eq!(seen.0, expected);
    }

    #[test]
    fn messages_and_names_of_streams_are_pseudonymised() {
        let mut names = Pseudonyms::new(b"a key for tests!");
        let events = [event(
            "444455556666_CloudTrail",
            "1",
            "{\"sourceIPAddress\":\"81.2.69.144\",\"password\":\"p\"}",
        )];
        let text = String::from_utf8(lines("g", &events, &mut names)).unwrap();
        assert!(text.contains("REMOVED") && text.contains("\"logGroup\":\"g\""));
        assert!(
            !text.contains("81.2.69") && !text.contains("444455556666"),
            "{text}"
        );
    }
}
