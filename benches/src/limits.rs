//! How fast this machine can read JSON at all: the limits that ours is held against, in the same run.
//!
//! Each takes NDJSON and returns something of every line, so that no work can be left out.

use serde::Deserialize;

fn each_line(ndjson: &[u8]) -> impl Iterator<Item = &[u8]> {
    ndjson
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

/// Whole trees, by sonic-rs.
pub fn sonic_tree(ndjson: &[u8]) -> usize {
    let is_object = |line| {
        let tree: sonic_rs::Value = sonic_rs::from_slice(line).expect("JSON as made here");
        usize::from(sonic_rs::JsonValueTrait::is_object(&tree))
    };
    each_line(ndjson).map(is_object).sum()
}

/// Seven fields into a struct, by sonic-rs.
pub fn sonic_fields(ndjson: &[u8]) -> usize {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Seven<'a> {
        event_time: &'a str,
        event_source: &'a str,
        event_name: &'a str,
        aws_region: &'a str,
        #[serde(rename = "sourceIPAddress")]
        source_ip_address: &'a str,
        #[serde(rename = "eventID")]
        event_id: &'a str,
        recipient_account_id: &'a str,
    }
    let length = |line| {
        let seven: Seven<'_> = sonic_rs::from_slice(line).expect("JSON as made here");
        seven.event_time.len()
            + seven.event_source.len()
            + seven.event_name.len()
            + seven.aws_region.len()
            + seven.source_ip_address.len()
            + seven.event_id.len()
            + seven.recipient_account_id.len()
    };
    each_line(ndjson).map(length).sum()
}

/// Five borrowed fields, by serde_json.
pub fn serde_fields(ndjson: &[u8]) -> usize {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Five<'a> {
        event_time: &'a str,
        event_source: &'a str,
        event_name: &'a str,
        aws_region: &'a str,
        #[serde(rename = "eventID")]
        event_id: &'a str,
    }
    let length = |line| {
        let five: Five<'_> = serde_json::from_slice(line).expect("JSON as made here");
        five.event_time.len()
            + five.event_source.len()
            + five.event_name.len()
            + five.aws_region.len()
            + five.event_id.len()
    };
    each_line(ndjson).map(length).sum()
}

/// Whole trees, by serde_json.
pub fn serde_tree(ndjson: &[u8]) -> usize {
    let is_object = |line| {
        let tree: serde_json::Value = serde_json::from_slice(line).expect("JSON as made here");
        usize::from(tree.is_object())
    };
    each_line(ndjson).map(is_object).sum()
}

/// Gzipped CloudTrail files: libdeflate, told the size, and then whole trees by sonic-rs.
pub fn gzip_files(files: &[Vec<u8>], inflated: &mut [u8]) -> usize {
    let read = |packed: &Vec<u8>| {
        let length = crate::packing::inflate(packed, inflated);
        let tree: sonic_rs::Value =
            sonic_rs::from_slice(&inflated[..length]).expect("JSON as made here");
        usize::from(sonic_rs::JsonValueTrait::is_object(&tree))
    };
    files.iter().map(read).sum()
}
