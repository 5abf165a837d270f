//! Ratios of ours to the limits of the machine, each pair measured in turns in this run.
//!
//! `ratios [NAME]` prints them, or those whose names contain NAME; `ratios check FILE` also holds them against the references in FILE and fails where one has
//! lost more than a quarter. Absolute times decide nothing: they depend on the machine.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use benches::{events, limits, ours, packing, rules};
use detector_core::engine::{Engine, Mode};

/// Runs of each of a pair, in turns; the best of each counts.
const ROUNDS: usize = 15;
const KEPT: f64 = 0.75;

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
    let measured = measure(wanted);
    say("measure                        ours MB/s  limit MB/s   ratio");
    for one in &measured {
        say(&format!(
            "{:30} {:9.0} {:11.0} {:7.2}",
            one.name, one.mb_per_s, one.limit_mb_per_s, one.ratio
        ));
    }
    match path {
        Some(path) => check(&measured, &path),
        None => ExitCode::SUCCESS,
    }
}

fn measure(wanted: &str) -> Vec<Measured> {
    let ndjson = events::ndjson(1, 8 << 20);
    let engines = [4, 60, 3_000].map(|number| Engine::new(rules::load(number)));
    let [few, some, many] = &engines;
    let mut measured = Vec::new();
    let mut pair = |name, bytes, ours: &mut dyn FnMut(), limit: &mut dyn FnMut()| {
        if str::contains(name, wanted) {
            measured.push(in_turns(name, bytes, ours, limit));
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
    measured
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

fn time(work: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Lines `name = ratio`; what follows a `#` is a comment.
fn check(measured: &[Measured], path: &str) -> ExitCode {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            say(&format!("error: cannot read `{path}`: {error}"));
            return ExitCode::from(2);
        }
    };
    let mut failed = false;
    for one in measured {
        let reference = text
            .lines()
            .filter_map(|line| line.split('#').next()?.split_once('='))
            .find(|(name, _)| name.trim() == one.name)
            .and_then(|(_, ratio)| ratio.trim().parse::<f64>().ok());
        match reference {
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
                say(&format!(
                    "error: `{path}` has no reference for {}",
                    one.name
                ));
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
