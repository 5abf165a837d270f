//! Conditions as flat programs: one step per test, each with the step to go to when it passes and when it fails.

use detector_rule::{Expr, Subject, Test};

use super::predicate::PredicateId;
use super::predicate_table::{PredicateTable, is_slow};

/// Where a program ends.
const YES: u32 = u32::MAX;
const NO: u32 = u32::MAX - 1;

#[derive(Debug, Clone, Copy)]
enum Step {
    Test {
        predicate: PredicateId,
        yes: u32,
        no: u32,
    },
    /// Runs the parts `first..first + count` until `least` of them have passed.
    AtLeast {
        least: u32,
        first: u32,
        count: u32,
        yes: u32,
        no: u32,
    },
}

/// The programs of all rules, in the order of the rules.
#[derive(Debug, Default)]
pub(super) struct Programs {
    steps: Vec<Step>,
    /// Where the parts of [`Step::AtLeast`] start.
    parts: Vec<u32>,
    starts: Vec<u32>,
}

impl Programs {
    pub(super) fn add(&mut self, condition: &Expr, table: &mut PredicateTable) {
        let start = self.compile(condition, YES, NO, table);
        self.starts.push(start);
    }

    /// Written from the back, so that every step knows where it leads.
    fn compile(&mut self, expr: &Expr, yes: u32, no: u32, table: &mut PredicateTable) -> u32 {
        match expr {
            Expr::Test(predicate) => {
                let predicate = table.intern(predicate);
                self.push(Step::Test { predicate, yes, no })
            }
            Expr::All(parts) => {
                let cheap_first = by_cost(parts);
                cheap_first
                    .into_iter()
                    .rev()
                    .fold(yes, |next, part| self.compile(part, next, no, table))
            }
            Expr::Any(parts) => {
                let cheap_first = by_cost(parts);
                cheap_first
                    .into_iter()
                    .rev()
                    .fold(no, |next, part| self.compile(part, yes, next, table))
            }
            Expr::Not(part) => self.compile(part, no, yes, table),
            Expr::AtLeast(least, parts) => {
                let starts: Vec<u32> = by_cost(parts)
                    .into_iter()
                    .map(|part| self.compile(part, YES, NO, table))
                    .collect();
                let first = index(self.parts.len());
                let count = index(starts.len());
                self.parts.extend(starts);
                self.push(Step::AtLeast {
                    least: index(*least),
                    first,
                    count,
                    yes,
                    no,
                })
            }
        }
    }

    fn push(&mut self, step: Step) -> u32 {
        self.steps.push(step);
        index(self.steps.len() - 1)
    }

    /// Whether the rule's condition is true, given the truth of single predicates.
    pub(super) fn run(&self, rule: usize, passes: &mut dyn FnMut(PredicateId) -> bool) -> bool {
        self.run_from(self.starts[rule], passes)
    }

    fn run_from(&self, start: u32, passes: &mut dyn FnMut(PredicateId) -> bool) -> bool {
        let mut at = start;
        loop {
            at = match at {
                YES => return true,
                NO => return false,
                _ => match self.steps[at as usize] {
                    Step::Test { predicate, yes, no } => {
                        if passes(predicate) {
                            yes
                        } else {
                            no
                        }
                    }
                    Step::AtLeast {
                        least,
                        first,
                        count,
                        yes,
                        no,
                    } => {
                        let parts = &self.parts[first as usize..(first + count) as usize];
                        let found = parts
                            .iter()
                            .filter(|part| self.run_from(**part, passes))
                            .take(least as usize)
                            .count();
                        if found == least as usize { yes } else { no }
                    }
                },
            };
        }
    }
}

fn index(n: usize) -> u32 {
    u32::try_from(n)
        .ok()
        .filter(|n| *n < NO)
        .expect("fewer than 2^32 steps")
}

/// The parts with the cheap ones first. The order is free: tests have no effects.
fn by_cost(parts: &[Expr]) -> Vec<&Expr> {
    let mut sorted: Vec<&Expr> = parts.iter().collect();
    sorted.sort_by_cached_key(|part| {
        let mut dearest = 0;
        part.each_test(&mut |predicate| {
            let cost = match (&predicate.subject, &predicate.test) {
                (Subject::AnyText, _) => 3,
                (_, Test::Regex(_)) => 2,
                (_, test) if is_slow(test) => 1,
                _ => 0,
            };
            dearest = dearest.max(cost);
        });
        dearest
    });
    sorted
}
