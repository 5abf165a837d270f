//! Messages that were divided at the size limit of a log event, put together again within one payload.

use crate::Context;
use crate::text::raw;
use crate::text::runtime_line;
use detector_event::time::Timestamp;

/// Lambda divides what is longer than 256 KiB (less 26 bytes), and what is longer than 1 MiB since that is the limit.
/// A message that goes on is at least so long.
pub(crate) const CUT_BYTES_MIN: usize = 250_000;

/// Pieces that are taken for parts of one message; more is no log event that anybody meant.
const PIECES_MAX: usize = 16;

/// A log event that waits for what its message goes on with.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) id: Option<String>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) arrival: Option<Timestamp>,
    pub(crate) message: Vec<u8>,
}

/// The pieces of a message whose end has not come yet.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pieces: Vec<Piece>,
    is_complete: bool,
}

impl Joined {
    /// Takes a message that was cut, or that goes on where one was; `false` for others.
    pub(crate) fn takes(&mut self, message: &[u8], context: Context<'_>) -> bool {
        let is_full = message.len() >= CUT_BYTES_MIN;
        let is_first = self.pieces.is_empty();
        if self.is_complete || is_first && !(is_full && is_open(message)) {
            return false;
        }
        self.pieces.push(Piece {
            id: context.id.map(str::to_owned),
            time: context.time,
            arrival: context.arrival,
            message: message.to_vec(),
        });
        self.is_complete =
            !is_first && (!is_full || self.pieces.len() == PIECES_MAX || !is_open(&self.text()));
        true
    }

    /// What the pieces come to: one message where they make sense together, else each for itself.
    pub(crate) fn take(&mut self) -> Vec<Piece> {
        let text = self.text();
        let mut pieces = std::mem::take(&mut self.pieces);
        self.is_complete = false;
        if pieces.len() > 1 && !is_open(&text) {
            pieces.truncate(1);
            pieces[0].message = text;
        }
        pieces
    }

    fn text(&self) -> Vec<u8> {
        let messages = self.pieces.iter().map(|piece| &piece.message[..]);
        messages.collect::<Vec<_>>().concat()
    }
}

/// Whether `message` is a JSON object that is not closed.
fn is_open(message: &[u8]) -> bool {
    let text = raw::trim(message);
    let json = match text.first() {
        Some(b'{') => text,
        _ => {
            let Some(line) = std::str::from_utf8(text).ok().and_then(runtime_line::line) else {
                return false;
            };
            line.rest.as_bytes()
        }
    };
    raw::is_object_like(json)
        && serde_json::from_slice::<serde::de::IgnoredAny>(json).is_err_and(|error| error.is_eof())
}
