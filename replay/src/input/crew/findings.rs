//! What a worker finds in one block.

use detector_core::decode::split::Piece;
use detector_core::decode::split::RECORD_BYTES_MAX;
use detector_core::decode::{Unreadable, Unrecognised};
use detector_core::engine::{Observer, Worker};
use detector_core::event::Event;
use detector_core::rule::DetectionRule;

use crate::input::block::Block;
use crate::input::crew::places::{Place, Places};

/// Appends a hit in its written form.
pub(crate) type WriteHit = fn(&mut Vec<u8>, &DetectionRule, &Event<'_, '_>);

/// For a run that looks at episodes only.
pub(crate) fn no_hits(_: &mut Vec<u8>, _: &DetectionRule, _: &Event<'_, '_>) {}

/// Of one block.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) records: u64,
    /// Records of which nothing could be read.
    pub(crate) lost: u64,
    pub(crate) events: u64,
    pub(crate) unreadable: Places,
    /// Events of no known form.
    pub(crate) unrecognised: Places,
    /// Hits, written.
    pub(crate) hits: Vec<u8>,
}

impl Findings {
    /// Gives every record of `block`, a part of `input`, to the worker.
    pub(crate) fn of(
        block: &Block,
        input: &str,
        worker: &mut Worker<'_>,
        write_hit: WriteHit,
    ) -> Self {
        let mut findings = Self::default();
        let events_before = events(worker);
        for piece in block.pieces() {
            findings.records += 1;
            match piece {
                Piece::Record {
                    offset,
                    line,
                    bytes,
                } => {
                    let place = Place {
                        input,
                        offset,
                        line,
                    };
                    findings.record(place, bytes, worker, write_hit);
                }
                Piece::TooLarge { offset, line, .. } => {
                    let place = Place {
                        input,
                        offset,
                        line,
                    };
                    findings.unreadable.too_large(place, RECORD_BYTES_MAX);
                    findings.lost += 1;
                }
            }
        }
        findings.events = events(worker) - events_before;
        findings
    }

    /// Bytes held, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.hits.capacity()
            + self.unreadable.bytes()
            + self.unrecognised.bytes()
    }

    fn record(
        &mut self,
        place: Place<'_>,
        bytes: &[u8],
        worker: &mut Worker<'_>,
        write_hit: WriteHit,
    ) {
        let unreadable_before = self.unreadable.total();
        let events_before = events(worker);
        let mut observer = RecordObserver {
            place,
            bytes,
            findings: self,
            write_hit,
        };
        worker.record(bytes, None, &mut observer);
        if self.unreadable.total() > unreadable_before && events(worker) == events_before {
            self.lost += 1;
        }
    }
}

fn events(worker: &Worker<'_>) -> u64 {
    worker.tally().events.iter().sum()
}

/// Notes what happens inside one record, with its place.
struct RecordObserver<'r> {
    place: Place<'r>,
    bytes: &'r [u8],
    findings: &'r mut Findings,
    write_hit: WriteHit,
}

impl Observer for RecordObserver<'_> {
    fn hit(&mut self, rule: &DetectionRule, event: &Event<'_, '_>) {
        (self.write_hit)(&mut self.findings.hits, rule, event);
    }

    fn unreadable(&mut self, problem: Unreadable) {
        let Self { place, bytes, .. } = *self;
        let Unreadable { offset, reason } = problem;
        self.findings.unreadable.part(place, bytes, offset, &reason);
    }

    fn unrecognised(&mut self, form: Unrecognised) {
        let Self { place, bytes, .. } = *self;
        let name = form.name.unwrap_or("text or JSON that no log writes");
        let unrecognised = &mut self.findings.unrecognised;
        unrecognised.part(place, bytes, form.offset, name);
    }
}
