//! Numbers go in, draws come out that depend on nothing else.

pub use fastrand::Rng as Chance;

/// Spreads any numbers evenly over all of 64 bits.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |so_far, part| {
        let mut z = so_far.rotate_left(23) ^ part.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// Draws that these numbers alone decide.
pub fn chance(parts: &[u64]) -> Chance {
    Chance::with_seed(mix(parts))
}

/// Whether a thing happens that happens in `share` (0 to 1) of cases.
pub fn happens(chance: &mut Chance, share: f64) -> bool {
    chance.f64() < share
}

/// One of a list that is not empty.
pub fn pick<'l, T>(chance: &mut Chance, list: &'l [T]) -> &'l T {
    &list[chance.usize(..list.len())]
}

/// Milliseconds from `first` to before `end`, which comes later.
pub fn moment_in(chance: &mut Chance, first: i64, end: i64) -> i64 {
    chance.i64(first..end.max(first + 1))
}

/// How often a thing happens that happens `mean` times on average; by the normal curve where that is often.
pub fn times(chance: &mut Chance, mean: f64) -> u64 {
    if mean > 50.0 {
        let sum: f64 = (0..12).map(|_| chance.f64()).sum();
        return (mean + (sum - 6.0) * mean.sqrt()).round().max(0.0) as u64;
    }
    let (limit, mut product, mut count) = ((-mean).exp(), chance.f64(), 0);
    while product > limit {
        product *= chance.f64();
        count += 1;
    }
    count
}

/// A UUID that two numbers decide.
pub fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

pub fn new_uuid(chance: &mut Chance) -> String {
    uuid(chance.u64(..), chance.u64(..))
}
