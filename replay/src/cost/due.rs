//! Groups that wait for a sweep: as many episodes of one rule as are asked for, whose ends are to be told.
//!
//! An event of the recording that comes again and again opens an episode; its item is what a real batch made of it. The
//! others are the same for other groups.

use detector_core::rule::CorrelationIx;
use detector_core::store::{Batch, EpisodeId, Item, ItemKey};
use detector_core::window::Windows;
use detector_core::window::key::Key;

use super::asked::at_once;
use super::copies::Arrival;
use super::service::{SECOND_US, SWEEP_FIRST_US, Traffic};
use super::table::Table;

/// So often an event comes, a second apart: more than the thresholds of counts ask for.
const REPEATED: u32 = 64;

/// Copies of events that nobody else has.
const COPY: u32 = 1 << 24;

/// How long before the first sweep's watermark they are due, in milliseconds.
const OVERDUE_MS: i64 = 10_000;

/// Puts `groups` groups into the table that are due when the first sweep comes. Returns how many: none where no event of
/// the recording opens an episode by itself.
pub(super) fn make(traffic: Traffic<'_>, table: &mut Table, groups: u64) -> u64 {
    let events = 0..traffic.recorded.hits.len();
    let is_new = |event: &usize| {
        let hits = &traffic.recorded.hits;
        !hits[..*event]
            .iter()
            .any(|it| it.rules == hits[*event].rules)
    };
    let found = match groups {
        0 => None,
        _ => events
            .filter(is_new)
            .find_map(|event| waiting(traffic, event, 0)),
    };
    let Some((event, rule, item)) = found else {
        return 0;
    };
    let watermark = traffic.millis(SWEEP_FIRST_US) - traffic.lateness_ms();
    let due = item.due.unwrap_or(watermark);
    let from_us = (watermark - OVERDUE_MS - due) * 1000;
    let Some((_, _, item)) = waiting(traffic, event, from_us) else {
        return 0;
    };
    let rule_id = &traffic.engine.rules().correlations[rule.0 as usize].meta.id;
    for number in 0..groups {
        let name = number.to_string();
        let group = Key::of_texts(["made due", &name]);
        let mut item = item.clone();
        for episode in &mut item.episodes {
            episode.id = EpisodeId::first_known_as(rule_id, group, episode.span.start);
        }
        let rule = traffic.plan.key_of(rule);
        table.put(ItemKey { rule, group }, item);
    }
    groups
}

/// The rule of which the event, again and again from `from_us` on, opens an episode that pages, and the item.
fn waiting(
    traffic: Traffic<'_>,
    event: usize,
    from_us: i64,
) -> Option<(usize, CorrelationIx, Item)> {
    let arrivals: Vec<Arrival> = (0..REPEATED)
        .map(|played| Arrival {
            at_us: from_us + i64::from(played) * SECOND_US,
            copy: COPY,
            event: event as u32,
            played,
        })
        .collect();
    let mut windows = Windows::new(traffic.engine.rules());
    let deltas = traffic.fold(&mut windows, &arrivals);
    let mut table = Table::default();
    at_once(Batch::of_records(traffic.plan, deltas, None), &mut table, 0);
    table.items().find_map(|(key, item)| {
        let at = traffic.plan.rule_of(key.rule)?;
        let rule = &traffic.engine.rules().correlations[at.0 as usize];
        let is_wanted = rule.pages && !rule.group_by.is_empty() && item.due.is_some();
        is_wanted.then(|| (event, at, item.clone()))
    })
}
