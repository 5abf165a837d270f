//! Hits into groups: existing ones, new ones, and one group that grows; and the bytes of a million groups.

use benches::hits::{Hits, KINDS};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const HITS: usize = 100_000;

fn hits(c: &mut Criterion) {
    let mut group = c.benchmark_group("windows");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(HITS as u64));
    for &kind in KINDS {
        let existing = Hits::new(kind, 1_000, HITS);
        group.bench_function(format!("{}, into 1000 groups", kind.0), |b| {
            b.iter_batched_ref(
                || {
                    let mut windows = existing.windows();
                    existing.feed(&mut windows, 0..1_000);
                    windows
                },
                |windows| existing.feed(windows, 0..HITS),
                BatchSize::LargeInput,
            );
        });
    }
    let new = Hits::new(KINDS[0], HITS, HITS);
    group.bench_function("event_count, each into a new group", |b| {
        b.iter_batched_ref(
            || new.windows(),
            |windows| new.feed(windows, 0..HITS),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The time per element is what must stay flat.
fn one_group(c: &mut Criterion) {
    let mut group = c.benchmark_group("one group");
    group.sample_size(10);
    for &kind in KINDS {
        for size in [100, 10_000, 1_000_000] {
            let hits = Hits::new(kind, 1, size);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(format!("{}, {size} hits", kind.0), |b| {
                b.iter_batched_ref(
                    || hits.windows(),
                    |windows| hits.feed(windows, 0..size),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

#[expect(
    clippy::print_stdout,
    reason = "bytes are no time, so criterion cannot tell them"
)]
fn bytes(_: &mut Criterion) {
    const GROUPS: usize = 1_000_000;
    let hits = Hits::new(KINDS[0], GROUPS, 3 * GROUPS);
    let mut windows = hits.windows();
    hits.feed(&mut windows, 0..3 * GROUPS);
    println!("a million groups of three hits: {} bytes", windows.bytes());
}

criterion_group!(benches, hits, one_group, bytes);
criterion_main!(benches);
