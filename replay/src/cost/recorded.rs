//! A recording goes in, what of it costs anything comes out: the events that rules hit, and how many others there were.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use anyhow::{Context, bail};
use detector_core::engine::{Engine, Mode};
use detector_core::event::{Event, LogSource};
use detector_core::field::SlotId;
use detector_core::rule::{DetectionIx, DetectionRule};
use serde::{Deserialize, Serialize};

use crate::args::SourceArgs;
use crate::input::crew::order::Stop;
use crate::input::crew::recording::Recording;
use crate::input::crew::{Crew, Limits};
use crate::input::{self};
use crate::output::progress::Progress;
use crate::output::waiting::Notes;
use crate::run;

/// A field with fewer different values than this names what all copies of the recording share: a user pool, a route, a
/// function. One with more names somebody, or something of somebody, of whom each copy has its own.
const SHARED_VALUES_MAX: usize = 64;

/// A recording as far as it costs something.
#[derive(Debug)]
pub(super) struct Recorded {
    /// All events, with a hit or without.
    pub(super) events: u64,
    /// From the first event to the last, in milliseconds; at least 1.
    pub(super) span_ms: i64,
    /// In the order of time.
    pub(super) hits: Vec<RecordedEvent>,
    /// Hits of rules in these events.
    pub(super) hits_total: u64,
}

/// An event that rules hit.
#[derive(Debug)]
pub(super) struct RecordedEvent {
    /// After the first event, in milliseconds.
    pub(super) offset_ms: i64,
    pub(super) id: String,
    pub(super) source: LogSource,
    pub(super) rules: Vec<DetectionIx>,
    pub(super) values: Vec<(SlotId, Named)>,
}

/// A value, by whom it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// The same in all copies.
    Shared(String),
    /// Another in each.
    Own(String),
    OwnAddress(IpAddr),
}

/// A hit on its way out of the crew that reads.
#[derive(Serialize, Deserialize)]
struct Line {
    rule: String,
    id: String,
    time_ms: Option<i64>,
    source: usize,
    values: Vec<(usize, String)>,
}

/// Reads the inputs.
///
/// # Errors
/// They hold no hit that has a time.
pub(super) fn read(engine: &Engine, args: &SourceArgs) -> anyhow::Result<(Recorded, Recording)> {
    let plan = input::plan(&args.inputs)?.noting(Notes::unless(args.quiet));
    let crew = Crew {
        mode: Mode::HitsOnly,
        threads: args.threads(),
        write_hit,
        limits: Limits::default(),
    };
    let mut lines = Vec::new();
    let mut progress = Progress::new(plan.bytes_total, run::visibility(args));
    let read = crew.read(engine, plan, &mut lines, &mut progress);
    progress.finish();
    if let Some(Stop::Hits(error) | Stop::State(error)) = read.stopped {
        return Err(error).context("cannot keep the hits");
    }
    let tally = read.worker.tally();
    let (Some(first), Some(last)) = (tally.earliest, tally.latest) else {
        bail!("no event with a time: there is nothing to go by");
    };
    let hits = events(engine, &lines, first.millis())?;
    if hits.is_empty() {
        bail!(
            "no rule hits any event: this traffic costs what reading it costs, and the model has nothing to add"
        );
    }
    let recorded = Recorded {
        events: read.recording.events,
        span_ms: (last.millis() - first.millis()).max(1),
        hits_total: hits.iter().map(|event| event.rules.len() as u64).sum(),
        hits,
    };
    Ok((recorded, read.recording))
}

fn write_hit(lines: &mut Vec<u8>, rule: &DetectionRule, event: &Event<'_, '_>) {
    let mut values = Vec::new();
    for slot in event.slots.present() {
        for text in event.slots.values(slot).filter_map(|value| value.text()) {
            values.push((slot.index(), text.into_owned()));
        }
    }
    let source = LogSource::ALL.iter().position(|it| *it == event.source);
    let line = Line {
        rule: rule.meta.id.to_string(),
        id: event.id.to_owned(),
        time_ms: event.time.map(|time| time.millis()),
        source: source.expect("one of all sources"),
        values,
    };
    serde_json::to_writer(&mut *lines, &line).expect("a hit has nothing that is not JSON");
    lines.push(b'\n');
}

/// The events of the lines, each with all rules that hit it.
fn events(engine: &Engine, lines: &[u8], first_ms: i64) -> anyhow::Result<Vec<RecordedEvent>> {
    let rules = engine.rules();
    let by_id: BTreeMap<&str, DetectionIx> = (0..)
        .zip(&rules.detections)
        .map(|(at, rule)| (&*rule.meta.id, DetectionIx(at)))
        .collect();
    let lines: Vec<Line> = serde_json::Deserializer::from_slice(lines)
        .into_iter()
        .collect::<Result<_, _>>()?;
    let slots: Vec<SlotId> = rules.fields.slots().collect();
    let shared = shared_fields(&lines, slots.len());
    let mut events: Vec<RecordedEvent> = Vec::new();
    for line in lines {
        let (Some(&rule), Some(time_ms)) = (by_id.get(&*line.rule), line.time_ms) else {
            continue;
        };
        // The hits of an event come one after the other.
        match events.last_mut() {
            Some(event) if event.id == line.id && event.offset_ms == time_ms - first_ms => {
                event.rules.push(rule);
            }
            _ => events.push(RecordedEvent {
                offset_ms: time_ms - first_ms,
                id: line.id,
                source: LogSource::ALL[line.source],
                rules: vec![rule],
                values: (line.values.into_iter())
                    .map(|(slot, text)| (slots[slot], named(text, shared[slot])))
                    .collect(),
            }),
        }
    }
    events.sort_by(|a, b| (a.offset_ms, &a.id).cmp(&(b.offset_ms, &b.id)));
    Ok(events)
}

/// Of each field: whether its values are the same in all copies.
fn shared_fields(lines: &[Line], fields: usize) -> Vec<bool> {
    let mut different = vec![BTreeSet::new(); fields];
    for (slot, text) in lines.iter().flat_map(|line| &line.values) {
        if different[*slot].len() < SHARED_VALUES_MAX {
            different[*slot].insert(text.as_str());
        }
    }
    let is_shared = |texts: BTreeSet<_>| texts.len() < SHARED_VALUES_MAX;
    different.into_iter().map(is_shared).collect()
}

fn named(text: String, is_shared: bool) -> Named {
    match (is_shared, text.parse()) {
        (true, _) => Named::Shared(text),
        (false, Ok(address)) => Named::OwnAddress(address),
        (false, Err(_)) => Named::Own(text),
    }
}
