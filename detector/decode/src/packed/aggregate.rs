//! Records of the Kinesis Producer Library (KPL): many in one, as protobuf between a magic number and a checksum.
//!
//! `AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2; repeated
//! Record records = 3; }`, `Record { …; required bytes data = 3; … }`. Read in place: nothing is copied or collected.

use md5::{Digest, Md5};

const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
const CHECKSUM_BYTES: usize = 16;
/// The field number of both `AggregatedRecord.records` and `Record.data`.
const RECORDS: u64 = 3;
const DATA: u64 = 3;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("aggregated record is not protobuf at byte {at}")]
pub(crate) struct AggregateError {
    at: usize,
}

/// The protobuf message of an aggregated record; `None` if it is none, which a wrong checksum means too.
pub(crate) fn verified(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (message, checksum) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_BYTES)?)?;
    (Md5::digest(message).as_slice() == checksum).then_some(message)
}

/// Calls `each` with the data of every record, up to the first damage.
pub(crate) fn for_each_record(
    message: &[u8],
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), AggregateError> {
    let damage = |rest: &[u8]| AggregateError {
        at: message.len() - rest.len(),
    };
    let mut rest = message;
    while !rest.is_empty() {
        let (number, content) = field(&mut rest).ok_or_else(|| damage(rest))?;
        let (RECORDS, Some(mut record)) = (number, content) else {
            continue;
        };
        while !record.is_empty() {
            let (number, content) = field(&mut record).ok_or_else(|| damage(rest))?;
            if let (DATA, Some(data)) = (number, content) {
                each(data);
            }
        }
    }
    Ok(())
}

/// Takes one field off `rest`: its number, and its content where that is bytes.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = varint(rest)?;
    let content = match key & 7 {
        0 => {
            varint(rest)?;
            None
        }
        1 => rest.split_off(..8).map(|_| None)?,
        2 => {
            let len = usize::try_from(varint(rest)?).ok()?;
            Some(rest.split_off(..len)?)
        }
        5 => rest.split_off(..4).map(|_| None)?,
        _ => return None,
    };
    Some((key >> 3, content))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(message: &[u8]) -> Vec<u8> {
        [&MAGIC[..], message, &Md5::digest(message)].concat()
    }

    fn read(message: &[u8]) -> (Vec<Vec<u8>>, Result<(), AggregateError>) {
        let mut seen = Vec::new();
        let outcome = for_each_record(message, &mut |data| seen.push(data.to_vec()));
        (seen, outcome)
    }

    #[test]
    fn records_are_read_past_other_fields() {
        let message = b"\x0a\x01k\x1a\x05\x08\x00\x1a\x01a\x1a\x06\x1a\x02bc\x10\x01";
        let sealed = seal(message);
        assert_eq!(verified(&sealed), Some(&message[..]));
        assert_eq!(read(message), (vec![b"a".to_vec(), b"bc".to_vec()], Ok(())));
    }

    #[test]
    fn a_wrong_checksum_means_a_plain_record() {
        let mut sealed = seal(b"\x1a\x03\x1a\x01a");
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(verified(&sealed), None);
        assert_eq!(verified(&MAGIC), None);
        assert_eq!(verified(b""), None);
    }

    #[test]
    fn damage_is_told_after_the_records_before_it() {
        let (seen, outcome) = read(b"\x1a\x03\x1a\x01a\x1a\x7f");
        assert_eq!(seen, [b"a"]);
        assert!(outcome.is_err());
        assert!(read(&[0xff; 20]).1.is_err());
        assert!(read(b"\x07").1.is_err());
    }
}
