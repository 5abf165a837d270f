//! The state of a group at a threshold of 1,000: encoded, and united with what a store holds of it.

use std::hint::black_box;

use benches::hits::{Hits, KINDS};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const HITS: usize = 1_000;

fn state(c: &mut Criterion) {
    let mut group = c.benchmark_group("state");
    for &kind in KINDS {
        let hits = Hits::new(kind, 1, 2 * HITS);
        let fed = |which| {
            let mut windows = hits.windows();
            hits.feed(&mut windows, which);
            windows
        };
        group.bench_function(format!("{}, encode", kind.0), |b| {
            b.iter_batched_ref(
                || fed(0..HITS),
                |windows| windows.drain_encoded(&mut |_, _, state| _ = black_box(state.len())),
                BatchSize::SmallInput,
            );
        });
        let mut states = Vec::new();
        for which in [0..HITS, HITS / 2..HITS * 3 / 2] {
            fed(which)
                .drain_encoded(&mut |rule, key, state| states.push((rule, key, state.to_vec())));
        }
        let (rule, key, _) = states[0];
        let both: Vec<&[u8]> = states.iter().map(|(.., state)| state.as_slice()).collect();
        let windows = hits.windows();
        group.bench_function(format!("{}, decode and unite two", kind.0), |b| {
            b.iter(|| {
                windows
                    .unite(rule, key, black_box(&both), None)
                    .expect("as encoded")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, state);
criterion_main!(benches);
