//! What the protocol needs to know of each correlation rule.

use crate::edition::Writer;
use crate::edition::meaning::Meaning;
use crate::key::RuleKey;
use detector_rule::{CorrelationIx, CorrelationRule, InputRule, RuleSet};
use detector_window::Windows;
use detector_window::key::Key;
use detector_window::kind::ChildView;
use detector_window::ledger::slice_ms;

/// Requests of one kind that a batch makes for an item before it gives the item up for this time.
pub const ATTEMPTS_MAX: u32 = 12;

/// What is parked lies by the time of the hits, in slices so long, counted from 1970. Whoever parks and whoever marks must
/// mean the same slices: another length is another place in the store.
pub const SLICE_MS: i64 = 3_600_000;

/// The rules, seen from the store.
#[derive(Debug)]
pub struct Plan<'r> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) facts: Vec<RuleFacts>,
    pub(crate) times: StoreTimes,
    /// Batches leave what only sweeps judge to the log.
    pub(crate) defers: bool,
    /// Batches park hits that decide nothing by themselves, once whoever shows children has set marks since then.
    pub(crate) parks_from: Option<i64>,
    pub(crate) portions: Portions,
    pub(crate) in_force_since: i64,
}

/// How much is done at a time.
#[derive(Debug, Clone, Copy)]
pub struct Portions {
    /// Groups that a sweep looks at at a time, at least 1: as many as memory holds, should their items be large, and as a
    /// store can be asked for at once.
    pub page_groups: usize,
    /// Of a single user or address a batch leaves to the log what would be united with an item larger than this, in bytes.
    pub at_once_bytes_max: usize,
    /// A part of the log is closed when it is so large, in bytes. One delta more may lie in it.
    pub log_part_bytes: usize,
    /// A sweep unites what it has read of the log when that are so many bytes, and a place more.
    pub log_read_bytes: usize,
    /// [`SLICE_MS`], but for tests.
    pub slice_ms: i64,
}

impl Default for Portions {
    fn default() -> Self {
        Self {
            page_groups: 500,
            at_once_bytes_max: 4_000,
            log_part_bytes: 100_000,
            log_read_bytes: 64_000_000,
            slice_ms: SLICE_MS,
        }
    }
}

/// What the shell decides.
#[derive(Debug, Clone, Copy)]
pub struct StoreTimes {
    /// How late an event may arrive, in milliseconds; beyond, it is not used.
    pub lateness_ms: i64,
    /// At least 1; [`ATTEMPTS_MAX`] is sensible.
    pub attempts_max: u32,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct RuleFacts {
    pub(crate) key: RuleKey,
    meaning: Meaning,
    edition: Key,
    /// 0 for a rule over detection rules alone, else one more than its deepest child.
    pub(crate) depth: usize,
    /// Further hits cannot undo what holds: judged at once.
    pub(crate) is_monotone: bool,
    /// A batch may leave it to the log: only a sweep can judge it, or it counts many hits of those that everybody is in.
    pub(crate) can_wait: bool,
    /// It groups by nothing but what everybody is in, so that all batches of all shards have hits of the same few groups.
    pub(crate) is_shared: bool,
    pub(crate) has_parents: bool,
    /// Some parent counts its episodes, whose openings late hits can move.
    pub(crate) openings_are_counted: bool,
    /// How long after a moment it is decided, its children's included: for this rule a watermark is earlier by as much.
    pub(crate) lag_ms: i64,
    /// How long after its latest moment a group may still matter, its children's included.
    pub(crate) retention_ms: i64,
    /// It has hits and children: groups are marked whose children are shown. What only judges does not matter to that, so
    /// that an edit of it finds marks.
    pub(crate) marks: bool,
    /// Its condition holds only where a child correlation does: hits decide nothing without one.
    pub(crate) parks: bool,
    /// How long before and after a child's episode hits may bear on an episode that it has part in, whatever joins it to
    /// another's, or be counted together with some that do.
    pub(crate) bears_before_ms: i64,
    pub(crate) bears_after_ms: i64,
}

/// Whether a rule has hits and children, and whether its condition needs one of these.
fn children(rule: &CorrelationRule) -> (bool, bool) {
    let inputs = rule.inputs.iter().enumerate();
    let (children, hits): (Vec<_>, Vec<_>) =
        inputs.partition(|(_, input)| matches!(input.rule, InputRule::Correlation(_)));
    let has_both = !children.is_empty() && !hits.is_empty();
    let needs_one = children.iter().any(|(at, _)| rule.window.needs(*at));
    (has_both, has_both && needs_one)
}

impl RuleFacts {
    /// Whether it goes to the log without a look at its item. Of single users and addresses most have one hit in a minute:
    /// the log would save no write, and a sweep would have as many groups to go through as there were hits.
    pub(crate) fn waits_unread(&self) -> bool {
        self.can_wait && self.is_shared
    }

    /// What a watermark is for this rule.
    pub(crate) fn watermark(&self, of_all: i64) -> i64 {
        of_all.saturating_sub(self.lag_ms)
    }
}

impl<'r> Plan<'r> {
    pub fn new(rules: &'r RuleSet, times: StoreTimes) -> Self {
        let windows = Windows::new(rules);
        let counts_openings = |&(parent, _): &(CorrelationIx, usize)| {
            windows.child_view(parent) == ChildView::Episodes
        };
        let mut facts: Vec<RuleFacts> = Vec::with_capacity(rules.correlations.len());
        for (at, rule) in (0..).zip(&rules.correlations) {
            let mut depth = 0;
            let mut lag_ms = 0;
            let mut retention_ms = rule.timespan_ms + rule.quiet_ms + rule.window.memory_ms();
            for child in rule.children() {
                let child = &facts[child];
                depth = depth.max(child.depth + 1);
                lag_ms = lag_ms.max(child.lag_ms);
                retention_ms = retention_ms.max(child.retention_ms);
            }
            lag_ms += rule.window.looks_ahead_ms();
            let meaning = Meaning::of(rules, rule, |child| {
                (facts[child].key, facts[child].edition)
            });
            let is_monotone = windows.is_monotone(CorrelationIx(at));
            // One hit is enough for the others: that is rare, and worth telling at once.
            let counts_many = meaning.absorbs_at().is_some_and(|count| count > 1);
            let slice_ms = slice_ms(rule.timespan_ms);
            let (marks, needs_a_child) = children(rule);
            facts.push(RuleFacts {
                key: meaning.key(),
                edition: meaning.edition(),
                meaning,
                depth,
                lag_ms,
                is_monotone,
                can_wait: !is_monotone || (counts_many && rule.groups_by_places()),
                is_shared: rule.groups_by_places(),
                marks,
                parks: is_monotone && needs_a_child,
                bears_before_ms: rule.timespan_ms + slice_ms,
                bears_after_ms: rule.timespan_ms + rule.quiet_ms + slice_ms,
                has_parents: !rule.parents.is_empty(),
                openings_are_counted: rule.parents.iter().any(counts_openings),
                retention_ms: retention_ms + rule.window.looks_ahead_ms(),
            });
        }
        Self {
            rules,
            facts,
            times,
            defers: false,
            parks_from: None,
            portions: Portions::default(),
            in_force_since: i64::MIN,
        }
    }

    /// Says when these rules came into force with this worker, by the wall clock, in milliseconds; without it, since
    /// ever. What other rules have written that came into force later is left to those.
    #[must_use]
    pub fn in_force_since(self, in_force_since: i64) -> Self {
        Self {
            in_force_since,
            ..self
        }
    }

    /// As whom items of a rule are written.
    pub(crate) fn writer(&self, rule: CorrelationIx) -> Writer {
        let RuleFacts {
            meaning, edition, ..
        } = self.facts(rule);
        Writer {
            edition: *edition,
            since: self.in_force_since,
            absorbed_at: meaning.absorbs_at().unwrap_or(0),
        }
    }

    #[must_use]
    pub fn in_portions(mut self, portions: Portions) -> Self {
        self.portions = portions;
        self
    }

    /// Has batches leave what only sweeps judge to the log. Every sweep that may follow has to know of the log.
    #[must_use]
    pub fn deferring(mut self) -> Self {
        self.defers = true;
        self
    }

    /// Has batches park what decides nothing without a child's episode. All who may show one have set marks since
    /// `parks_from`, an event time, and every sweep that may follow knows of what is parked.
    #[must_use]
    pub fn parking(mut self, parks_from: i64) -> Self {
        self.parks_from = Some(parks_from);
        self
    }

    pub(crate) fn facts(&self, rule: CorrelationIx) -> &RuleFacts {
        &self.facts[rule.0 as usize]
    }

    /// One more than the greatest depth.
    pub(crate) fn depths(&self) -> usize {
        self.facts.iter().map(|f| f.depth + 1).max().unwrap_or(0)
    }

    /// The rule of an item; `None` where it is none of these rules.
    pub fn rule_of(&self, key: RuleKey) -> Option<CorrelationIx> {
        let at = self.facts.iter().position(|f| f.key == key)?;
        Some(CorrelationIx(u32::try_from(at).ok()?))
    }

    /// The rules that have a group for each user or address: a store may keep what they have of one together
    /// ([`pack`](crate::pack)). What everybody is in is large, and written by all shards.
    pub fn packed(&self) -> impl Iterator<Item = RuleKey> {
        let own = self.facts.iter().filter(|facts| !facts.is_shared);
        own.map(|facts| facts.key)
    }

    /// What the state of a rule means.
    pub fn meaning_of(&self, rule: CorrelationIx) -> &Meaning {
        &self.facts(rule).meaning
    }

    /// The name of a rule in the store.
    pub fn key_of(&self, rule: CorrelationIx) -> RuleKey {
        self.facts(rule).key
    }
}
