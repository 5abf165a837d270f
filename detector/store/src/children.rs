//! What a group keeps of the episodes of child correlations, so that its own can be told with theirs.
//!
//! A child's episode may last longer than its parent's, and its item may be forgotten first. So a child that shows an
//! episode leaves what a parent tells of it in the parent's item.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use detector_rule::{CorrelationIx, InputRule};
use detector_window::episode::Episode;
use detector_window::interval::{Interval, Intervals};
use detector_window::key::Key;
use detector_window::shown::ShownValue;
use detector_window::{Parent, ToldChild};

/// Child episodes that a group keeps; those that opened later are not told of.
pub const CHILDREN_MAX: usize = 1000;

/// Child episodes of a group that keep their evidence: those that opened first.
pub const CHILDREN_WITH_EVIDENCE_MAX: usize = 64;

/// What child episodes keep of the values that they show, in bytes: those that opened first.
pub const CHILDREN_SHOWN_BYTES_MAX: usize = 64_000;

/// Stretches between long pauses that are kept of a child's episode; of more, the earliest pauses pass for held.
pub const CHILD_STRETCHES_MAX: usize = 64;

/// What a parent tells of an episode of a child correlation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildEpisode {
    /// From `opened_at` to `held_until`.
    pub span: Interval,
    /// Position of the child in the inputs of the parent's rule.
    pub input: u32,
    /// The child's group.
    pub group: Key,
    /// What it shows in the field that the parent counts.
    pub value: Option<Key>,
    pub first_event: i64,
    pub last_event: i64,
    pub evidence: Vec<(i64, String)>,
    /// Nothing can change it any more.
    pub is_final: bool,
    /// What it has of the fields that the parent shows. Whoever stores the rest in version 1 stores this apart.
    #[serde(skip)]
    pub shown: Vec<ShownValue>,
    /// Where it paused for longer than the parent's timespan, the stretches between such pauses, sorted; else empty. Stored
    /// apart, too.
    #[serde(skip)]
    pub held: Vec<Interval>,
}

impl ChildEpisode {
    pub(crate) fn new(parent: &Parent<'_>, episode: &Episode, is_final: bool) -> Self {
        let mut new = Self {
            span: Interval::new(episode.opened_at, episode.held_until()),
            input: u32::try_from(parent.input).expect("a correlation has few inputs"),
            group: episode.group,
            value: parent.value,
            first_event: episode.first_event,
            last_event: episode.last_event,
            evidence: episode.evidence.clone(),
            is_final,
            shown: parent.shown(episode),
            held: Vec::new(),
        };
        new.hold(parent.held(episode));
        new
    }

    /// When it held, but for pauses that are too short to keep it from a parent's episode.
    fn stretches(&self) -> Vec<Interval> {
        match self.held.is_empty() {
            true => vec![self.span],
            false => self.held.clone(),
        }
    }

    /// Notes when it held.
    fn hold(&mut self, stretches: Vec<Interval>) {
        let span = self.span;
        let within = stretches
            .into_iter()
            .map(|held| Interval::new(held.start.max(span.start), held.end.min(span.end)));
        let mut held = Intervals::from_unsorted(within.collect())
            .as_slice()
            .to_vec();
        if let Some(excess) = held.len().checked_sub(CHILD_STRETCHES_MAX) {
            held[excess].start = held[0].start;
            held.drain(..excess);
        }
        let is_whole = held == [span];
        self.held = if is_whole { Vec::new() } else { held };
    }

    fn told(&self) -> ToldChild {
        let episode = Episode {
            group: self.group,
            values: Vec::new(),
            opened_at: self.span.start,
            holding: self.stretches(),
            count: 0,
            distinct: None,
            first_event: self.first_event,
            last_event: self.last_event,
            evidence: self.evidence.clone(),
            shown: Vec::new(),
        };
        ToldChild {
            episode: Arc::new(episode),
            value: self.value,
            shown: self.shown.clone(),
        }
    }

    /// Whether an episode with this span tells of it.
    fn is_told_of(&self, episode: Interval, timespan_ms: i64) -> bool {
        let after = episode.start.saturating_sub(timespan_ms);
        self.span.start < episode.end && self.span.end > after
    }

    fn is_same_or_part(&self, other: &ChildEpisode) -> bool {
        let overlap = self.span.start < other.span.end && other.span.start < self.span.end;
        (self.input, self.group) == (other.input, other.group) && overlap
    }

    /// Bytes in a store.
    fn bytes(&self) -> usize {
        const FIXED: usize = 80;
        let evidence: usize = self.evidence.iter().map(|(_, id)| id.len() + 12).sum();
        FIXED + evidence + self.shown_bytes() + size_of_val(self.held.as_slice())
    }

    fn shown_bytes(&self) -> usize {
        self.shown.iter().map(|shown| shown.text.len() + 16).sum()
    }
}

/// Takes in what a child shows. What is known of it only grows, so the wider span is the newer one; what is final stays,
/// unless it goes on after all: its quiet period is longer now. When it held is known from all together: a child forgets what is past. Returns whether there was room for it.
pub(crate) fn take(children: &mut Vec<ChildEpisode>, new: &ChildEpisode) -> bool {
    let is_known = |known: &ChildEpisode| {
        known.is_same_or_part(new)
            && match known.is_final {
                true => known.span.end >= new.span.end,
                false => {
                    let is_wider =
                        known.span.start < new.span.start || known.span.end > new.span.end;
                    !new.is_final && is_wider
                }
            }
    };
    if let Some(at) = children.iter().position(is_known) {
        let known = &mut children[at];
        if !known.is_final {
            known.hold([known.stretches(), new.stretches()].concat());
        }
        return true;
    }
    let mut new = new.clone();
    let parts = children.extract_if(.., |known| known.is_same_or_part(&new));
    let held = parts.flat_map(|part| part.stretches()).collect::<Vec<_>>();
    new.hold([new.stretches(), held].concat());
    let order = |child: &ChildEpisode| (child.span.start, child.input, child.group);
    let at = children.partition_point(|known| order(known) < order(&new));
    if at >= CHILDREN_MAX {
        return false;
    }
    children.insert(at, new);
    let is_full = children.len() > CHILDREN_MAX;
    children.truncate(CHILDREN_MAX);
    for child in children.iter_mut().skip(CHILDREN_WITH_EVIDENCE_MAX) {
        child.evidence = Vec::new();
    }
    let mut shown_bytes = 0;
    for child in children.iter_mut() {
        shown_bytes += child.shown_bytes();
        if shown_bytes > CHILDREN_SHOWN_BYTES_MAX {
            child.shown = Vec::new();
        }
    }
    !is_full
}

/// Whether an episode that `new` is, or is a part of, is among them.
pub(crate) fn is_known(children: &[ChildEpisode], new: &ChildEpisode) -> bool {
    children.iter().any(|known| known.is_same_or_part(new))
}

/// As the parent's group is told of them.
pub(crate) fn told(children: &[ChildEpisode]) -> Vec<ToldChild> {
    children.iter().map(ChildEpisode::told).collect()
}

/// Forgets the children that none of `episodes` tells of, nor any to come, all of which open after `forgotten_to`. One that
/// paused is kept until that is certain: the sweep that came past its pause has told that it is over.
pub(crate) fn forget(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    children: &mut Vec<ChildEpisode>,
    (forgotten_to, episodes): (i64, impl Iterator<Item = Interval>),
) {
    let episodes: Vec<Interval> = episodes.filter(|span| span.end > forgotten_to).collect();
    let timespan_ms = plan.rules.correlations[rule.0 as usize].timespan_ms;
    let before = forgotten_to.saturating_sub(timespan_ms);
    children.retain(|child| {
        let may_go_on = !child.is_final && over_at(plan, rule, child) >= forgotten_to;
        let is_told = |episode: &Interval| child.is_told_of(*episode, timespan_ms);
        may_go_on || child.span.end > before || episodes.iter().any(is_told)
    });
}

/// When, as things stand, the pause is over after which it would be another episode.
pub(crate) fn over_at(plan: &Plan<'_>, parent: CorrelationIx, child: &ChildEpisode) -> i64 {
    let rules = &plan.rules.correlations;
    let quiet_ms = match rules[parent.0 as usize].inputs[child.input as usize].rule {
        InputRule::Correlation(at) => rules[at.0 as usize].quiet_ms,
        InputRule::Detection(_) => 0,
    };
    child.span.end.saturating_add(quiet_ms)
}

/// The last moment at which, as things stand, a child closes that `episode` tells of, or would if the child went on, and
/// that is not final; `None` where all are.
pub(crate) fn awaited(
    plan: &Plan<'_>,
    rule: CorrelationIx,
    children: &[ChildEpisode],
    episode: Interval,
) -> Option<i64> {
    // One that ended before the episode may go on after it: its pause is as long as its own rule says.
    let open = children
        .iter()
        .filter(|child| !child.is_final && child.span.start < episode.end);
    open.map(|child| over_at(plan, rule, child)).max()
}

pub(crate) fn bytes(children: &[ChildEpisode]) -> usize {
    children.iter().map(ChildEpisode::bytes).sum()
}

#[cfg(test)]
mod tests {
    use detector_rule::FieldTag;

    use super::*;

    fn child(group: u128, start: i64, end: i64, is_final: bool) -> ChildEpisode {
        ChildEpisode {
            span: Interval::new(start, end),
            input: 0,
            group: Key::from_u128(group),
            value: None,
            first_event: start,
            last_event: start,
            evidence: vec![(start, "id".into())],
            is_final,
            shown: vec![ShownValue::new(
                FieldTag::of("user"),
                start,
                &"u".repeat(128),
            )],
            held: Vec::new(),
        }
    }

    fn taken(given: &[ChildEpisode]) -> Vec<ChildEpisode> {
        let mut children = Vec::new();
        for child in given {
            assert!(take(&mut children, child));
        }
        children
    }

    #[test]
    fn the_wider_and_the_final_replace_what_was_known() {
        let (early, late) = (child(1, 10, 20, false), child(1, 30, 40, false));
        let (joined, end) = (child(1, 10, 45, false), child(1, 10, 50, true));
        let all = [&early, &late, &joined, &early, &end, &joined].map(Clone::clone);
        assert_eq!(taken(&all[..2]), [early, late]);
        assert_eq!(taken(&all[..4]), [joined]);
        assert_eq!(taken(&all), [end]);
    }

    #[test]
    fn children_of_other_groups_and_earlier_episodes_stay() {
        let all = [child(1, 10, 20, true), child(2, 15, 20, false)];
        assert_eq!(taken(&all), all);
        let again = child(1, 20, 30, false);
        let three = taken(&[all[0].clone(), all[1].clone(), again.clone()]);
        assert_eq!(three, [all[0].clone(), all[1].clone(), again]);
    }

    #[test]
    fn what_a_child_has_forgotten_of_its_pauses_is_remembered() {
        let shown = |end, held: &[(i64, i64)]| {
            let mut child = child(1, 0, end, false);
            child.hold(held.iter().map(|(s, e)| Interval::new(*s, *e)).collect());
            child
        };
        let early = shown(50, &[(0, 10), (40, 50)]);
        let late = shown(90, &[(45, 50), (80, 90)]);
        let all = [(0, 10), (40, 50), (80, 90)];
        assert_eq!(taken(&[early.clone(), late.clone()]), [shown(90, &all)]);
        // What comes again, or late into a pause.
        let filled = shown(50, &[(0, 45)]);
        let united = [shown(90, &[(0, 50), (80, 90)])];
        assert_eq!(
            taken(&[early.clone(), late.clone(), early, filled.clone()]),
            united
        );
        assert_eq!(taken(&[filled, late]), united);
        assert!(shown(90, &[(0, 40), (40, 90)]).held.is_empty());
        let many: Vec<(i64, i64)> = (0..100).map(|n| (n * 10, n * 10 + 5)).collect();
        let held = shown(995, &many).held;
        assert_eq!(held.len(), CHILD_STRETCHES_MAX);
        assert_eq!(
            (held[0], held[63]),
            (Interval::new(0, 365), Interval::new(990, 995))
        );
    }

    #[test]
    fn of_too_many_those_that_opened_last_are_left_out() {
        let mut children = Vec::new();
        let groups = CHILDREN_MAX as u128;
        for group in (0..groups).rev() {
            assert!(take(
                &mut children,
                &child(group, group as i64, 5_000, true)
            ));
        }
        assert!(!take(&mut children, &child(groups, 2_000, 5_000, true)));
        assert!(!take(&mut children, &child(groups, -1, 5_000, true)));
        assert_eq!((children.len(), children[0].span.start), (CHILDREN_MAX, -1));
        let with_evidence = children.iter().filter(|c| !c.evidence.is_empty()).count();
        assert_eq!(with_evidence, CHILDREN_WITH_EVIDENCE_MAX);
        let shown: usize = children.iter().map(ChildEpisode::shown_bytes).sum();
        let room = CHILDREN_SHOWN_BYTES_MAX - shown;
        assert!(room < 144 && !children[0].shown.is_empty(), "{shown}");
        assert!(children[CHILDREN_MAX - 1].shown.is_empty());
    }
}
