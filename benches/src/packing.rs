//! Records packed as AWS delivers them: gzip, subscription payloads, aggregated stream records, Lambda events.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use md5::{Digest, Md5};

/// One gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor
        .gzip_compress(bytes, &mut packed)
        .expect("the bound is enough");
    packed.truncate(length);
    packed
}

/// The limit for gzip: libdeflate, told the size.
pub fn inflate(packed: &[u8], out: &mut [u8]) -> usize {
    Decompressor::new()
        .gzip_decompress(packed, out)
        .expect("gzip as made here")
}

/// `{"Records":[…]}`, as CloudTrail writes files.
pub fn cloudtrail_file(records: &[String]) -> Vec<u8> {
    format!(r#"{{"Records":[{}]}}"#, records.join(",")).into_bytes()
}

/// What CloudWatch Logs sends to a stream for a subscription, before gzip.
pub fn subscription(records: &[String]) -> Vec<u8> {
    let events: Vec<String> = (0u64..)
        .zip(records)
        .map(|(at, record)| {
            let message = serde_json::to_string(record).expect("text");
            format!(r#"{{"id":"3{at:055}","timestamp":1795435200000,"message":{message}}}"#)
        })
        .collect();
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"aws-cloudtrail-logs","logStream":"111122223333_CloudTrail_eu-central-1","subscriptionFilters":["vedette"],"logEvents":[{}]}}"#,
        events.join(",")
    )
    .into_bytes()
}

/// Many records as one, in the way of the Kinesis Producer Library.
pub fn aggregate(records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = b"\x0a\x01k".to_vec();
    for data in records {
        let mut record = b"\x08\x00\x1a".to_vec();
        varint(data.len(), &mut record);
        record.extend_from_slice(data);
        message.push(0x1a);
        varint(record.len(), &mut message);
        message.extend_from_slice(&record);
    }
    let checksum = Md5::digest(&message);
    [&b"\xf3\x89\x9a\xc2"[..], &message, &checksum].concat()
}

fn varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The event that a function behind a Kinesis stream is called with.
pub fn lambda_event(stream_records: &[Vec<u8>]) -> Vec<u8> {
    let records: Vec<String> = stream_records
        .iter()
        .map(|data| {
            format!(
                r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"k","sequenceNumber":"49590338271490256608559692538361571095921575989136588898","data":"{}","approximateArrivalTimestamp":1795435260.5}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000006:4959","eventName":"aws:kinesis:record","awsRegion":"eu-central-1","eventSourceARN":"arn:aws:kinesis:eu-central-1:111122223333:stream/audit"}}"#,
                STANDARD.encode(data)
            )
        })
        .collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(",")).into_bytes()
}

/// Gzipped CloudTrail files of `in_file` records each, and the bytes of JSON in them.
pub fn gzip_files(records: &[String], in_file: usize) -> (Vec<Vec<u8>>, usize) {
    let files: Vec<Vec<u8>> = records.chunks(in_file).map(cloudtrail_file).collect();
    let bytes = files.iter().map(Vec::len).sum();
    (files.iter().map(|file| gzip(file)).collect(), bytes)
}

/// Lambda events of subscription payloads, gzipped and aggregated, and the bytes of the audit records in them.
pub fn lambda_events(records: &[String]) -> (Vec<Vec<u8>>, usize) {
    let payloads: Vec<Vec<u8>> = records
        .chunks(50)
        .map(|some| gzip(&subscription(some)))
        .collect();
    let aggregated: Vec<Vec<u8>> = payloads.chunks(8).map(aggregate).collect();
    let events = aggregated.chunks(5).map(lambda_event).collect();
    (events, records.iter().map(String::len).sum())
}
