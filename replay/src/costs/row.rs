//! One construct with its worst input, and what it costs.

use std::time::Duration;

use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::window::{NothingSpilled, load_rules};

/// Bytes of the smaller input; the larger one has four times as many.
const BYTES: usize = 16 << 10;

/// What four times the length may take; a quadratic cost takes sixteen.
const RATIO_MAX: f64 = 6.0;

/// A shorter time of the larger input is lost among what else a run costs.
const FLOOR: Duration = Duration::from_millis(6);

/// A row is measured again so often before it fails: other programs disturb caches, too.
const TRIES: usize = 4;

/// Makes an input of so many bytes.
pub(super) type Input = Box<dyn Fn(usize) -> Vec<u8>>;

/// What is measured, with an input.
pub(super) type Run = Box<dyn Fn(&[u8])>;

/// A form, and what makes its worst input.
pub(super) type Form = (&'static str, fn(usize) -> Vec<u8>);

/// What is measured, and what makes its input.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) input: Input,
    pub(super) run: Run,
}

impl Row {
    pub(super) fn new(
        name: impl Into<String>,
        input: impl Fn(usize) -> Vec<u8> + 'static,
        run: impl Fn(&[u8]) + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            input: Box::new(input),
            run: Box::new(run),
        }
    }

    /// The times of both sizes.
    fn times(&self, runs: usize) -> [Duration; 2] {
        [BYTES, 4 * BYTES].map(|bytes| {
            let input = (self.input)(bytes);
            let once = |_| {
                let begun = processor_time();
                (self.run)(&input);
                processor_time().saturating_sub(begun)
            };
            (0..runs).map(once).min().unwrap_or_default()
        })
    }

    /// Why the row fails, if it does.
    pub(super) fn fault(&self) -> Option<String> {
        let mut told = None;
        for runs in 1..=TRIES {
            let [small, large] = self.times(runs);
            let ratio = large.as_secs_f64() / small.as_secs_f64().max(1e-6);
            if large < FLOOR || ratio <= RATIO_MAX {
                return None;
            }
            told = Some(format!(
                "{}: {small:.1?} for {BYTES} bytes, {large:.1?} for four times as many: {ratio:.1} times",
                self.name
            ));
        }
        told
    }
}

/// Of this thread alone.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}

struct Nobody;
impl Observer for Nobody {}

/// Runs records through an engine with these rules, to the end.
pub(super) fn through(rules: &str) -> impl Fn(&[u8]) + 'static {
    let file = RuleFile {
        path: "costs.yml".into(),
        text: rules.to_owned(),
    };
    let engine = Engine::new(load_rules(&[file]).unwrap_or_else(|why| panic!("{why:?}: {rules}")));
    move |record| {
        let mut worker = engine.worker(Mode::Set);
        worker.record(record, None, &mut Nobody);
        worker.finish(&mut NothingSpilled).unwrap();
    }
}
