//! What was read of the inputs, put together in their order.

use std::path::PathBuf;

use crate::input::Input;
use crate::input::crew::findings::Findings;
use crate::input::crew::places::Places;
use crate::input::crew::spill::Spill;
use crate::input::stream::End;

/// An input in which fewer than one record in so many can be read is no log (random bytes hold a few lines that
/// happen to be text).
const READABLE_ONE_IN: u64 = 50;

/// What was read of the inputs.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) inputs: u64,
    /// As on disk, before inflation.
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    /// Files in folders whose names are not those of logs.
    pub(crate) skipped: Vec<PathBuf>,
    /// Inputs without a single record.
    pub(crate) empty: Vec<String>,
    /// Inputs that could not be read to their end, or at all, and why.
    pub(crate) failures: Vec<String>,
    pub(crate) unreadable: Places,
    /// Events of no known form.
    pub(crate) unrecognised: Places,
    pub(crate) events: u64,
    /// Window state that was too much for memory.
    pub(crate) spill: Spill,
}

/// What one input held.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    records: u64,
    /// Records of which nothing could be read.
    lost: u64,
}

impl Recording {
    /// Adds what was found in the next block of an input.
    pub(crate) fn add(&mut self, findings: Findings, seen: &mut Seen) {
        seen.records += findings.records;
        seen.lost += findings.lost;
        self.records += findings.records;
        self.events += findings.events;
        self.unreadable.append(findings.unreadable);
        self.unrecognised.append(findings.unrecognised);
    }

    /// Why nothing of what was read says anything, where that is so.
    pub(crate) fn of_no_known_form(&self) -> Option<String> {
        let is_none = self.events > 0 && self.unrecognised.total() == self.events;
        is_none.then(|| {
            let names = self.unrecognised.reasons();
            let names: Vec<_> = names.iter().take(3).map(|(name, _)| *name).collect();
            format!(
                "nothing in the input is of a form that is known: {}",
                names.join(", ")
            )
        })
    }

    /// An input has ended. One without a record is noted; one of which next to nothing could be read has failed.
    pub(crate) fn end(&mut self, input: &Input, seen: &Seen, end: End) {
        let Seen { records, lost } = *seen;
        self.inputs += u64::from(!matches!(end, End::NotOpened(_)));
        match end {
            End::NotOpened(why) | End::Failed(why) => self.failures.push(why),
            End::Whole if records == 0 => self.empty.push(input.name()),
            End::Whole if (records - lost) * READABLE_ONE_IN < records => {
                self.failures.push(format!(
                    "`{}` is no log: {lost} of its {records} records cannot be read",
                    input.name()
                ));
            }
            End::Whole => {}
        }
    }
}
