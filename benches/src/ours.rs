//! The engine as the shells run it, on bytes in memory.

use detector_core::decode::split::{Piece, RECORD_BYTES_MAX, Splitter};
use detector_core::decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_core::engine::{Engine, Mode, Observer, Worker};
use detector_core::event::Event;
use detector_core::field::FieldTable;
use detector_core::rule::InputRule;
use detector_core::scan::scan_json;
use detector_core::slots::Slots;
use detector_core::window::NothingSpilled;

struct Deaf;
impl Observer for Deaf {}

/// What `replay` reads from a file at once.
const CHUNK_BYTES: usize = 512 << 10;

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub events: u64,
    pub hits: u64,
    /// Hits, each as often as there are correlations that count it; in one group each, unless a field is an array.
    pub touches: u64,
    pub alerts: usize,
}

/// A stream of bytes, cut into records as `replay` does, to alerts.
pub fn stream(engine: &Engine, mode: Mode, bytes: &[u8]) -> Outcome {
    let mut worker = engine.worker(mode);
    let mut splitter = Splitter::new(RECORD_BYTES_MAX);
    let mut each = |piece: Piece<'_>| match piece {
        Piece::Record { bytes, .. } => worker.record(bytes, None, &mut Deaf),
        Piece::TooLarge { .. } => unreachable!("records as made here are small"),
    };
    for chunk in bytes.chunks(CHUNK_BYTES) {
        splitter.push(chunk, &mut each);
    }
    splitter.finish(&mut each);
    outcome(engine, worker)
}

/// Records, as the Lambda hands them in, to alerts.
pub fn records(engine: &Engine, records: &[Vec<u8>]) -> Outcome {
    let mut worker = engine.worker(Mode::Set);
    for record in records {
        worker.record(record, None, &mut Deaf);
    }
    outcome(engine, worker)
}

fn outcome(engine: &Engine, worker: Worker<'_>) -> Outcome {
    let (alerts, tally) = worker
        .finish(&mut NothingSpilled)
        .expect("nothing was spilled");
    assert_eq!(tally.unreadable, 0, "records as made here are readable");
    let inputs = engine.rules().correlations.iter().flat_map(|c| &c.inputs);
    let touches = inputs.map(|input| match input.rule {
        InputRule::Detection(rule) => tally.hits[rule.0 as usize],
        InputRule::Correlation(_) => 0,
    });
    Outcome {
        touches: touches.sum(),
        events: tally.events.iter().sum(),
        hits: tally.hits.iter().sum(),
        alerts: alerts.len(),
    }
}

#[derive(Default)]
struct Count(u64);
impl EventSink for Count {
    fn event(&mut self, event: &Event<'_, '_>) {
        self.0 += event.id.len() as u64;
    }
    fn unreadable(&mut self, problem: Unreadable) {
        unreachable!("records as made here are readable: {}", problem.reason)
    }
}

/// A decoder over the fields of the engine's rules.
fn decoding<T>(engine: &Engine, work: impl FnOnce(&mut Decoder<'_>, &mut Count) -> T) -> u64 {
    let mut table = FieldTable::default();
    for slot in engine.rules().fields.slots() {
        table.slot(engine.rules().fields.path(slot));
    }
    let fields = DecodeFields::register(&mut table);
    let mut count = Count::default();
    work(
        &mut Decoder::new(&table, &fields, Limits::default()),
        &mut count,
    );
    count.0
}

/// A stream of bytes to events, of which nothing is asked.
pub fn decode_stream(engine: &Engine, bytes: &[u8]) -> u64 {
    decoding(engine, |decoder, count| {
        let mut splitter = Splitter::new(RECORD_BYTES_MAX);
        let mut each = |piece: Piece<'_>| {
            if let Piece::Record { bytes, .. } = piece {
                decoder.decode(bytes, None, count);
            }
        };
        for chunk in bytes.chunks(CHUNK_BYTES) {
            splitter.push(chunk, &mut each);
        }
        splitter.finish(&mut each);
    })
}

/// Records to events, of which nothing is asked.
pub fn decode_records(engine: &Engine, records: &[Vec<u8>]) -> u64 {
    decoding(engine, |decoder, count| {
        for record in records {
            decoder.decode(record, None, count);
        }
    })
}

/// The scan alone, over NDJSON: the number of slots that have a value.
pub fn scan(engine: &Engine, ndjson: &[u8]) -> usize {
    let table = &engine.rules().fields;
    let mut slots = Slots::new(table);
    let mut found = 0;
    for line in ndjson
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let mut here = std::mem::take(&mut slots).recycle();
        scan_json(line, table, &mut here).expect("JSON as made here");
        found += here.present().count();
        slots = here.recycle();
    }
    found
}
