//! Ratios of ours to the limits of the machine, each pair measured in turns in this run.
//!
//! `ratios [NAME]` prints them, or those whose names contain NAME; `ratios check FILE` also holds them against the references in FILE and fails where one has
//! lost more than a quarter. Absolute times decide nothing: they depend on the machine.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use benches::{events, flood, limits, ours, packing, rules, time};
use detector_core::engine::{Engine, Mode};

/// Runs of each of a pair, in turns; the best of each counts.
const ROUNDS: usize = 15;
/// Further measurements of a pair that has fallen: on a shared machine a bad minute looks like a loss.
const RETRIES: usize = 3;
const KEPT: f64 = 0.75;
/// Two tries for each user and each address.
const FLOOD_EVENTS: usize = 200_000;

struct Measured {
    name: &'static str,
    ratio: f64,
    mb_per_s: f64,
    limit_mb_per_s: f64,
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (command, path) = (arguments.next().unwrap_or_default(), arguments.next());
    let wanted = if path.is_some() { "" } else { &command };
    let references = match path.as_deref().map(fs::read_to_string).transpose() {
        Ok(text) => text,
        Err(error) => {
            say(&format!("error: cannot read the references: {error}"));
            return ExitCode::from(2);
        }
    };
    let measured = measure(wanted, references.as_deref().unwrap_or_default());
    say("measure                        ours MB/s  limit MB/s   ratio");
    for one in &measured {
        say(&format!(
            "{:30} {:9.0} {:11.0} {:7.2}",
            one.name, one.mb_per_s, one.limit_mb_per_s, one.ratio
        ));
    }
    match references {
        Some(references) => check(&measured, &references),
        None => ExitCode::SUCCESS,
    }
}

fn measure(wanted: &str, references: &str) -> Vec<Measured> {
    let ndjson = events::ndjson(1, 8 << 20);
    let engines = [4, 60, 3_000].map(|number| Engine::new(rules::load(number)));
    let [few, some, many] = &engines;
    let mut measured = Vec::new();
    let mut pair = |name, bytes, ours: &mut dyn FnMut(), limit: &mut dyn FnMut()| {
        if str::contains(name, wanted) {
            let fallen =
                |ratio| reference(references, name).is_some_and(|expected| ratio < expected * KEPT);
            let mut one = in_turns(name, bytes, ours, limit);
            let mut retries = 0..RETRIES;
            while fallen(one.ratio) && retries.next().is_some() {
                one = in_turns(name, bytes, ours, limit);
            }
            measured.push(one);
        }
    };
    let bytes = ndjson.len();
    let tree = &mut || _ = black_box(limits::sonic_tree(&ndjson));
    pair(
        "scan_4",
        bytes,
        &mut || _ = black_box(ours::scan(few, &ndjson)),
        tree,
    );
    pair(
        "scan_60",
        bytes,
        &mut || _ = black_box(ours::scan(some, &ndjson)),
        tree,
    );
    for (name, engine, mode) in [
        ("ndjson_match_4", few, Mode::HitsOnly),
        ("ndjson_run_4", few, Mode::Set),
        ("ndjson_run_60", some, Mode::Set),
    ] {
        let ours = &mut || _ = black_box(ours::stream(engine, mode, &ndjson));
        pair(name, bytes, ours, tree);
    }
    let of_60 = &mut || _ = black_box(ours::stream(some, Mode::Set, &ndjson));
    let of_3000 = &mut || _ = black_box(ours::stream(many, Mode::Set, &ndjson));
    pair("rules_3000_to_60", bytes, of_3000, of_60);
    let alerting = Engine::new(rules::load_alerting(3_000));
    let of_alerting = &mut || _ = black_box(ours::stream(&alerting, Mode::Set, &ndjson));
    pair("alerting_3000_to_60", bytes, of_alerting, of_60);
    packed(some, &mut pair);
    let shipped = Engine::new(rules::shipped());
    let failures = flood::ndjson(3, flood::LARGE, FLOOD_EVENTS);
    pair(
        "flood",
        failures.len(),
        &mut || _ = black_box(ours::stream(&shipped, Mode::Set, &failures)),
        &mut || _ = black_box(limits::sonic_tree(&failures)),
    );
    measured
}

/// Measures a pair: name, bytes, ours and the limit.
type Pair<'p> = &'p mut dyn FnMut(&'static str, usize, &mut dyn FnMut(), &mut dyn FnMut());

fn packed(some: &Engine, pair: Pair<'_>) {
    let records = events::records(2, 6_000);
    let (files, bytes) = packing::gzip_files(&records, 1_000);
    let mut inflated = vec![0; bytes];
    pair(
        "gzip_run_60",
        bytes,
        &mut || _ = black_box(ours::records(some, &files)),
        &mut || _ = black_box(limits::gzip_files(&files, &mut inflated)),
    );
    let (batches, bytes) = packing::lambda_events(&records);
    let lines = records.join("\n");
    pair(
        "lambda_60",
        bytes,
        &mut || _ = black_box(ours::records(some, &batches)),
        &mut || _ = black_box(limits::sonic_tree(lines.as_bytes())),
    );
}

fn in_turns(
    name: &'static str,
    bytes: usize,
    ours: &mut dyn FnMut(),
    limit: &mut dyn FnMut(),
) -> Measured {
    let (mut best, mut best_limit) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = best.min(time(ours));
        best_limit = best_limit.min(time(limit));
    }
    let rate = |time: Duration| bytes as f64 / time.as_secs_f64() / 1e6;
    Measured {
        name,
        ratio: best_limit.as_secs_f64() / best.as_secs_f64(),
        mb_per_s: rate(best),
        limit_mb_per_s: rate(best_limit),
    }
}

/// The reference of a measure: lines `name = ratio`; what follows a `#` is a comment.
fn reference(text: &str, wanted: &str) -> Option<f64> {
    text.lines()
        .filter_map(|line| line.split('#').next()?.split_once('='))
        .find(|(name, _)| name.trim() == wanted)
        .and_then(|(_, ratio)| ratio.trim().parse().ok())
}

fn check(measured: &[Measured], references: &str) -> ExitCode {
    let mut failed = false;
    for one in measured {
        match reference(references, one.name) {
            Some(reference) if one.ratio >= reference * KEPT => {}
            Some(reference) => {
                failed = true;
                say(&format!(
                    "error: {} has fallen from {reference:.2} to {:.2} of its limit, by more than a quarter",
                    one.name, one.ratio
                ));
            }
            None => {
                failed = true;
                say(&format!("error: the references have none for {}", one.name));
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

#[expect(clippy::print_stdout, reason = "this program's output is its table")]
fn say(line: &str) {
    println!("{line}");
}
