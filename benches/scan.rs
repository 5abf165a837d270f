//! One scan of every record, beside the limits of the machine.

use std::hint::black_box;

use benches::{events, limits, ours, rules};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_core::engine::Engine;

fn scan(c: &mut Criterion) {
    let ndjson = events::ndjson(1, 8 << 20);
    let engines = [4, 60].map(|number| (number, Engine::new(rules::load(number))));
    let mut group = c.benchmark_group("scan");
    group
        .sample_size(20)
        .throughput(Throughput::Bytes(ndjson.len() as u64));
    group.bench_function("limit: sonic-rs, whole tree", |b| {
        b.iter(|| limits::sonic_tree(black_box(&ndjson)));
    });
    group.bench_function("limit: sonic-rs, seven fields", |b| {
        b.iter(|| limits::sonic_fields(black_box(&ndjson)));
    });
    group.bench_function("limit: serde_json, five fields", |b| {
        b.iter(|| limits::serde_fields(black_box(&ndjson)));
    });
    group.bench_function("limit: serde_json, whole tree", |b| {
        b.iter(|| limits::serde_tree(black_box(&ndjson)));
    });
    for (number, engine) in &engines {
        group.bench_function(format!("ours, the fields of {number} rules"), |b| {
            b.iter(|| ours::scan(engine, black_box(&ndjson)));
        });
    }
    group.finish();
}

criterion_group!(benches, scan);
criterion_main!(benches);
