//! Inputs for the benchmarks, made on the spot from a fixed seed, and the ways of reading them that ours is held
//! against.

pub mod events; // seed -> CloudTrail records
pub mod flood; // seed -> failed sign-ins
pub mod rules; // number -> Sigma rules
pub mod packing; // records -> what AWS delivers
pub mod limits; // how fast the machine can read JSON at all
pub mod ours; // the engine, as the shells run it
pub mod hits; // hits for the windows alone

use std::time::{Duration, Instant};

/// How long it takes, once.
pub fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
