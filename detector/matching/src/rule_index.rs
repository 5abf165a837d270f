//! Which rules an event of one source can match at all.
//!
//! Most conditions cannot be true unless one of a few tests passes: an *anchor*. A rule is filed under its anchor's
//! predicates and looked at only when one of them passes; rules without an anchor are looked at always. Regular
//! expressions and globs are no anchors, but a text is that is in all that they match.

use std::cmp::Reverse;

use detector_event::event::LogSource;
use detector_event::field::SlotId;
use detector_event::slots::Slots;
use detector_rule::{Expr, Place, Predicate, RuleSet, Subject, Test};

use super::predicate::PredicateId;
use super::predicate_table::PredicateTable;

#[derive(Debug)]
pub(super) struct RuleIndex {
    always: Vec<u32>,
    /// A bit for each slot under whose predicates rules are filed.
    slots: Vec<u64>,
    /// Predicate `p` has the rules `rules[starts[p]..starts[p + 1]]`.
    starts: Vec<u32>,
    rules: Vec<u32>,
}

impl RuleIndex {
    pub(super) fn new(set: &RuleSet, source: LogSource, table: &PredicateTable) -> Self {
        let seen = || {
            set.detections
                .iter()
                .enumerate()
                .filter(|(_, rule)| rule.sources.contains(&source))
        };
        let uses = Uses::of(seen().map(|(_, rule)| &rule.condition.root), table);
        let mut always = Vec::new();
        let mut filed: Vec<(PredicateId, u32)> = Vec::new();
        for (ix, rule) in seen() {
            let number = u32::try_from(ix).expect("fewer than 2^32 rules");
            match uses.anchor(&rule.condition.root) {
                Some(anchor) => filed.extend(anchor.predicates.into_iter().map(|id| (id, number))),
                None => always.push(number),
            }
        }
        filed.sort_unstable();
        filed.dedup();
        let mut starts = vec![0u32; table.len() + 1];
        for (id, _) in &filed {
            starts[*id as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut slots = vec![0u64; set.fields.len().div_ceil(64)];
        for (id, _) in &filed {
            if let Subject::Field(slot) = table.predicate(*id).subject {
                slots[slot.index() / 64] |= 1 << (slot.index() % 64);
            }
        }
        Self {
            always,
            slots,
            starts,
            rules: filed.into_iter().map(|(_, rule)| rule).collect(),
        }
    }

    pub(super) fn always(&self) -> &[u32] {
        &self.always
    }

    /// The slots to look at first: no anchor passes where its field is missing.
    pub(super) fn slots(&self, event: &Slots<'_>) -> impl Iterator<Item = SlotId> {
        event.present_among(&self.slots)
    }

    pub(super) fn rules_under(&self, predicate: usize) -> &[u32] {
        &self.rules[self.starts[predicate] as usize..self.starts[predicate + 1] as usize]
    }
}

/// What has to pass where a test passes that is not evaluated ahead.
fn needed(predicate: &Predicate) -> Option<Predicate> {
    let subject = predicate.subject;
    let test = Test::Text(predicate.test.needed_text()?);
    (subject != Subject::AnyText).then_some(Predicate { subject, test })
}

/// Has tests evaluated ahead that those of such conditions need which have no other anchor.
pub(super) fn make_anchors<'r>(
    conditions: impl Iterator<Item = &'r Expr> + Clone,
    table: &mut PredicateTable,
) {
    let uses = Uses::of(conditions.clone(), table);
    let lacking: Vec<&Expr> = conditions
        .filter(|root| uses.anchor(root).is_none())
        .collect();
    for root in lacking {
        intern_needed(root, table);
    }
}

fn intern_needed(expr: &Expr, table: &mut PredicateTable) {
    match expr {
        Expr::Test(predicate) => {
            if let Some(needed) = needed(predicate) {
                table.intern(&needed);
            }
        }
        Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(1.., parts) => {
            parts.iter().for_each(|part| intern_needed(part, table));
        }
        Expr::AtLeast(0, _) | Expr::Not(_) => {}
    }
}

/// Predicates of which one must pass.
#[derive(Debug, Clone)]
struct Anchor {
    predicates: Vec<PredicateId>,
    /// How often that may be expected to happen in vain.
    cost: u64,
    /// How many tests there are of the least popular of their fields.
    popularity: u32,
}

impl Anchor {
    /// A rule that is looked at in vain for so few others costs no more than a look at one more field of every event.
    const CHEAP: u64 = 16;

    /// The least is the best: fields that many rules test are looked at anyway.
    fn order(&self) -> impl Ord + use<> {
        let dear = self.cost / Self::CHEAP;
        (dear, Reverse(self.popularity), self.cost)
    }
}

/// How many rules ask for what.
struct Uses<'t> {
    table: &'t PredicateTable,
    /// By predicate: tells how little it says about any one of them.
    predicates: Vec<u32>,
    /// By slot.
    fields: Vec<u32>,
}

impl<'t> Uses<'t> {
    fn of<'r>(conditions: impl Iterator<Item = &'r Expr>, table: &'t PredicateTable) -> Self {
        let mut uses = Self {
            table,
            predicates: vec![0; table.len()],
            fields: vec![0; table.slots()],
        };
        for root in conditions {
            root.each_test(&mut |predicate| {
                if let Some(id) = table.id(predicate) {
                    uses.predicates[id as usize] += 1;
                }
                if let Subject::Field(slot) = predicate.subject {
                    uses.fields[slot.index()] += 1;
                }
            });
        }
        uses
    }

    fn anchor(&self, expr: &Expr) -> Option<Anchor> {
        match expr {
            Expr::Test(predicate) => self.anchor_of_test(predicate),
            Expr::All(parts) => parts
                .iter()
                .filter_map(|part| self.anchor(part))
                .min_by_key(Anchor::order),
            // Where at least one of them must be true, one of all their anchors must pass.
            Expr::Any(parts) | Expr::AtLeast(1.., parts) => {
                let mut whole = Anchor {
                    predicates: Vec::new(),
                    cost: 0,
                    popularity: u32::MAX,
                };
                for part in parts {
                    let one = self.anchor(part)?;
                    whole.predicates.extend(one.predicates);
                    whole.cost = whole.cost.saturating_add(one.cost);
                    whole.popularity = whole.popularity.min(one.popularity);
                }
                Some(whole)
            }
            Expr::AtLeast(0, _) | Expr::Not(_) => None,
        }
    }

    fn anchor_of_test(&self, predicate: &Predicate) -> Option<Anchor> {
        let Subject::Field(slot) = predicate.subject else {
            return None;
        };
        let needed = needed(predicate);
        let predicate = needed.as_ref().unwrap_or(predicate);
        let weight = match &predicate.test {
            Test::Text(text) if text.place == Place::Whole => 1,
            Test::Text(_) => 4,
            Test::Number(..) | Test::Cidr(_) => 50,
            Test::Present | Test::AnyText => 200,
            // A missing field passes it; slow tests are not evaluated ahead.
            Test::Null
            | Test::Glob(_)
            | Test::Regex(_)
            | Test::OtherField { .. }
            | Test::Moment { .. }
            | Test::Listed(_)
            | Test::Element(_) => return None,
        };
        let id = self.table.id(predicate)?;
        Some(Anchor {
            predicates: vec![id],
            cost: weight * u64::from(self.predicates[id as usize].max(1)),
            popularity: self.fields[slot.index()],
        })
    }
}
