//! Bytes of one group's state, encoded, after a flood within half an hour: a threshold of 100 or 1,000, 10² to 10⁸ hits.
//!
//! `state_size [HITS]` goes up to HITS (10,000,000 where none is given).

use std::env;
use std::time::Instant;

use benches::hits::{Hits, KINDS};

fn main() {
    let most: usize = env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(10_000_000);
    say("kind               threshold        hits     bytes   ns/hit");
    for threshold in [100, 1_000] {
        for &kind in KINDS {
            let hits = Hits::with_threshold(kind, threshold, 1, 0);
            let mut number = 100;
            while number <= most {
                let mut windows = hits.windows();
                let begin = Instant::now();
                hits.flood(&mut windows, number);
                let ns = begin.elapsed().as_nanos() as f64 / number as f64;
                let mut bytes = 0;
                windows.drain_encoded(&mut |_, _, state| bytes += state.len());
                say(&format!(
                    "{:18} {threshold:9} {number:11} {bytes:9} {ns:8.0}",
                    kind.0
                ));
                number *= 10;
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "this program's output is its table")]
fn say(line: &str) {
    println!("{line}");
}
