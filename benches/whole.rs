//! Bytes to alerts, in memory: lines as `replay` reads them, and what the Lambda is called with.

use std::hint::black_box;

use benches::{events, ours, packing, rules};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_core::engine::{Engine, Mode};

fn whole(c: &mut Criterion) {
    let ndjson = events::ndjson(1, 8 << 20);
    let (batches, json_bytes) = packing::lambda_events(&events::records(2, 6_000));
    let mut group = c.benchmark_group("whole");
    group.sample_size(20);
    for number in [4, 60] {
        let engine = Engine::new(rules::load(number));
        group.throughput(Throughput::Bytes(ndjson.len() as u64));
        group.bench_function(format!("NDJSON, {number} rules"), |b| {
            b.iter(|| ours::stream(&engine, Mode::Set, black_box(&ndjson)));
        });
        group.throughput(Throughput::Bytes(json_bytes as u64));
        group.bench_function(format!("Lambda events, {number} rules"), |b| {
            b.iter(|| ours::records(&engine, black_box(&batches)));
        });
    }
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
