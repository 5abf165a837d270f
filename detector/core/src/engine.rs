//! The whole way of a record: decode, match, window. One [`Engine`] is shared; each thread has a [`Worker`].

use std::collections::BTreeMap;

use crate::clock::Clock;
pub use crate::clock::SKEW_MAX_MS;
use crate::derived::DerivedFields;
use crate::found::Found;
use crate::tally::Tally;
use crate::wanted::{Seen, absent_fields, wanted_fields};
use detector_alert::Alert;
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable, Unrecognised};
use detector_event::event::Event;
use detector_event::field::SlotId;
use detector_event::time::Timestamp;
use detector_incident::link::Linking;
use detector_matching::{Matcher, Scratch};
use detector_rule::{CorrelationIx, DetectionRule, RuleSet};
use detector_store::StoreTimes;
use detector_store::plan::ATTEMPTS_MAX;
use detector_window::key::Key;
use detector_window::{SpillError, Spilled, Windows};

/// An event that arrives later than this after its event time is too late, unless [`Engine::with_lateness`] says
/// otherwise: its hits are counted, not used.
pub const LATENESS_MAX_MS: i64 = 15 * 60 * 1000;

/// The compiled rules; shared by all workers, never changed.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    decode_fields: DecodeFields,
    matcher: Matcher,
    limits: Limits,
    linking: Linking,
    /// By detection rule: the fields whose absence is told of.
    wanted_fields: Vec<Vec<SlotId>>,
    json_log_groups: Vec<String>,
    application_log_groups: Vec<String>,
    audit_log_groups: Vec<String>,
    lateness_max_ms: i64,
    derived: DerivedFields,
}

/// How a recording is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a set: what carries no arrival time has none.
    Set,
    /// As a stream in its recorded order: what carries no arrival time arrived at the highest time that several events
    /// have reached so far.
    AsArrived,
    /// For its hits alone: no windows are kept.
    HitsOnly,
}

/// One thread's share of the work: buffers, window state and counters.
#[derive(Debug)]
pub struct Worker<'e> {
    decoder: Decoder<'e>,
    watch: Watch<'e>,
}

/// What a worker does with each event.
#[derive(Debug)]
struct Watch<'e> {
    engine: &'e Engine,
    mode: Mode,
    scratch: Scratch,
    windows: Windows<'e>,
    tally: Tally,
    clock: Clock,
    seen: Seen,
}

/// Told of what happens inside a record, as it happens.
pub trait Observer {
    fn hit(&mut self, _rule: &DetectionRule, _event: &Event<'_, '_>) {}
    fn unreadable(&mut self, _problem: Unreadable) {}
    /// The next event is of no form that is known.
    fn unrecognised(&mut self, _form: Unrecognised) {}
}

impl Engine {
    /// Compiles the rules.
    pub fn new(mut rules: RuleSet) -> Self {
        let derived = DerivedFields::register(&mut rules);
        let decode_fields = DecodeFields::register(&mut rules.fields);
        let matcher = Matcher::new(&rules);
        let linking = Linking::new(&rules);
        let wanted_fields = wanted_fields(&rules);
        Self {
            derived,
            rules,
            decode_fields,
            matcher,
            limits: Limits::default(),
            linking,
            wanted_fields,
            json_log_groups: Vec::new(),
            application_log_groups: Vec::new(),
            audit_log_groups: Vec::new(),
            lateness_max_ms: LATENESS_MAX_MS,
        }
    }

    /// Takes events that arrive up to `lateness_max_ms` milliseconds, 0 or more, after their event time. Where state is
    /// stored, [`StoreTimes::lateness_ms`](detector_store::StoreTimes) has to be the same: see [`Engine::store_times`].
    #[must_use]
    pub fn with_lateness(mut self, lateness_max_ms: i64) -> Self {
        self.lateness_max_ms = lateness_max_ms.max(0);
        self
    }

    /// Takes log groups whose names begin so for logs of nothing but JSON: whatever else is in them is unreadable. Those of
    /// WAF, API Gateway, CloudTrail and Cognito are known.
    #[must_use]
    pub fn with_json_log_groups(mut self, beginnings: Vec<String>) -> Self {
        self.json_log_groups = beginnings;
        self
    }

    /// Takes what is in log groups of the patterns `application` (a name, or how it begins and a `*`) for an application's
    /// words, whatever it claims to be, but for those of the patterns `audit`. Those of functions are such; those to which
    /// AWS writes by itself never are.
    #[must_use]
    pub fn with_application_log_groups(self, application: Vec<String>, audit: Vec<String>) -> Self {
        Self {
            application_log_groups: application,
            audit_log_groups: audit,
            ..self
        }
    }

    /// How late an event may arrive after its event time, in milliseconds.
    pub fn lateness_max_ms(&self) -> i64 {
        self.lateness_max_ms
    }

    /// What the store's [`Plan`](detector_store::Plan) has to know, with this engine's lateness.
    pub fn store_times(&self) -> StoreTimes {
        StoreTimes {
            lateness_ms: self.lateness_max_ms,
            attempts_max: ATTEMPTS_MAX,
        }
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// By what alerts of these rules find each other.
    pub fn linking(&self) -> &Linking {
        &self.linking
    }

    pub fn worker(&self, mode: Mode) -> Worker<'_> {
        let tally = Tally {
            hits: vec![0; self.rules.detections.len()],
            allowed: (self.rules.detections.iter())
                .map(|rule| vec![0; rule.allow.len()])
                .collect(),
            ..Tally::default()
        };
        let watch = Watch {
            engine: self,
            mode,
            scratch: self.matcher.scratch(),
            windows: Windows::new(&self.rules),
            tally,
            clock: Clock::default(),
            seen: std::array::from_fn(|_| vec![0; self.rules.fields.len().div_ceil(64)]),
        };
        let decoder = Decoder::new(&self.rules.fields, &self.decode_fields, self.limits.clone())
            .with_json_log_groups(&self.json_log_groups)
            .with_application_log_groups(&self.application_log_groups, &self.audit_log_groups);
        let decoder = match self.derived.enrich() {
            Some(enrich) => decoder.with_enrich(enrich),
            None => decoder,
        };
        Worker { decoder, watch }
    }
}

impl<'e> Worker<'e> {
    /// Decodes one record (a stream record, a line or a whole document of a file), matches its events and updates
    /// the windows. `arrived_at` is when the record reached the stream, where that is known.
    pub fn record(
        &mut self,
        bytes: &[u8],
        arrived_at: Option<Timestamp>,
        observer: &mut dyn Observer,
    ) {
        self.watch.tally.records += 1;
        self.decoder.decode(
            bytes,
            arrived_at,
            &mut Sink {
                watch: &mut self.watch,
                observer,
            },
        );
    }

    /// What was seen so far; [`Tally::missing`], [`Tally::absent_fields`] and [`Tally::doubts`] are known at the end.
    pub fn tally(&self) -> &Tally {
        &self.watch.tally
    }

    /// Adds another worker's state and counters: the outcome is that of one worker that saw everything.
    pub fn merge(&mut self, other: Worker<'e>) {
        self.watch.windows.merge(other.watch.windows);
        self.watch.tally.add(&other.watch.tally);
        for (mine, theirs) in self
            .watch
            .seen
            .iter_mut()
            .flatten()
            .zip(other.watch.seen.iter().flatten())
        {
            *mine |= theirs;
        }
    }

    /// Bytes of window state held.
    pub fn state_bytes(&self) -> usize {
        self.watch.windows.bytes()
    }

    /// Holds the state of each rule to `bytes_max`: beyond, the groups farthest from firing are forgotten and counted in
    /// [`Tally::evicted`].
    pub fn evict(&mut self, bytes_max: usize) {
        let evicted: Vec<u64> = self.watch.windows.evict(bytes_max).collect();
        if evicted.iter().any(|groups| *groups > 0) {
            self.watch.tally.add_evicted(&evicted);
        }
    }

    /// Takes the window state away, encoded, by rule and then by group key. [`Worker::finish`] wants it back; a shell with
    /// a store makes [`Deltas`](detector_store::Deltas) of it.
    pub fn drain_state(&mut self, sink: &mut dyn FnMut(CorrelationIx, Key, &[u8])) {
        self.watch.windows.drain_encoded(sink);
    }

    /// The episodes of everything seen, sorted by `opened_at`, rule id, group.
    ///
    /// # Errors
    /// State that was drained cannot be read back.
    pub fn finish(self, spilled: &mut dyn Spilled) -> Result<(Vec<Alert>, Tally), SpillError> {
        let Found { told, tally, .. } = self.find(spilled)?;
        Ok((told.into_iter().map(|told| told.alert).collect(), tally))
    }

    /// The same with what alerts are made of, and which are of one incident.
    ///
    /// # Errors
    /// State that was drained cannot be read back.
    pub fn find(self, spilled: &mut dyn Spilled) -> Result<Found<'e>, SpillError> {
        let Watch {
            engine,
            windows,
            mut tally,
            clock,
            seen,
            ..
        } = self.watch;
        let wanted = (&engine.rules, &*engine.wanted_fields);
        tally.absent_fields = absent_fields(wanted, &tally, &seen);
        tally.ahead_events = clock.ahead();
        if tally.ahead_events > 0 {
            tally.latest = tally.latest.min(clock.now());
        }
        let rules = &engine.rules;
        let name = |(slot, hits): (&SlotId, &u64)| (rules.fields.path(*slot).to_owned(), *hits);
        for kept_out in windows.kept_out() {
            let by_name = |fields: &BTreeMap<SlotId, u64>| fields.iter().map(name).collect();
            tally.missing.push(by_name(&kept_out.missing));
            tally.no_address.push(by_name(&kept_out.no_address));
            tally.cut.push(by_name(&kept_out.cut));
        }
        Found::of((rules, &engine.linking), windows, spilled, tally)
    }
}

struct Sink<'s, 'e> {
    watch: &'s mut Watch<'e>,
    observer: &'s mut dyn Observer,
}

impl EventSink for Sink<'_, '_> {
    fn event(&mut self, event: &Event<'_, '_>) {
        self.watch.event(event, self.observer);
    }

    fn unreadable(&mut self, problem: Unreadable) {
        self.watch.tally.unreadable += 1;
        self.observer.unreadable(problem);
    }

    fn unrecognised(&mut self, form: Unrecognised) {
        self.watch.tally.unrecognised += 1;
        self.observer.unrecognised(form);
    }

    fn control_message(&mut self) {
        self.watch.tally.control_messages += 1;
    }
}

/// Where an event stands in time.
enum Placement {
    At(i64),
    TooLate,
    Untimed,
}

impl Watch<'_> {
    fn event(&mut self, event: &Event<'_, '_>, observer: &mut dyn Observer) {
        let source = event.source as usize;
        self.tally.events[source] += 1;
        for (seen, now) in self.seen[source].iter_mut().zip(event.slots.present_bits()) {
            *seen |= now;
        }
        let placement = self.place(event);
        let Self {
            engine,
            mode,
            scratch,
            windows,
            tally,
            ..
        } = self;
        engine
            .matcher
            .matches(event, &engine.rules.fields, scratch, &mut |rule| {
                let detection = &engine.rules.detections[rule.0 as usize];
                if let Some(by) = engine.rules.allowance(detection, event) {
                    tally.allowed[rule.0 as usize][by] += 1;
                    return;
                }
                tally.hits[rule.0 as usize] += 1;
                observer.hit(detection, event);
                if *mode == Mode::HitsOnly || !windows.is_fed_by(rule) {
                    return;
                }
                match placement {
                    Placement::At(time) => windows.observe(rule, event, time),
                    Placement::TooLate => tally.too_late_hits += 1,
                    Placement::Untimed => tally.untimed_hits += 1,
                }
            });
    }

    /// Judges an event's time by its arrival, a property of its record, so that every worker judges it alike.
    fn place(&mut self, event: &Event<'_, '_>) -> Placement {
        let Some(time) = event.time else {
            return Placement::Untimed;
        };
        let earliest = self.tally.earliest.map_or(time, |it| it.min(time));
        self.tally.earliest = Some(earliest);
        let latest = self.tally.latest.unwrap_or_default().max(time);
        let arrival = match self.mode {
            Mode::Set | Mode::HitsOnly => event.arrival,
            Mode::AsArrived => return self.place_by_clock(time, event.arrival),
        };
        let Some(arrival) = arrival else {
            self.tally.latest = Some(latest);
            return Placement::At(time.millis());
        };
        self.place_by_arrival(time, arrival)
    }

    fn place_by_arrival(&mut self, time: Timestamp, arrival: Timestamp) -> Placement {
        let skewed = time.millis() > arrival.millis() + SKEW_MAX_MS;
        self.tally.skewed_events += u64::from(skewed);
        let time = if skewed { arrival } else { time };
        self.tally.latest = self.tally.latest.max(Some(arrival.max(time)));
        self.placed(time, arrival)
    }

    fn place_by_clock(&mut self, time: Timestamp, arrival: Option<Timestamp>) -> Placement {
        if let Some(arrival) = arrival {
            self.clock.arrived(arrival);
            return self.place_by_arrival(time, arrival);
        }
        let now = self.clock.saw(time);
        self.tally.latest = self.tally.latest.max(Some(time));
        // What begins anew after a pause is ahead of the clock, too: it counts at the time that it says.
        self.placed(time, now)
    }

    fn placed(&self, time: Timestamp, arrival: Timestamp) -> Placement {
        match arrival.millis() - time.millis() > self.engine.lateness_max_ms {
            true => Placement::TooLate,
            false => Placement::At(time.millis()),
        }
    }
}
