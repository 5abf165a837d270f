//! Records wait in a temporary file until they are sent, so that a recording larger than memory can be sent in the
//! order of its times, and moved in time by what its last event says.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::carried::{Moments, Record};
use super::shift::Range;
use crate::own_file;
use detector_core::time::Timestamp;

/// Being filled.
pub(crate) struct Spool {
    file: BufWriter<File>,
    bytes: u64,
    places: Vec<Place>,
    events: Option<Range>,
}

/// Where a record lies, and when the stream carried it.
#[derive(Debug, Clone, Copy)]
struct Place {
    carried: Option<Timestamp>,
    at: u64,
    bytes: u32,
}

/// Filled; gives its records one after the other.
pub(crate) struct Spooled {
    file: File,
    pub(crate) bytes: u64,
    places: Vec<Place>,
    /// The first and last event time of all.
    pub(crate) events: Option<Range>,
}

impl Spool {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, own_file::unnamed()?),
            bytes: 0,
            places: Vec::new(),
            events: None,
        })
    }

    pub(crate) fn add(&mut self, record: &Record) -> io::Result<()> {
        let Moments { events, carried } = record.moments;
        self.file.write_all(&record.data)?;
        self.places.push(Place {
            carried,
            at: self.bytes,
            bytes: u32::try_from(record.data.len()).map_err(io::Error::other)?,
        });
        self.bytes += record.data.len() as u64;
        self.events = match (self.events, events) {
            (Some(all), Some(more)) => Some(all.united(more)),
            (all, more) => all.or(more),
        };
        Ok(())
    }

    pub(crate) fn records(&self) -> u64 {
        self.places.len() as u64
    }

    pub(crate) fn finish(self) -> io::Result<Spooled> {
        let Self {
            file,
            bytes,
            places,
            events,
        } = self;
        Ok(Spooled {
            file: file.into_inner().map_err(io::IntoInnerError::into_error)?,
            bytes,
            places,
            events,
        })
    }
}

impl Spooled {
    pub(crate) fn records(&self) -> usize {
        self.places.len()
    }

    /// When the stream carried the record; `None` where nothing tells.
    pub(crate) fn carried(&self, number: usize) -> Option<Timestamp> {
        self.places[number].carried
    }

    /// Puts the records into the order of their times. One without a time stays behind the one before it.
    pub(crate) fn sort(&mut self) {
        let mut last = None;
        for place in &mut self.places {
            last = place.carried.or(last);
            place.carried = last;
        }
        self.places.sort_by_key(|place| place.carried);
    }

    pub(crate) fn read(&mut self, number: usize) -> io::Result<Vec<u8>> {
        let Place { at, bytes, .. } = self.places[number];
        self.file.seek(SeekFrom::Start(at))?;
        let mut data = vec![0; bytes as usize];
        self.file.read_exact(&mut data)?;
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(times: &[Option<i64>]) -> Spooled {
        let mut spool = Spool::new().unwrap();
        for (number, ms) in times.iter().enumerate() {
            let moment = ms.map(|ms| Timestamp::from_millis(ms).unwrap());
            let record = Record {
                data: number.to_string().into_bytes(),
                moments: Moments {
                    events: moment.map(Range::of),
                    carried: moment,
                },
            };
            spool.add(&record).unwrap();
        }
        spool.finish().unwrap()
    }

    #[test]
    fn records_come_back_in_order_or_by_time() {
        let mut spooled = spooled(&[Some(30), None, Some(10), Some(30), Some(20), None]);
        let read = |spooled: &mut Spooled| -> Vec<String> {
            (0..spooled.records())
                .map(|number| String::from_utf8(spooled.read(number).unwrap()).unwrap())
                .collect()
        };
        assert_eq!(read(&mut spooled), ["0", "1", "2", "3", "4", "5"]);
        let range = spooled.events.unwrap();
        assert_eq!((range.first.millis(), range.last.millis()), (10, 30));
        spooled.sort();
        assert_eq!(read(&mut spooled), ["2", "4", "5", "0", "1", "3"]);
        assert_eq!(spooled.carried(2).unwrap().millis(), 20);
    }
}
