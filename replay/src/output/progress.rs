//! The progress bar on standard error. Hidden where standard error is no terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::quantity::count;

const REDRAW_EVERY: Duration = Duration::from_millis(200);

/// How far a run has come.
pub(crate) struct Progress {
    bar: ProgressBar,
    noun: &'static str,
    started: Instant,
    drawn: Instant,
}

impl Progress {
    /// `bytes_total` as on disk, where known.
    pub(crate) fn new(bytes_total: Option<u64>, visibility: Visibility) -> Self {
        let target = match visibility {
            Visibility::Terminal => ProgressDrawTarget::stderr(),
            Visibility::Hidden => ProgressDrawTarget::hidden(),
        };
        let (bar, template) = match bytes_total {
            Some(total) => (
                ProgressBar::with_draw_target(Some(total), target),
                "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {msg}  ETA {eta}",
            ),
            None => (
                ProgressBar::with_draw_target(None, target),
                "{spinner} {bytes}  {bytes_per_sec}  {msg}",
            ),
        };
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        bar.set_style(style);
        let now = Instant::now();
        Self {
            bar,
            noun: "events",
            started: now,
            drawn: now,
        }
    }

    /// Of what the rate is given, where that is not events.
    #[cfg(feature = "aws")]
    pub(crate) fn counting(self, noun: &'static str) -> Self {
        Self { noun, ..self }
    }

    /// Told after each chunk; draws now and then.
    pub(crate) fn reached(&mut self, read_bytes: u64, counted: u64) {
        if self.drawn.elapsed() < REDRAW_EVERY {
            return;
        }
        self.drawn = Instant::now();
        let rate = counted as f64 / self.started.elapsed().as_secs_f64();
        self.bar.set_position(read_bytes);
        self.bar
            .set_message(format!("{} {}/s", count(rate as u64), self.noun));
    }

    /// Leaves no trace on the terminal.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Shown where standard error is a terminal.
    Terminal,
    Hidden,
}
