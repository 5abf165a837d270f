//! What the ledger tells of an episode.

use crate::ledger::shown::{ShownValue, take_first};
use crate::ledger::stretch::EVIDENCE_MAX;
use crate::ledger::{Counted, Ledger};
use crate::state::interval::Interval;
use crate::state::key::Key;
use crate::state::key_set::distinct;

/// The hits within a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub count: u64,
    pub distinct: u64,
    /// First and last event time; `None` where there is no hit.
    pub times: Option<(i64, i64)>,
    /// The earliest hits, at most [`EVIDENCE_MAX`]: time and event id.
    pub evidence: Vec<(i64, String)>,
    /// What they show, as [`take_first`] leaves it.
    pub shown: Vec<ShownValue>,
}

impl<V: Counted> Ledger<V> {
    /// The hits at times strictly between `after` and `before`, and those that were counted together with one of them.
    /// `more_values` count as distinct values too; hits that `is_told` is false of do not. Needs a settled ledger.
    pub fn summary(
        &self,
        (after, before): (i64, i64),
        more_values: &[Key],
        is_told: impl Fn(i64, V) -> bool,
    ) -> Summary {
        let (from, to) = self.items_within(Interval::new(after + 1, before));
        let exact = || {
            let items = self.items[from..to].iter();
            items.filter(|item| is_told(item.time, item.value))
        };
        let stretches = || {
            self.stretches
                .iter()
                .filter(|s| s.last > after && s.first < before)
        };
        let mut times: Option<(i64, i64)> = None;
        let spans = exact()
            .map(|i| (i.time, i.time))
            .chain(stretches().map(|s| (s.first, s.last)));
        for (first, last) in spans {
            let known = times.get_or_insert((first, last));
            *known = (known.0.min(first), known.1.max(last));
        }
        let mut earliest: Vec<(i64, Key)> = exact().map(|item| (item.time, item.id)).collect();
        earliest.extend(stretches().flat_map(|s| s.earliest.iter().copied()));
        earliest.sort_unstable();
        let of_hits = self
            .shown
            .0
            .iter()
            .filter(|(shown, value)| is_told(shown.time, *value));
        let all = of_hits
            .map(|(shown, _)| shown)
            .chain(stretches().flat_map(|s| &s.shown));
        let within = all.filter(|shown| after < shown.time && shown.time < before);
        let mut shown = Vec::new();
        take_first(&mut shown, within.cloned());
        Summary {
            count: distinct(exact().map(|i| i.id), stretches().map(|s| &s.ids)),
            distinct: distinct(
                exact()
                    .filter_map(|i| i.value.key())
                    .chain(more_values.iter().copied()),
                stretches().map(|s| &s.values),
            ),
            times,
            evidence: self.evidence(&earliest),
            shown,
        }
    }

    fn evidence(&self, earliest: &[(i64, Key)]) -> Vec<(i64, String)> {
        let mut shown: Vec<(i64, String)> = Vec::new();
        for &(time, id) in earliest {
            if shown.len() == EVIDENCE_MAX {
                break;
            }
            let kept = || {
                self.texts
                    .binary_search_by_key(&id, |(key, _)| *key)
                    .ok()
                    .map(|at| self.texts[at].1.to_string())
            };
            if let Some(text) = id.as_uuid().or_else(kept)
                && shown.iter().all(|(_, known)| *known != text)
            {
                shown.push((time, text));
            }
        }
        shown
    }
}
