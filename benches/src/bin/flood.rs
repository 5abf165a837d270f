//! Events per second of a flood of failed sign-ins, lines to alerts with the shipped rules, and how many groups an event
//! touches.
//!
//! `flood [EVENTS]` (1,000,000 where none is given), the best of three; all state stays in memory.

use std::env;
use std::time::{Duration, Instant};

use benches::{flood, ours, rules};
use detector_core::engine::{Engine, Mode};

const ROUNDS: usize = 3;

fn main() {
    let events: usize = env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let engine = Engine::new(rules::shipped());
    let lines = flood::ndjson(3, flood::LARGE, events);
    let mut best = Duration::MAX;
    let mut outcome = None;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        outcome = Some(ours::stream(&engine, Mode::Set, &lines));
        best = best.min(begin.elapsed());
    }
    let Some(outcome) = outcome else { return };
    say(&format!(
        "{} events of {} bytes, {:.1} touches of groups each, {} alerts: {:.0} events/s, {:.0} ns a touch",
        outcome.events,
        lines.len() / events.max(1),
        outcome.touches as f64 / outcome.events.max(1) as f64,
        outcome.alerts,
        outcome.events as f64 / best.as_secs_f64(),
        best.as_nanos() as f64 / outcome.touches.max(1) as f64,
    ));
}

#[expect(clippy::print_stdout, reason = "this program's output is one line")]
fn say(line: &str) {
    println!("{line}");
}
