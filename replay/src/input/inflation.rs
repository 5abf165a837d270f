//! How far packed data may inflate, and what can be wrong with it.

use std::io;

use crate::input::form::Packing;

/// How far gzip data may inflate. Logs deflate some 10:1 to 50:1; a bomb nears 1,030:1.
///
/// Each stretch of `stretch_bytes` inflated bytes must come from at least a `ratio_max`-th of it, so that neither a
/// long honest start excuses a bomb, nor the size of an honest file counts against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InflationLimit {
    pub(crate) stretch_bytes: u64,
    pub(crate) ratio_max: u64,
}

pub(crate) const INFLATION_LIMIT: InflationLimit = InflationLimit {
    stretch_bytes: 1 << 30,
    ratio_max: 200,
};

/// Why a source could not be read to its end. What came before was handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("read error: {0}")]
    Io(io::Error),
    #[error("{packing} data is cut off after {inflated} inflated bytes")]
    CutOff { packing: Packing, inflated: u64 },
    #[error("{packing} data is damaged after {inflated} inflated bytes: {what}")]
    Damaged {
        packing: Packing,
        inflated: u64,
        what: String,
    },
    #[error("it is {name}, which is not read: give the log entries in it as JSON, CSV or text")]
    Foreign { name: &'static str },
    #[error(
        "{packing} data inflates more than {ratio_max}:1; stopped after {inflated} inflated bytes from {read} bytes"
    )]
    Bomb {
        packing: Packing,
        inflated: u64,
        read: u64,
        ratio_max: u64,
    },
}

/// Tells data that ends too early, damaged data and the error of an outer layer from a source that fails.
pub(crate) fn io_error(error: io::Error, packing: Packing, inflated: u64) -> ReadError {
    let error = match error.downcast::<ReadError>() {
        Ok(outer) => return outer,
        Err(error) => error,
    };
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::CutOff { packing, inflated },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => ReadError::Damaged {
            packing,
            inflated,
            what: error.to_string(),
        },
        // What zstd says of damage has no kind of its own.
        io::ErrorKind::Other if packing == Packing::Zstd => ReadError::Damaged {
            packing,
            inflated,
            what: error.to_string(),
        },
        _ => ReadError::Io(error),
    }
}

/// Watches the ratio over the stretch that is being inflated.
pub(crate) struct Stretch {
    pub(crate) packing: Packing,
    limit: InflationLimit,
    pub(crate) inflated: u64,
    began_inflated: u64,
    began_read: u64,
}

impl Stretch {
    pub(crate) fn new(packing: Packing, limit: InflationLimit) -> Self {
        Self {
            packing,
            limit,
            inflated: 0,
            began_inflated: 0,
            began_read: 0,
        }
    }

    pub(crate) fn error(&self, error: io::Error) -> ReadError {
        io_error(error, self.packing, self.inflated)
    }

    pub(crate) fn add(&mut self, inflated: u64, read: u64) -> Result<(), ReadError> {
        self.inflated += inflated;
        let stretch = self.inflated - self.began_inflated;
        if stretch < self.limit.stretch_bytes {
            return Ok(());
        }
        if stretch / self.limit.ratio_max > read - self.began_read {
            return Err(ReadError::Bomb {
                packing: self.packing,
                inflated: self.inflated,
                read,
                ratio_max: self.limit.ratio_max,
            });
        }
        self.began_inflated = self.inflated;
        self.began_read = read;
        Ok(())
    }
}
