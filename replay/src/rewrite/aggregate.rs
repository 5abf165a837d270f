//! Records of the Kinesis Producer Library: many in one, as protobuf between a magic number and a checksum.

use md5::{Digest, Md5};
use prost::Message;

const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
const CHECKSUM_BYTES: usize = 16;

#[derive(Clone, PartialEq, Message)]
struct Aggregate {
    #[prost(string, repeated, tag = "1")]
    partition_keys: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    explicit_hash_keys: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(uint64, required, tag = "1")]
    partition_key: u64,
    #[prost(uint64, optional, tag = "2")]
    explicit_hash_key: Option<u64>,
    #[prost(bytes = "vec", required, tag = "3")]
    data: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    tags: Vec<Tag>,
}

#[derive(Clone, PartialEq, Message)]
struct Tag {
    #[prost(string, required, tag = "1")]
    key: String,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

pub(crate) fn is_aggregate(bytes: &[u8]) -> bool {
    message(bytes).is_some()
}

/// With what `change` makes of each record's data; `None` where nothing changes, or it cannot be read.
pub(crate) fn rewritten(
    bytes: &[u8],
    change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut aggregate = Aggregate::decode(message(bytes)?).ok()?;
    let mut is_changed = false;
    for record in &mut aggregate.records {
        if let Some(data) = change(&record.data) {
            record.data = data;
            is_changed = true;
        }
    }
    is_changed.then(|| sealed(&aggregate.encode_to_vec()))
}

/// With what `change` makes of the partition keys and of what tags say; `None` where there is none, or it cannot be read.
pub(crate) fn with_keys(bytes: &[u8], change: &dyn Fn(&str) -> String) -> Option<Vec<u8>> {
    let mut aggregate = Aggregate::decode(message(bytes)?).ok()?;
    let tags = aggregate
        .records
        .iter_mut()
        .flat_map(|record| &mut record.tags);
    let said = tags.filter_map(|tag| tag.value.as_mut());
    let mut keys: Vec<&mut String> = aggregate.partition_keys.iter_mut().chain(said).collect();
    if keys.is_empty() {
        return None;
    }
    keys.iter_mut().for_each(|key| **key = change(key));
    Some(sealed(&aggregate.encode_to_vec()))
}

fn message(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (message, checksum) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_BYTES)?)?;
    (Md5::digest(message).as_slice() == checksum).then_some(message)
}

fn sealed(message: &[u8]) -> Vec<u8> {
    [&MAGIC[..], message, &Md5::digest(message)].concat()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::rewrite) fn of(data: &[&[u8]]) -> Vec<u8> {
        let record = |data: &&[u8]| Record {
            data: data.to_vec(),
            ..Record::default()
        };
        let aggregate = Aggregate {
            partition_keys: vec!["k".into()],
            records: data.iter().map(record).collect(),
            ..Aggregate::default()
        };
        sealed(&aggregate.encode_to_vec())
    }

    #[test]
    fn each_record_is_rewritten_and_the_whole_sealed_anew() {
        let before = of(&[b"a", b"keep", b"a"]);
        let change = &mut |data: &[u8]| (data == b"a").then(|| b"longer".to_vec());
        let after = rewritten(&before, change).unwrap();
        assert_eq!(after, of(&[b"longer", b"keep", b"longer"]));
        assert_eq!(rewritten(&before, &mut |_| None), None);
    }

    #[test]
    fn a_wrong_checksum_means_a_plain_record() {
        let mut bytes = of(&[b"a"]);
        *bytes.last_mut().unwrap() ^= 1;
        assert!(!is_aggregate(&bytes));
    }
}
