//! What one more rule costs: the whole way of an event against the number of rules, and loading them.

use std::hint::black_box;

use benches::{events, ours, rules};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use detector_core::engine::{Engine, Mode};
use detector_core::window::load_rules;

fn matching(c: &mut Criterion) {
    let ndjson = events::ndjson(1, 4 << 20);
    let records = lines(&ndjson);
    let mut group = c.benchmark_group("matching");
    group.sample_size(20);
    for number in [60, 600, 3_000] {
        let engine = Engine::new(rules::load(number));
        group.throughput(Throughput::Elements(records));
        group.bench_function(format!("events with {number} rules"), |b| {
            b.iter(|| ours::stream(&engine, Mode::HitsOnly, black_box(&ndjson)));
        });
    }
    let files = rules::files(3_000);
    group
        .sample_size(10)
        .throughput(Throughput::Elements(3_000));
    group.bench_function("loading 3000 rules", |b| {
        b.iter(|| Engine::new(load_rules(black_box(&files)).expect("well formed")));
    });
    group.finish();
}

fn lines(ndjson: &[u8]) -> u64 {
    ndjson.iter().filter(|byte| **byte == b'\n').count() as u64
}

criterion_group!(benches, matching);
criterion_main!(benches);
