//! What the table holds when measuring begins: hours of the same traffic, brought in at once and for nothing.
//!
//! What costs most are groups that everybody shares, and their state grows with what has come within hours, up to a
//! bound. So hours are played at a rate that is enough to fill them, the last at more, and no more hits than a limit. Groups
//! of single users that a lower rate leaves out would be items that are new where they should be old, of no other size.

use detector_core::store::Batch;
use detector_core::window::Windows;

use super::asked::at_once;
use super::copies::{Arrival, Copies};
use super::service::{SECOND_US, Traffic};
use super::table::Table;

/// A stretch of history.
struct Part {
    /// How long before measuring it begins, in seconds.
    begins_s: i64,
    /// The part of [`HITS_MAX`] that may come in it.
    hits: f64,
    /// What comes at once, in seconds.
    step_s: i64,
}

/// Weeks for what is usual, hours for windows, and the last at a rate that fills them.
const PARTS: [Part; 3] = [
    part(21 * 24 * 3600, 0.15, 3600),
    part(6 * 3600, 0.25, 60),
    part(45 * 60, 0.6, 60),
];

const fn part(begins_s: i64, hits: f64, step_s: i64) -> Part {
    Part {
        begins_s,
        hits,
        step_s,
    }
}

/// The table, and what was learned on the way.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) table: Table,
    /// The watermark of the last sweep.
    pub(super) swept_to: Option<i64>,
    /// Events a second in the last hour.
    pub(super) rate: f64,
}

/// Hits that are played, at most: more take minutes of processor time.
const HITS_MAX: f64 = 150_000.0;

/// Makes history at `rate` events a second, or at as many as [`HITS_MAX`] allows.
pub(super) fn of(traffic: Traffic<'_>, rate: f64) -> History {
    let mut history = History {
        table: Table::packing(traffic.plan.packed()),
        ..History::default()
    };
    let mut windows = Windows::new(traffic.engine.rules());
    for (number, part) in (0..).zip(&PARTS) {
        let until_s = PARTS.get(number + 1).map_or(0, |next| next.begins_s);
        let seconds = (part.begins_s - until_s) as f64;
        let most = HITS_MAX * part.hits / traffic.hit_part() / seconds;
        let rate = rate.min(most);
        let first = 1000 * (number as u32 + 1);
        let mut now_us = -part.begins_s * SECOND_US;
        let mut arriving = Copies::new(traffic.recorded, rate, now_us, first);
        while now_us < -until_s * SECOND_US {
            now_us += part.step_s * SECOND_US;
            let arrivals: Vec<Arrival> =
                std::iter::from_fn(|| arriving.next_before(now_us)).collect();
            let deltas = traffic.fold(&mut windows, &arrivals);
            let step = Batch::of_records(traffic.plan, deltas, history.swept_to);
            at_once(step, &mut history.table, now_us);
            let watermark = traffic.millis(now_us) - traffic.lateness_ms();
            let sweep = Batch::sweep(traffic.plan, watermark, history.swept_to);
            at_once(sweep, &mut history.table, now_us);
            history.swept_to = Some(watermark);
        }
        history.rate = rate;
    }
    history
}
