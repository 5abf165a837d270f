//! An event goes in, the detection rules it matches come out. Stateless: all memory is the caller's [`Scratch`].
//!
//! Equal tests of all rules are one predicate. The tests of one field are evaluated together, once per event and only
//! when a rule asks. Most rules are never asked: each is filed under tests of which one must pass (`eventName` is
//! one of three), and is looked at only for events that pass it.

mod predicate_table; // equal tests are one
mod program; // conditions as flat jumps
mod substring; // all needles of a field in one pass
mod field_tests; // all tests of a field, together
mod value_text; // values as text and numbers
mod slow_test; // globs, regexes, other fields, times: one by one
mod keyword; // every string of the raw event
mod rule_index; // which rules to look at

use crate::event::{Event, LogSource};
use crate::rule::{DetectionIx, RuleSet, Subject};

use predicate_table::{PredicateId, PredicateTable, Way};
use program::Programs;
use rule_index::RuleIndex;

/// The conditions of all detection rules, compiled. Shared by all threads.
#[derive(Debug)]
pub struct Matcher {
    table: PredicateTable,
    programs: Programs,
    indexes: Vec<RuleIndex>,
}

/// One thread's memory for [`Matcher::matches`]; grows to its size once.
#[derive(Debug)]
pub struct Scratch {
    /// By predicate: passed.
    truth: Bits,
    /// By predicate that is tested alone: has been tested.
    tested: Bits,
    /// By group of predicates: has been evaluated.
    evaluated: Bits,
    /// By detection rule: to be looked at.
    candidates: Bits,
    buffers: Buffers,
}

/// Room for the text of a number and for folded text.
#[derive(Debug, Default)]
struct Buffers {
    text: String,
    folded: String,
}

impl Matcher {
    pub fn new(rules: &RuleSet) -> Self {
        let mut table = PredicateTable::new(rules.fields.len());
        let mut programs = Programs::default();
        for rule in &rules.detections {
            programs.add(&rule.condition.root, &mut table);
        }
        table.finish();
        let indexes = LogSource::ALL
            .map(|source| RuleIndex::new(rules, source, &table))
            .into();
        Self {
            table,
            programs,
            indexes,
        }
    }

    pub fn scratch(&self) -> Scratch {
        Scratch {
            truth: Bits::new(self.table.len()),
            tested: Bits::new(self.table.len()),
            evaluated: Bits::new(self.table.groups()),
            candidates: Bits::new(self.programs.len()),
            buffers: Buffers::default(),
        }
    }

    /// Calls `hit` with each detection rule that the event matches, ascending.
    ///
    /// `scratch` must come from this matcher; nothing of an event stays in it.
    pub fn matches(
        &self,
        event: &Event<'_, '_>,
        scratch: &mut Scratch,
        hit: &mut dyn FnMut(DetectionIx),
    ) {
        let Some(index) = LogSource::ALL
            .iter()
            .position(|s| *s == event.source)
            .and_then(|ix| self.indexes.get(ix))
        else {
            return;
        };
        scratch.truth.clear();
        scratch.tested.clear();
        scratch.evaluated.clear();
        scratch.candidates.copy_from(index.always());
        for &group in index.groups() {
            self.evaluate_group(group, event, scratch);
        }
        let Scratch {
            truth, candidates, ..
        } = scratch;
        truth.each(&mut |predicate| {
            for &rule in index.rules_under(predicate) {
                candidates.set(rule as usize);
            }
        });
        let mut word = 0;
        // The candidates do not change from here on; word by word leaves the scratch free for the programs.
        while let Some(mut left) = scratch.candidates.word(word) {
            while left != 0 {
                let rule = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if self.programs.run(rule, &mut |predicate| {
                    self.passes(predicate, event, scratch)
                }) {
                    hit(DetectionIx(
                        u32::try_from(rule).expect("fewer than 2^32 rules"),
                    ));
                }
            }
            word += 1;
        }
    }

    fn passes(&self, predicate: PredicateId, event: &Event<'_, '_>, scratch: &mut Scratch) -> bool {
        let at = predicate as usize;
        match self.table.way(predicate) {
            Way::Together(group) => self.evaluate_group(group, event, scratch),
            Way::Alone if scratch.tested.get(at) => {}
            Way::Alone => {
                scratch.tested.set(at);
                if slow_test::passes(self.table.predicate(predicate), event, &mut scratch.buffers) {
                    scratch.truth.set(at);
                }
            }
        }
        scratch.truth.get(at)
    }

    fn evaluate_group(&self, group: u32, event: &Event<'_, '_>, scratch: &mut Scratch) {
        if scratch.evaluated.get(group as usize) {
            return;
        }
        scratch.evaluated.set(group as usize);
        let (subject, tests) = self.table.group(group);
        let Scratch { truth, buffers, .. } = scratch;
        let mut pass = |predicate: PredicateId| truth.set(predicate as usize);
        match subject {
            Subject::Field(slot) => tests.evaluate_field(event.slots, slot, buffers, &mut pass),
            Subject::AnyText => keyword::each_text(event.body, &mut |text| {
                tests.evaluate_text(text, &mut buffers.folded, &mut pass);
                for &predicate in self.table.slow_keywords() {
                    if slow_test::text_passes(
                        &self.table.predicate(predicate).test,
                        text,
                        &mut buffers.folded,
                    ) {
                        pass(predicate);
                    }
                }
            }),
        }
    }
}

/// A fixed number of bits.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    fn copy_from(&mut self, other: &Bits) {
        self.0.copy_from_slice(&other.0);
    }

    fn get(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn word(&self, word: usize) -> Option<u64> {
        self.0.get(word).copied()
    }

    fn each(&self, see: &mut dyn FnMut(usize)) {
        for (index, &word) in self.0.iter().enumerate() {
            let mut left = word;
            while left != 0 {
                see(index * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}
