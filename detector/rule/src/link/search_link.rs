//! The condition of a detection rule: its searches, put in the places where it names them.

use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern};

use crate::model::condition::Expr;
use crate::yaml::near_name::suggestion;

/// Tests of one rule, written out for each time its condition names them.
pub(crate) const TESTS_PER_RULE_MAX: usize = 50_000;

/// A named search of the section, in the order of the file.
pub(crate) struct Search<'n> {
    pub(crate) name: &'n str,
    pub(crate) line: u32,
    pub(crate) tests: usize,
    pub(crate) expr: Expr,
    pub(crate) used: bool,
}

/// Links one condition; all that is wrong with it is in `problems`, and what it gives is then of no use.
pub(crate) struct SearchLinker<'l, 'n> {
    pub(crate) searches: &'l mut Vec<Search<'n>>,
    pub(crate) budget: &'l mut usize,
    pub(crate) problems: Vec<String>,
}

impl SearchLinker<'_, '_> {
    pub(crate) fn link(&mut self, condition: &ConditionExpr) -> Expr {
        match condition {
            ConditionExpr::And(parts) => all(self.link_all(parts)),
            ConditionExpr::Or(parts) => any(self.link_all(parts)),
            ConditionExpr::Not(part) => Expr::Not(Box::new(self.link(part))),
            ConditionExpr::Identifier(name) => {
                match self.searches.iter().position(|s| s.name == name) {
                    Some(index) => self.take(index),
                    None => {
                        let hint = suggestion(name, self.searches.iter().map(|s| s.name));
                        self.problem(format!(
                            "the condition names `{name}`, which is no search of this rule{hint}"
                        ))
                    }
                }
            }
            ConditionExpr::Selector {
                quantifier,
                pattern,
            } => self.select(quantifier, pattern),
        }
    }

    fn link_all(&mut self, parts: &[ConditionExpr]) -> Vec<Expr> {
        parts.iter().map(|part| self.link(part)).collect()
    }

    fn select(&mut self, quantifier: &Quantifier, pattern: &SelectorPattern) -> Expr {
        let named: Vec<usize> = (0..self.searches.len())
            .filter(|&index| pattern.matches_detection_name(self.searches[index].name))
            .collect();
        if named.is_empty() {
            return self.problem(format!(
                "`{quantifier} of {pattern}` names no search of this rule"
            ));
        }
        let count = named.len();
        let parts = named.into_iter().map(|index| self.take(index)).collect();
        match quantifier {
            Quantifier::Any => any(parts),
            Quantifier::All => all(parts),
            Quantifier::Count(0) => self.problem(format!(
                "`0 of {pattern}` is always true, write `not 1 of {pattern}` for none"
            )),
            Quantifier::Count(n) => match usize::try_from(*n) {
                Ok(least) if least <= count => Expr::AtLeast(least, parts),
                _ => self.problem(format!(
                    "`{n} of {pattern}` can never be true, {count} searches have such a name"
                )),
            },
        }
    }

    fn take(&mut self, index: usize) -> Expr {
        let search = &mut self.searches[index];
        search.used = true;
        // An empty search has been reported; it still costs something to write out.
        let cost = search.tests.max(1);
        match self.budget.checked_sub(cost) {
            Some(left) => {
                *self.budget = left;
                search.expr.clone()
            }
            None => self.problem(format!(
                "the condition stands for more than {TESTS_PER_RULE_MAX} tests, split the rule"
            )),
        }
    }

    /// Notes what is wrong, once, and stands in for what should be there.
    fn problem(&mut self, message: String) -> Expr {
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
        Expr::Any(Vec::new())
    }
}

pub(crate) fn all(mut parts: Vec<Expr>) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::All(parts),
    }
}

pub(crate) fn any(mut parts: Vec<Expr>) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::Any(parts),
    }
}
