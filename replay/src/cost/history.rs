//! What the table holds when measuring begins: hours of the same traffic, brought in at once and for nothing.
//!
//! What costs most are groups that everybody shares, and their state grows with what has come within hours, up to a
//! bound. So hours are played at a rate that is enough to fill them, the last at more, and no more hits than a limit. Groups
//! of single users that a lower rate leaves out would be items that are new where they should be old, of no other size.

use detector_core::store::{Batch, Item, ItemKey};
use detector_core::window::Windows;

use super::asked::at_once;
use super::copies::{Arrival, Copies};
use super::service::{SECOND_US, Traffic};
use super::table::Table;

/// Until when, before measuring begins, and the part of all hits that may come by then.
const PARTS: [(i64, f64); 2] = [(6 * 3600, 0.3), (45 * 60, 0.7)];

/// So many sweeps tell how many groups are due.
const MINUTES_ASKED: usize = 10;

const MINUTE_US: i64 = 60 * SECOND_US;

/// The table, and what was learned on the way.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) table: Table,
    /// The watermark of the last sweep.
    pub(super) swept_to: Option<i64>,
    /// Groups that a sweep finds due for each event that has come since the one before it.
    pub(super) due_an_event: f64,
    /// Events a second in the last hour.
    pub(super) rate: f64,
}

/// Makes history at `rate` events a second, or at as much as `hits_max` allows.
pub(super) fn of(traffic: Traffic<'_>, rate: f64, hits_max: u64) -> History {
    let mut history = History::default();
    let mut windows = Windows::new(traffic.engine.rules());
    for (number, (begins_s, part)) in (0..).zip(PARTS) {
        let ends_s = PARTS.get(number + 1).map_or(0, |(begins, _)| *begins);
        let seconds = (begins_s - ends_s) as f64;
        let most = hits_max as f64 * part / traffic.hit_part() / seconds;
        let rate = rate.min(most);
        let from_us = -begins_s * SECOND_US;
        let first = 1000 * (number as u32 + 1);
        let mut arriving = Copies::new(traffic.recorded, rate, from_us, first);
        let mut due = Vec::new();
        let mut minute_us = from_us;
        while minute_us < -ends_s * SECOND_US {
            minute_us += MINUTE_US;
            let arrivals: Vec<Arrival> =
                std::iter::from_fn(|| arriving.next_before(minute_us)).collect();
            let deltas = traffic.fold(&mut windows, &arrivals);
            let step = Batch::of_records(traffic.plan, deltas, history.swept_to);
            at_once(step, &mut history.table, minute_us);
            let watermark = traffic.millis(minute_us) - traffic.lateness_ms();
            let sweep = Batch::sweep(traffic.plan, watermark, history.swept_to);
            due.push(history.table.count_due(watermark));
            at_once(sweep, &mut history.table, minute_us);
            history.swept_to = Some(watermark);
        }
        let last = &due[due.len().saturating_sub(MINUTES_ASKED)..];
        let mean = last.iter().sum::<u64>() as f64 / last.len().max(1) as f64;
        history.due_an_event = mean / (rate * 60.0);
        history.rate = rate;
    }
    history
}

/// Makes `groups` more groups due just before the first sweep: clones of the recorded event that leaves most due.
pub(super) fn make_due(traffic: Traffic<'_>, table: &mut Table, groups: u64) -> u64 {
    let Some((event, lag_us)) = leaves_due(traffic) else {
        return 0;
    };
    let mut windows = Windows::new(traffic.engine.rules());
    let mut made = 0;
    let lateness_us = traffic.lateness_ms() * 1000;
    let mut copy = COPIES_FROM;
    while made < groups {
        let number = (groups - made).min(CLONES_AT_ONCE);
        let arrivals: Vec<Arrival> = (0..number)
            .map(|_| {
                copy += 1;
                let at_us = -lateness_us - lag_us - MINUTE_US + i64::from(copy % 50_000) * 1000;
                arrival(event, copy, at_us)
            })
            .collect();
        let before = made;
        for (key, item) in alone(traffic, &mut windows, &arrivals) {
            // Of shared groups the table has its own.
            if item.due.is_some() && !table.has(key) && made < groups {
                table.put(key, item);
                made += 1;
            }
        }
        if made == before {
            break;
        }
    }
    made
}

/// Copies of events that nobody else has.
const COPIES_FROM: u32 = 1 << 24;
const CLONES_AT_ONCE: u64 = 5_000;

fn arrival(event: usize, copy: u32, at_us: i64) -> Arrival {
    Arrival {
        at_us,
        copy,
        event: event as u32,
        played: 1,
    }
}

/// What arrivals come to in a table of their own.
fn alone(
    traffic: Traffic<'_>,
    windows: &mut Windows<'_>,
    arrivals: &[Arrival],
) -> Vec<(ItemKey, Item)> {
    let deltas = traffic.fold(windows, arrivals);
    let mut table = Table::default();
    at_once(Batch::of_records(traffic.plan, deltas, None), &mut table, 0);
    let items = table.items();
    items.map(|(key, item)| (*key, item.clone())).collect()
}

/// The recorded event of which two copies leave most groups due, and how long after it they are, in microseconds.
fn leaves_due(traffic: Traffic<'_>) -> Option<(usize, i64)> {
    let hits = &traffic.recorded.hits;
    let mut windows = Windows::new(traffic.engine.rules());
    let mut tried = Vec::new();
    let mut best: Option<(usize, usize, i64)> = None;
    for (event, hit) in hits.iter().enumerate() {
        if tried.contains(&&hit.rules) {
            continue;
        }
        tried.push(&hit.rules);
        let both = [1, 2].map(|copy| arrival(event, COPIES_FROM + copy, 0));
        let due = alone(traffic, &mut windows, &both);
        let due: Vec<i64> = due.iter().filter_map(|(_, item)| item.due).collect();
        let Some(first) = due.iter().min() else {
            continue;
        };
        if best.is_none_or(|(most, _, _)| due.len() > most) {
            best = Some((due.len(), event, (first - traffic.starts_ms) * 1000));
        }
    }
    best.map(|(_, event, lag_us)| (event, lag_us))
}
