//! The engine's episodes and the oracle's in one form.

use detector_core::alert::Alert;

use super::generate::tick_of;
use super::{Correlation, Episode, Event, evaluate, pages};

/// The place of the correlation that an alert is of.
pub(crate) fn correlation_of(alert: &Alert, correlations: &[Correlation]) -> usize {
    let name = alert
        .rule
        .name
        .as_deref()
        .expect("generated rules have names");
    let (kind, number) = name.split_once('_').expect("a kind and a number");
    let number: usize = number.parse().expect("a rule's name ends in its number");
    let own = |rule: &Correlation| rule.stands_for == Some(number);
    match kind {
        "detection" => correlations.iter().position(own).expect("it alerts"),
        _ => number,
    }
}

/// An alert in the form in which [`expected`] writes episodes.
pub(crate) fn as_episode(alert: &Alert, correlations: &[Correlation]) -> String {
    let correlation = correlation_of(alert, correlations);
    let names = &correlations[correlation].group_by;
    let group = names
        .iter()
        .zip(&alert.group.0)
        .map(|(name, (_, value))| (*name, value.to_string()))
        .collect();
    let tick = |time: &dyn ToString| tick_of(&time.to_string());
    let episode = Episode {
        correlation,
        group,
        holding: vec![(tick(&alert.opened_at), tick(&alert.held_until))],
        count: alert.count,
        distinct: alert.distinct,
        first: tick(&alert.first_event_time),
        last: tick(&alert.last_event_time),
        shown: (alert.shown.0.iter().zip(&correlations[correlation].show))
            .map(|((_, values), name)| (*name, values.iter().map(|v| (0, v.to_string())).collect()))
            .collect(),
        evidence: alert.event_ids.iter().map(|id| (0, id.clone())).collect(),
    };
    format!("{episode:?}")
}

/// The episodes of the brute-force evaluation, sorted.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn expected(events: &[Event], correlations: &[Correlation]) -> Vec<String> {
    written(evaluate(events, correlations))
}

/// Those of which somebody is told.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn expected_alerts(events: &[Event], correlations: &[Correlation]) -> Vec<String> {
    let mut episodes = evaluate(events, correlations);
    episodes.retain(|episode| pages(correlations, episode.correlation));
    written(episodes)
}

pub(crate) fn written(episodes: Vec<Episode>) -> Vec<String> {
    let mut episodes: Vec<String> = episodes
        .into_iter()
        .map(|mut episode| {
            episode.holding = vec![(episode.opened(), episode.held_until())];
            episode.evidence.iter_mut().for_each(|(tick, _)| *tick = 0);
            let shown = episode.shown.iter_mut().flat_map(|(_, values)| values);
            shown.for_each(|(tick, _)| *tick = 0);
            format!("{episode:?}")
        })
        .collect();
    episodes.sort();
    episodes
}
