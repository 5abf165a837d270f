//! Rules and records that others made, in place of ours: `others RULES RECORDS…` reads the rule files of a folder and records
//! of CloudTrail, one on each line, repeats them with fresh ids, each time a day later, and tells how fast the engine is
//! beside a whole tree of each record. Neither is kept here: they are their makers'.

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use benches::{limits, ours, rules};
use detector_core::engine::{Engine, Mode};
use detector_core::time::Timestamp;
use detector_core::window::key::Key;

const BYTES: usize = 64 << 20;
/// Runs of each, in turns; the best counts.
const ROUNDS: usize = 9;
const DAY_MS: i64 = 86_400_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let mut arguments = env::args().skip(1);
    let rules = arguments
        .next()
        .ok_or("give a folder of rules and files of records")?;
    let rules = rules::of_folder(Path::new(&rules))?;
    let mut lines = Vec::new();
    for path in arguments {
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        lines.extend(
            text.lines()
                .filter(|line| !line.is_empty())
                .map(str::to_owned),
        );
    }
    if lines.is_empty() {
        return Err("there are no records in the files".to_owned());
    }
    let (ndjson, records) = repeated(&lines);
    let engine = Engine::new(rules);
    let mut best = [Duration::MAX; 3];
    let mut outcome = None;
    for _ in 0..ROUNDS {
        best[0] = best[0].min(time(&mut || _ = black_box(limits::sonic_tree(&ndjson))));
        for (at, mode) in [(1, Mode::HitsOnly), (2, Mode::Set)] {
            let time = time(&mut || outcome = Some(ours::stream(&engine, mode, &ndjson)));
            best[at] = best[at].min(time);
        }
    }
    say(&format!(
        "{} rules, {records} records: {outcome:?}",
        engine.rules().detections.len()
    ));
    for (name, time) in ["tree of each record", "match", "run"].iter().zip(best) {
        let (seconds, limit) = (time.as_secs_f64(), best[0].as_secs_f64());
        say(&format!(
            "{name:20} {:7.0} MB/s {:9.0} records/s, ratio {:.2}",
            ndjson.len() as f64 / seconds / 1e6,
            records as f64 / seconds,
            limit / seconds
        ));
    }
    Ok(())
}

/// How long this thread has a processor for it, once.
fn time(work: &mut dyn FnMut()) -> Duration {
    let begun = processor_time();
    work();
    processor_time().saturating_sub(begun)
}

/// Of this thread alone.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).expect("less than a second");
    Duration::new(time.tv_sec.cast_unsigned(), nanoseconds)
}

fn repeated(lines: &[String]) -> (Vec<u8>, usize) {
    let mut ndjson = Vec::with_capacity(BYTES + BYTES / 8);
    let mut random = fastrand::Rng::with_seed(1);
    let mut records = 0;
    for day in 0.. {
        for line in lines {
            let id = Key::from_u128(random.u128(..)).in_uuid_form();
            let line = with(line, "\"eventID\"", |_| id);
            let moved = with(&line, "\"eventTime\"", |time| {
                let moment = Timestamp::from_rfc3339(time).map(Timestamp::millis);
                let moved = moment.and_then(|ms| Timestamp::from_millis(ms + day * DAY_MS));
                moved.map_or_else(|| time.to_owned(), |moved| moved.to_string())
            });
            ndjson.extend_from_slice(moved.as_bytes());
            ndjson.push(b'\n');
            records += 1;
        }
        if ndjson.len() >= BYTES {
            break;
        }
    }
    (ndjson, records)
}

/// The line with another value of a key, at the first place where it is a text.
fn with(line: &str, key: &str, value: impl FnOnce(&str) -> String) -> String {
    let found = line.find(key).and_then(|at| {
        let colon = at + key.len();
        let open = colon + line[colon..].find('"')? + 1;
        Some((open, open + line[open..].find('"')?))
    });
    match found {
        Some((start, end)) => [&line[..start], &value(&line[start..end]), &line[end..]].concat(),
        None => line.to_owned(),
    }
}

#[expect(clippy::print_stdout, reason = "this program's output is its table")]
fn say(line: &str) {
    println!("{line}");
}
