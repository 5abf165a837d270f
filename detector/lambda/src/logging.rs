//! The log: one JSON object a line on standard error.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Our own modules.
const OURS: &str = "detector_lambda";

/// Starts the log. `level` is a level, or levels by target: `info,detector_lambda::sweep=debug`.
pub fn start(level: &str) {
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(io::stderr);
    let subscriber = tracing_subscriber::registry()
        .with(layer)
        .with(filter(level));
    // A second start, as tests make it, keeps the first.
    let _ = subscriber.try_init();
}

/// What is asked for, but libraries tell no more than `info`: below, they write requests and whole events.
fn filter(level: &str) -> Targets {
    let asked: Targets = level.parse().unwrap_or_default();
    let default = asked.default_level().unwrap_or(LevelFilter::INFO);
    let quiet = |level: LevelFilter| level.min(LevelFilter::INFO);
    let targets = asked
        .iter()
        .map(|(target, level)| match target.starts_with(OURS) {
            true => (target.to_owned(), level),
            false => (target.to_owned(), quiet(level)),
        });
    Targets::new()
        .with_default(quiet(default))
        .with_target(OURS, default)
        .with_targets(targets)
        // What is kept nowhere else is not to be filtered out.
        .with_target("quarantine", LevelFilter::WARN)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_never_tell_what_they_send() {
        let all = filter("trace,aws_smithy_runtime=trace,detector_lambda::sweep=debug");
        let would = |target, level| all.would_enable(target, &level);
        assert!(would("detector_lambda", Level::TRACE));
        assert!(would("detector_lambda::sweep", Level::DEBUG));
        assert!(!would("detector_lambda::sweep", Level::TRACE));
        for library in ["lambda_runtime", "aws_smithy_runtime::client", "hyper"] {
            assert!(would(library, Level::INFO), "{library}");
            assert!(!would(library, Level::DEBUG), "{library}");
        }
    }

    #[test]
    fn bad_records_reach_the_log_at_any_level() {
        let silent = filter("off");
        assert!(silent.would_enable("quarantine", &Level::WARN));
        assert!(!silent.would_enable("detector_lambda", &Level::ERROR));
        let loud = filter("error");
        assert!(loud.would_enable("detector_lambda", &Level::ERROR));
        assert!(!loud.would_enable("lambda_runtime", &Level::WARN));
    }
}
