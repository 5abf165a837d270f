//! What rules know besides the events: lists, calendars, places, and how fields are spelt.

mod calendar;
mod database;
mod lists;
mod places;
mod spelling;
mod thresholds;

use detector_core::alert::Alert;
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::window::{NothingSpilled, check_rules, load_rules};

struct Nobody;
impl Observer for Nobody {}

fn file(path: &str, text: &str) -> RuleFile {
    RuleFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn engine(files: &[RuleFile]) -> Engine {
    match load_rules(files) {
        Ok(rules) => Engine::new(rules),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// The alerts that these lines give.
fn alerts(engine: &Engine, lines: &[String]) -> Vec<Alert> {
    let mut worker = engine.worker(Mode::Set);
    for line in lines {
        worker.record(line.as_bytes(), None, &mut Nobody);
    }
    worker
        .finish(&mut NothingSpilled)
        .expect("nothing was drained")
        .0
}

/// What is said of the files, but for ids that are not there.
fn said(files: &[RuleFile]) -> Vec<String> {
    let problems = check_rules(files)
        .into_iter()
        .map(|problem| problem.to_string());
    problems
        .filter(|text| !text.contains("has no `id`"))
        .collect()
}
