//! Bytes of one group's state, encoded, after a flood within half an hour, 10² to 10⁸ hits: each type of Sigma at a threshold
//! of 100 and of 1,000, and those that Sigma does not have.
//!
//! `state_size [HITS]` goes up to HITS (10,000,000 where none is given).

use std::env;
use std::time::Instant;

use benches::hits::{ATTRIBUTES, Hits, KINDS};

fn main() {
    let most: usize = env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(10_000_000);
    say("kind               threshold        hits     bytes   ns/hit");
    for threshold in [100, 1_000] {
        for &kind in KINDS {
            let hits = Hits::with_threshold(kind, threshold, 1, 0);
            measure(&hits, (kind.0, &threshold.to_string()), most);
        }
    }
    for &attribute in ATTRIBUTES {
        let hits = Hits::with_attribute(attribute, 1, 0);
        measure(&hits, (attribute.0, "-"), most);
    }
}

fn measure(hits: &Hits, (name, threshold): (&str, &str), most: usize) {
    let mut number = 100;
    while number <= most {
        let mut windows = hits.windows();
        let begin = Instant::now();
        hits.flood(&mut windows, number);
        let ns = begin.elapsed().as_nanos() as f64 / number as f64;
        let mut bytes = 0;
        windows.drain_encoded(&mut |_, _, state| bytes += state.len());
        say(&format!(
            "{name:18} {threshold:>9} {number:11} {bytes:9} {ns:8.0}"
        ));
        number *= 10;
    }
}

#[expect(clippy::print_stdout, reason = "this program's output is its table")]
fn say(line: &str) {
    println!("{line}");
}
