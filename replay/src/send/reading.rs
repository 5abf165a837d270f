//! Inputs go in, records in a spool come out, and what could not be read or sent is told of.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use detector_core::decode::DecodeFields;
use detector_core::decode::split::Piece;
use detector_core::field::FieldTable;
use detector_core::time::Timestamp;

use super::carried::{Carrier, Record};
use super::spool::{Spool, Spooled};
use super::usable::EventTimes;
use crate::input::block::Block;
use crate::input::stream::{End, Stream, Taken};
use crate::input::{Input, Plan};
use crate::outcome::say;
use crate::output::progress::Progress;

/// What the inputs held.
pub(crate) struct Reading {
    pub(crate) spooled: Spooled,
    /// When what is in it happened.
    pub(crate) times: EventTimes,
    /// Whether anything could not be read, or is no record that the stream takes. Each was told of.
    pub(crate) is_lossy: bool,
}

/// Reads all inputs. `list_span_max_ms`: how much recorded time may travel in one list of events. What happened after
/// `until` is left out.
///
/// # Errors
/// The temporary folder cannot be written to.
pub(crate) fn read(
    plan: &Plan,
    list_span_max_ms: i64,
    until: Option<Timestamp>,
    progress: &mut Progress,
) -> io::Result<Reading> {
    let mut table = FieldTable::default();
    let fields = DecodeFields::register(&mut table);
    let mut reader = Reader {
        carrier: Carrier::new(&table, &fields, list_span_max_ms, until),
        spool: Spool::new()?,
        failed: None,
        is_lossy: false,
    };
    for failure in &plan.failures {
        reader.tell(failure);
    }
    let read_bytes = AtomicU64::new(0);
    let mut block = Block::new();
    for input in &plan.inputs {
        let mut stream = Stream::new(input, &read_bytes, plan.notes);
        loop {
            match stream.take(&mut block) {
                Taken::Block { .. } => {
                    for piece in block.pieces() {
                        reader.piece(input, piece)?;
                    }
                    progress.reached(read_bytes.load(Ordering::Relaxed), reader.spool.records());
                }
                Taken::End { end, .. } => {
                    reader.end(end)?;
                    break;
                }
                Taken::Nothing => break,
            }
        }
    }
    let Reader {
        carrier,
        spool,
        is_lossy,
        ..
    } = reader;
    Ok(Reading {
        spooled: spool.finish()?,
        times: carrier.times,
        is_lossy,
    })
}

struct Reader<'t> {
    carrier: Carrier<'t>,
    spool: Spool,
    /// A write to the spool that failed.
    failed: Option<io::Error>,
    is_lossy: bool,
}

impl Reader<'_> {
    fn piece(&mut self, input: &Input, piece: Piece<'_>) -> io::Result<()> {
        let (line, why) = match piece {
            Piece::Record { bytes, line, .. } => {
                let (spool, failed) = (&mut self.spool, &mut self.failed);
                let taken = self
                    .carrier
                    .piece(bytes, &mut |record| keep(spool, failed, &record));
                match taken {
                    Ok(()) => return self.checked(),
                    Err(too_large) => (line, too_large.to_string()),
                }
            }
            Piece::TooLarge {
                line, bytes_max, ..
            } => (line, format!("more than {bytes_max} bytes")),
        };
        self.tell(&format!("{}:{line}: not sent: {why}", input.name()));
        self.checked()
    }

    fn end(&mut self, end: End) -> io::Result<()> {
        let (spool, failed) = (&mut self.spool, &mut self.failed);
        self.carrier.end(&mut |record| keep(spool, failed, &record));
        match end {
            End::Whole => {}
            End::Failed(why) | End::NotOpened(why) => self.tell(&why),
        }
        self.checked()
    }

    fn tell(&mut self, problem: &str) {
        say(&format!("error: {problem}"));
        self.is_lossy = true;
    }

    fn checked(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

fn keep(spool: &mut Spool, failed: &mut Option<io::Error>, record: &Record) {
    if let Err(error) = spool.add(record) {
        failed.get_or_insert(error);
    }
}
