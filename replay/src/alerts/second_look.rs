//! The recording once more, when it is known which alerts there are: how their counts grew, and the events that they show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use detector_core::alert::incident::Told;
use detector_core::alert::message::sequence::Trace;
use detector_core::alert::message::{Place, SampleEvent};
use detector_core::decode::split::Piece;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::event::Event;
use detector_core::rule::{CorrelationIx, DetectionIx, DetectionRule};
use detector_core::window::Windows;
use detector_core::window::key::Key;

use crate::input;
use crate::input::block::Block;
use crate::input::stream::{Stream, Taken};

/// Events of an alert that may be shown.
const SAMPLES_MAX: usize = 2;

/// What it shows.
pub(super) struct Look {
    /// Of each alert.
    pub(super) traces: Vec<Trace>,
    /// By event id.
    pub(super) samples: BTreeMap<String, SampleEvent>,
    /// Where the samples come from, where that is one place.
    pub(super) place: Place,
}

impl Look {
    /// Of a recording that is gone.
    pub(super) fn nothing(told: &[Box<Told<'_>>]) -> Self {
        Self {
            traces: vec![Trace::default(); told.len()],
            samples: BTreeMap::new(),
            place: Place::default(),
        }
    }
}

pub(super) fn look(
    engine: &Engine,
    told: &[Box<Told<'_>>],
    inputs: &[PathBuf],
) -> anyhow::Result<Look> {
    let mut watcher = Watcher::new(engine, told);
    let plan = input::plan(inputs)?;
    let read_bytes = AtomicU64::new(0);
    let mut worker = engine.worker(Mode::HitsOnly);
    let mut block = Block::new();
    for input in &plan.inputs {
        let mut stream = Stream::new(input, &read_bytes, plan.notes);
        while let Taken::Block { .. } = stream.take(&mut block) {
            for piece in block.pieces() {
                if let Piece::Record { bytes, .. } = piece {
                    worker.record(bytes, None, &mut watcher);
                }
            }
        }
    }
    Ok(watcher.into_look())
}

struct Watcher<'t, 'r> {
    told: &'t [Box<Told<'r>>],
    windows: Windows<'t>,
    detections: BTreeMap<&'t str, DetectionIx>,
    /// The alerts of each group.
    alerts: BTreeMap<(CorrelationIx, Key), Vec<usize>>,
    wanted: BTreeSet<&'t str>,
    look: Look,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
}

impl<'t, 'r> Watcher<'t, 'r> {
    fn new(engine: &'t Engine, told: &'t [Box<Told<'r>>]) -> Self {
        let rules = engine.rules();
        let detections = (0..).zip(&rules.detections);
        let mut alerts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, of) in told.iter().enumerate() {
            let group = (of.at, of.episode.group);
            alerts.entry(group).or_default().push(at);
        }
        let ids = told
            .iter()
            .flat_map(|of| of.alert.event_ids.iter().take(SAMPLES_MAX));
        Self {
            told,
            windows: Windows::new(rules),
            detections: detections
                .map(|(at, rule)| (&*rule.meta.id, DetectionIx(at)))
                .collect(),
            alerts,
            wanted: ids.map(String::as_str).collect(),
            look: Look::nothing(told),
            accounts: BTreeSet::new(),
            regions: BTreeSet::new(),
        }
    }

    fn into_look(self) -> Look {
        let mut look = self.look;
        look.traces.iter_mut().for_each(Trace::sort);
        let only = |of: BTreeSet<String>| match of.len() {
            1 => of.into_iter().next(),
            _ => None,
        };
        look.place.account = only(self.accounts);
        look.place.region = only(self.regions);
        look
    }

    fn keep(&mut self, event: &Event<'_, '_>) {
        let Some(sample) = SampleEvent::of(event) else {
            return;
        };
        self.accounts.extend(event.account.map(str::to_owned));
        self.regions.extend(event.region.map(str::to_owned));
        self.look.samples.insert(sample.id.clone(), sample);
    }
}

impl Observer for Watcher<'_, '_> {
    fn hit(&mut self, rule: &DetectionRule, event: &Event<'_, '_>) {
        let (Some(time), Some(&at)) = (event.time, self.detections.get(&*rule.meta.id)) else {
            return;
        };
        let Self {
            told,
            windows,
            alerts,
            look,
            ..
        } = self;
        let time = time.millis();
        windows.groups_of(at, event, &mut |correlation, group, value| {
            for &at in alerts.get(&(correlation, group)).into_iter().flatten() {
                let episode = &told[at].episode;
                let from = episode.opened_at - told[at].rule.timespan_ms;
                if from < time && time < episode.held_until() {
                    look.traces[at].add(time, Key::of_event_id(event.id), value);
                }
            }
        });
        if self.wanted.contains(event.id) && !self.look.samples.contains_key(event.id) {
            self.keep(event);
        }
    }
}
