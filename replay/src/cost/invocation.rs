//! One invocation of the function: what it does after the other, and how many requests of it are under way.

use std::collections::VecDeque;

use detector_core::store::{Batch, Effect, EffectResult, Report, Step};

use super::asked::{Asked, Call};
use super::copies::Arrival;
use super::table::Table;

/// Requests of an invocation at a time, as in `detector/lambda`.
const REQUESTS_MAX: usize = 128;

/// How often a request is made that is refused.
pub(super) const ATTEMPTS_MAX: u32 = 6;

/// The time that an invocation has, and what of it is kept for its last steps, in microseconds.
const TIMEOUT_US: i64 = 60_000_000;
const RESERVE_US: i64 = 3_000_000;

/// What the processor takes, in microseconds, as measured on a function of one core (infra/README.md, "What it costs": a
/// batch of 52,000 events that comes again takes 2.2 s, of which 30 bulk reads of 5,038 items).
const EVENT_US: i64 = 8;
const ITEM_US: i64 = 300;
const STATE_KB_US: i64 = 10;

/// A request, and how often it was refused so far.
#[derive(Debug, Clone)]
pub(super) struct Attempted {
    pub(super) call: Call,
    pub(super) attempt: u32,
}

/// What an invocation is at.
#[derive(Debug)]
enum Stage<'p> {
    /// It looks how far others have come.
    Opening(Step<'p>),
    Asking(Box<Batch<'p>>, Box<Asked>),
    /// It notes how far it has come.
    Closing(Report),
}

/// What comes next for it.
pub(super) enum Next {
    /// Requests, the first of which begin after so many microseconds.
    Requests {
        after_us: i64,
        attempt: u32,
    },
    Done(Report),
}

#[derive(Debug)]
pub(super) struct Invocation<'p> {
    pub(super) began_us: i64,
    /// Of a shard's: the hits, in the order of arrival.
    pub(super) arrivals: Vec<Arrival>,
    stage: Option<Stage<'p>>,
    waiting: VecDeque<Attempted>,
    under_way: usize,
    /// Requests with which it ends.
    closing: Vec<Call>,
    /// Of a sweep: groups that were due.
    pub(super) due: u64,
}

impl<'p> Invocation<'p> {
    /// `opening` and `closing`: requests before the first effect, and after the last.
    pub(super) fn new(
        began_us: i64,
        arrivals: Vec<Arrival>,
        step: Step<'p>,
        (opening, closing): (Vec<Call>, Vec<Call>),
    ) -> Self {
        let mut invocation = Self {
            began_us,
            arrivals,
            stage: Some(Stage::Opening(step)),
            waiting: VecDeque::new(),
            under_way: 0,
            closing,
            due: 0,
        };
        invocation.wait_for(opening);
        invocation
    }

    /// What reading as many events takes, in microseconds.
    pub(super) fn folding_us(events: u64) -> i64 {
        i64::try_from(events).unwrap_or(i64::MAX / EVENT_US) * EVENT_US
    }

    pub(super) fn asked(&mut self) -> Option<&mut Asked> {
        match &mut self.stage {
            Some(Stage::Asking(_, asked)) => Some(asked),
            _ => None,
        }
    }

    fn wait_for(&mut self, calls: Vec<Call>) {
        let calls = calls.into_iter();
        self.waiting = calls.map(|call| Attempted { call, attempt: 0 }).collect();
    }

    /// Past its time nothing more is asked for, but for the last steps.
    pub(super) fn give_up_if_late(&mut self, now_us: i64) {
        if !self.is_late(now_us) {
            return;
        }
        if let Some(Stage::Asking(_, asked)) = &mut self.stage {
            let left = self.waiting.drain(..);
            left.for_each(|request| asked.give_up(&request.call));
        }
    }

    /// A request to begin now, if there is one and room for it.
    pub(super) fn next_request(&mut self) -> Option<Attempted> {
        if self.under_way == REQUESTS_MAX {
            return None;
        }
        let request = self.waiting.pop_front()?;
        self.under_way += 1;
        Some(request)
    }

    /// One that was under way is over.
    pub(super) fn is_over(&mut self) {
        self.under_way -= 1;
    }

    /// Whether nothing is left to be done before the next step.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way == 0 && self.waiting.is_empty()
    }

    pub(super) fn is_late(&self, now_us: i64) -> bool {
        now_us >= self.began_us + TIMEOUT_US - RESERVE_US
    }

    /// The next step, when all requests of the last are over.
    pub(super) fn proceed(&mut self, table: &Table, now_us: i64) -> Next {
        let (mut step, after_us) = match self.stage.take() {
            Some(Stage::Opening(step)) => (step, 0),
            Some(Stage::Asking(batch, asked)) => {
                let state_kb = i64::try_from(asked.read_bytes() / 1024).unwrap_or(0);
                let handled = i64::try_from(asked.handled()).unwrap_or(0);
                let takes_us = match asked.read_bytes() {
                    // Writes and all else.
                    0 => handled * ITEM_US / 3,
                    _ => handled * ITEM_US + state_kb * STATE_KB_US,
                };
                self.due += asked.due() as u64;
                (batch.resume(asked.result()), takes_us)
            }
            Some(Stage::Closing(report)) => return Next::Done(report),
            None => return Next::Done(Report::default()),
        };
        loop {
            match step {
                Step::Done(report) => {
                    self.stage = Some(Stage::Closing(report));
                    let closing = std::mem::take(&mut self.closing);
                    self.wait_for(closing);
                    return Next::Requests {
                        after_us,
                        attempt: 0,
                    };
                }
                Step::Ask { batch, .. } if self.is_late(now_us + after_us) => {
                    step = batch.resume(EffectResult::Failed);
                }
                Step::Ask {
                    batch,
                    effect,
                    attempt,
                } => {
                    // A write follows the reading it rests on at once.
                    let attempt = match effect {
                        Effect::Write(_) => 0,
                        _ => attempt,
                    };
                    let (asked, calls) = Asked::new(effect, table);
                    self.stage = Some(Stage::Asking(batch, Box::new(asked)));
                    self.wait_for(calls);
                    return Next::Requests { after_us, attempt };
                }
            }
        }
    }
}
