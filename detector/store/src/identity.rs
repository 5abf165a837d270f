//! Which recorded episode a current one is.
//!
//! Late hits move an opening earlier, extend an episode, or join two. What is known of a group's episodes only grows,
//! so every recorded episode lies within one current episode. That one carries on the id recorded first; the others
//! are noted as merged into it. A current episode without a recorded one is new. Only an edit of the rules makes an
//! exception: a current one then goes on after what was told as closed, or takes the place of a part of a recorded one.

use crate::recorded::{EpisodeId, Mark, RecordedEpisode};
use detector_window::episode::Episode;
use detector_window::interval::{Interval, Intervals};

impl RecordedEpisode {
    /// Whether it lives and overlaps `span`.
    fn is_part_of(&self, span: Interval) -> bool {
        let is_merged = matches!(self.mark, Mark::MergedInto(_));
        !is_merged && self.span.start < span.end && span.start < self.span.end
    }
}

/// Brings the records in line with the current episode `span`; `new_id` names it where it is new.
pub(crate) fn record(
    recorded: &mut Vec<RecordedEpisode>,
    span: Interval,
    new_id: impl FnOnce() -> EpisodeId,
) {
    let mut same = recorded.iter_mut().filter(|e| e.is_part_of(span));
    let Some(first) = same.next() else {
        recorded.push(RecordedEpisode {
            id: new_id(),
            span,
            mark: Mark::Unpublished,
        });
        return;
    };
    let id = first.id;
    first.span = Interval::new(
        first.span.start.min(span.start),
        first.span.end.max(span.end),
    );
    same.for_each(|other| other.mark = Mark::MergedInto(id));
}

/// The episode before `end`.
pub(crate) fn clipped(episode: &Episode, end: i64) -> Option<Episode> {
    if episode.opened_at >= end {
        return None;
    }
    let mut clipped = episode.clone();
    clipped.holding.retain(|i| i.start < end);
    for interval in &mut clipped.holding {
        interval.end = interval.end.min(end);
    }
    // What is left of it may begin later, where the rest is forgotten.
    (!clipped.holding.is_empty()).then_some(clipped)
}

/// Whether all of it was told as closed.
pub(crate) fn is_closed(episode: &Episode, recorded: &[RecordedEpisode]) -> bool {
    let mut closed = recorded.iter().filter(|e| e.mark == Mark::Closed);
    closed.any(|e| e.overlaps(episode) && episode.held_until() <= e.span.end)
}

/// What of an episode holds after those that were told as closed. By the rules that told so there is no more; where a
/// quiet period is longer now or a threshold lower, what goes on is another episode.
pub(crate) fn after_closed(episode: Episode, recorded: &[RecordedEpisode]) -> Episode {
    let closed = recorded.iter().filter(|e| e.mark == Mark::Closed);
    let within = closed.filter(|e| e.overlaps(&episode));
    let closed_to = within.map(|e| e.span.end).max();
    let Some(closed_to) = closed_to.filter(|to| *to < episode.held_until()) else {
        return episode;
    };
    let holding = Intervals::from_unsorted(episode.holding).since(closed_to);
    Episode {
        opened_at: holding.as_slice()[0].start,
        holding: holding.as_slice().to_vec(),
        ..episode
    }
}

#[cfg(test)]
mod tests {
    use detector_window::key::Key;

    use super::*;

    fn id(opened_at: i64) -> EpisodeId {
        EpisodeId::first_known_as("rule", Key::from_u128(1), opened_at)
    }

    fn recorded(spans: &[(i64, i64)]) -> Vec<RecordedEpisode> {
        let mut recorded = Vec::new();
        for &(start, end) in spans {
            record(&mut recorded, Interval::new(start, end), || id(start));
        }
        recorded
    }

    #[test]
    fn an_episode_that_opens_earlier_after_all_keeps_its_id() {
        let episodes = recorded(&[(10, 20), (5, 25)]);
        assert_eq!(episodes.len(), 1);
        assert_eq!(
            (episodes[0].id, episodes[0].span),
            (id(10), Interval::new(5, 25))
        );
    }

    #[test]
    fn of_two_that_join_the_one_recorded_first_lives_on() {
        let episodes = recorded(&[(50, 60), (10, 20), (10, 60)]);
        let marks: Vec<_> = episodes.iter().map(|e| (e.id, e.mark)).collect();
        let expected = [
            (id(50), Mark::Unpublished),
            (id(10), Mark::MergedInto(id(50))),
        ];
        assert_eq!(marks, expected);
        assert_eq!(episodes[0].span, Interval::new(10, 60));
    }

    #[test]
    fn episodes_that_only_touch_are_two() {
        assert_eq!(recorded(&[(10, 20), (20, 30)]).len(), 2);
    }
}
