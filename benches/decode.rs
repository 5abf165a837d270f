//! Bytes to events: cutting, unpacking, scanning. No rule is asked.

use std::hint::black_box;

use benches::{events, limits, ours, packing, rules};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_core::engine::Engine;

fn decode(c: &mut Criterion) {
    let engine = Engine::new(rules::load(60));
    let ndjson = events::ndjson(1, 8 << 20);
    let records = events::records(2, 6_000);
    let (files, bytes) = packing::gzip_files(&records, 1_000);
    let mut inflated = vec![0; bytes];
    let mut group = c.benchmark_group("decode");
    group
        .sample_size(20)
        .throughput(Throughput::Bytes(ndjson.len() as u64));
    group.bench_function("ours, NDJSON", |b| {
        b.iter(|| ours::decode_stream(&engine, black_box(&ndjson)));
    });
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("limit: gzip files, libdeflate and sonic-rs", |b| {
        b.iter(|| limits::gzip_files(black_box(&files), &mut inflated));
    });
    group.bench_function("ours, gzip files", |b| {
        b.iter(|| ours::decode_records(&engine, black_box(&files)));
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
