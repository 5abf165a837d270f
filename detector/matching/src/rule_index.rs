//! Which rules an event of one source can match at all.
//!
//! Most conditions cannot be true unless one of a few tests passes: an *anchor*. A rule is filed under its anchor's
//! predicates and looked at only when one of them passes; rules without an anchor are looked at always.

use detector_event::event::LogSource;
use detector_event::field::SlotId;
use detector_event::slots::Slots;
use detector_rule::{Expr, Place, RuleSet, Subject, Test};

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
        // How many rules ask for a predicate tells how little it says about any one of them.
        let mut uses = vec![0u32; table.len()];
        for (_, rule) in seen() {
            rule.condition.root.each_test(&mut |predicate| {
                if let Some(id) = table.id(predicate) {
                    uses[id as usize] += 1;
                }
            });
        }
        let mut always = Vec::new();
        let mut filed: Vec<(PredicateId, u32)> = Vec::new();
        for (ix, rule) in seen() {
            let number = u32::try_from(ix).expect("fewer than 2^32 rules");
            match anchor(&rule.condition.root, table, &uses) {
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

/// Predicates of which one must pass, and how often that may be expected to happen in vain.
#[derive(Debug, Clone)]
struct Anchor {
    predicates: Vec<PredicateId>,
    cost: u64,
}

fn anchor(expr: &Expr, table: &PredicateTable, uses: &[u32]) -> Option<Anchor> {
    match expr {
        Expr::Test(predicate) => {
            let weight = match (&predicate.subject, &predicate.test) {
                (Subject::AnyText, _) => return None,
                (_, Test::Text(text)) if text.place == Place::Whole => 1,
                (_, Test::Text(_)) => 4,
                (_, Test::Number(..) | Test::Cidr(_)) => 50,
                (_, Test::Present | Test::AnyText) => 200,
                // A missing field passes it; slow tests are not evaluated ahead.
                (
                    _,
                    Test::Null
                    | Test::Glob(_)
                    | Test::Regex(_)
                    | Test::OtherField { .. }
                    | Test::Moment { .. }
                    | Test::Listed(_)
                    | Test::Element(_),
                ) => return None,
            };
            let id = table.id(predicate)?;
            Some(Anchor {
                predicates: vec![id],
                cost: weight * u64::from(uses[id as usize]),
            })
        }
        Expr::All(parts) => parts
            .iter()
            .filter_map(|part| anchor(part, table, uses))
            .min_by_key(|anchor| anchor.cost),
        // Where at least one of them must be true, one of all their anchors must pass.
        Expr::Any(parts) | Expr::AtLeast(1.., parts) => {
            let mut whole = Anchor {
                predicates: Vec::new(),
                cost: 0,
            };
            for part in parts {
                let one = anchor(part, table, uses)?;
                whole.predicates.extend(one.predicates);
                whole.cost = whole.cost.saturating_add(one.cost);
            }
            Some(whole)
        }
        Expr::AtLeast(0, _) | Expr::Not(_) => None,
    }
}
