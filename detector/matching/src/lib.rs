//! An event goes in, the detection rules it matches come out. Stateless: all memory is the caller's [`Scratch`].
//!
//! Equal tests of all rules are one predicate. The tests of one field are evaluated together, once per event and only
//! when a rule asks. Most rules are never asked: each is filed under tests of which one must pass (`eventName` is
//! one of three), and is looked at only for events that pass it.
#![warn(clippy::disallowed_methods)]

mod predicate; // its number
mod buffers; // room for their texts
mod predicate_table; // equal tests are one
mod program; // conditions as flat jumps
mod substring; // all needles of a field in one pass
mod memo; // what values came to that come again
mod object_text; // objects as text
mod field_tests; // all tests of a field, together
mod value_text; // values as text and numbers
mod needles; // many texts in one pass, whoever wrote them
mod other_field; // a field against another
mod slow_test; // globs, regexes, other fields, times: one by one
mod keyword; // every string of the raw event
mod rule_index; // which rules to look at

use hashbrown::HashMap;

use detector_event::event::{Body, Event, LogSource};
use detector_event::field::FieldTable;
use detector_event::scan::scan_json;
use detector_event::slots::Slots;
use detector_rule::{DetectionIx, Expr, Predicate, RuleSet, Subject, Test};

use buffers::Buffers;
use field_tests::FieldTests;
use memo::Memo;
use object_text::Objects;
use predicate::PredicateId;
use predicate_table::{PredicateTable, Way};
use program::Programs;
use rule_index::RuleIndex;

/// The conditions of all detection rules, compiled. Shared by all threads.
#[derive(Debug)]
pub struct Matcher {
    table: PredicateTable,
    programs: Programs,
    indexes: Vec<RuleIndex>,
    /// By the predicate that asks for them: the tests within an object.
    elements: HashMap<PredicateId, Matcher, foldhash::fast::FixedState>,
}

/// One thread's memory for [`Matcher::matches`]; grows to its size once.
#[derive(Debug)]
pub struct Scratch {
    /// By predicate: passed.
    truth: Marks,
    /// By predicate that is tested alone: has been tested.
    tested: Marks,
    /// By group of predicates: has been evaluated.
    evaluated: Marks,
    /// By slot.
    memos: Vec<Memo>,
    /// Detection rules to be looked at.
    candidates: Vec<u32>,
    buffers: Buffers,
    /// By the predicate that asks for them: for the tests within an object.
    elements: HashMap<PredicateId, Scratch, foldhash::fast::FixedState>,
}

impl Scratch {
    /// Forgets what came of an event.
    fn clear(&mut self) {
        self.truth.clear();
        self.tested.clear();
        self.evaluated.clear();
    }
}

impl Matcher {
    pub fn new(rules: &RuleSet) -> Self {
        let roots = rules.detections.iter().map(|rule| &rule.condition.root);
        let mut matcher = Self::of(roots, &rules.fields);
        matcher.indexes = LogSource::ALL
            .map(|source| RuleIndex::new(rules, source, &matcher.table))
            .into();
        matcher
    }

    /// Of conditions that are asked for one by one.
    fn of<'r>(conditions: impl Iterator<Item = &'r Expr> + Clone, fields: &FieldTable) -> Self {
        let mut table = PredicateTable::new(fields.len());
        let mut programs = Programs::default();
        for root in conditions.clone() {
            programs.add(root, &mut table);
        }
        rule_index::make_anchors(conditions, &mut table);
        table.finish();
        let elements = table.elements().map(|(id, element)| {
            let root = std::iter::once(element.root());
            (id, Self::of(root, element.fields()))
        });
        Self {
            elements: elements.collect(),
            table,
            programs,
            indexes: Vec::new(),
        }
    }

    pub fn scratch(&self) -> Scratch {
        Scratch {
            truth: Marks::new(self.table.len()),
            tested: Marks::new(self.table.len()),
            evaluated: Marks::new(self.table.groups()),
            memos: (0..self.table.slots()).map(|_| Memo::default()).collect(),
            candidates: Vec::new(),
            buffers: Buffers::default(),
            elements: (self.elements.iter())
                .map(|(id, within)| (*id, within.scratch()))
                .collect(),
        }
    }

    /// Calls `hit` with each detection rule that the event matches, ascending.
    ///
    /// `fields` are those of the rules that it was made of, and of the event. `scratch` must come from this matcher.
    /// What stays in it of an event, some of its texts, changes no outcome.
    pub fn matches(
        &self,
        event: &Event<'_, '_>,
        fields: &FieldTable,
        scratch: &mut Scratch,
        hit: &mut dyn FnMut(DetectionIx),
    ) {
        let seen = Seen::of(event, fields);
        let Some(index) = LogSource::ALL
            .iter()
            .position(|s| *s == event.source)
            .and_then(|ix| self.indexes.get(ix))
        else {
            return;
        };
        scratch.clear();
        // A `for` would ask the iterator where it is each time.
        index.slots(event.slots).for_each(|slot| {
            if let Some(group) = self.table.group_at(slot) {
                self.evaluate_group(group, seen, scratch);
            }
        });
        let mut candidates = std::mem::take(&mut scratch.candidates);
        candidates.clear();
        candidates.extend_from_slice(index.always());
        for &predicate in &scratch.truth.marked {
            candidates.extend_from_slice(index.rules_under(predicate as usize));
        }
        if candidates.len() > 1 {
            candidates.sort_unstable();
            candidates.dedup();
        }
        for &rule in &candidates {
            if self.programs.run(rule as usize, &mut |predicate| {
                self.passes(predicate, seen, scratch)
            }) {
                hit(DetectionIx(rule));
            }
        }
        scratch.candidates = candidates;
    }

    fn passes(&self, predicate: PredicateId, seen: Seen<'_, '_>, scratch: &mut Scratch) -> bool {
        match self.table.way(predicate) {
            Way::Together(group) => self.evaluate_group(group, seen, scratch),
            Way::Alone if scratch.tested.get(predicate) => {}
            Way::Alone => {
                scratch.tested.set(predicate);
                let test = self.table.predicate(predicate);
                let within = self.elements.get(&predicate);
                let passes = match within.zip(scratch.elements.get_mut(&predicate)) {
                    Some((within, scratch)) => within.holds_in_an_object(test, seen, scratch),
                    None => {
                        let Scratch { memos, buffers, .. } = scratch;
                        let test = (predicate, test);
                        slow_test::passes(test, seen.event, seen.objects, memos, buffers)
                    }
                };
                if passes {
                    scratch.truth.set(predicate);
                }
            }
        }
        scratch.truth.get(predicate)
    }

    /// Whether the one condition of this matcher holds in one of the objects that `test` is asked of.
    fn holds_in_an_object(
        &self,
        test: &Predicate,
        seen: Seen<'_, '_>,
        scratch: &mut Scratch,
    ) -> bool {
        let (Subject::Field(slot), Test::Element(element)) = (test.subject, &test.test) else {
            return false;
        };
        let fields = element.fields();
        let mut holds = false;
        seen.objects.each_as_written(slot, &mut |json| {
            let mut slots = Slots::new(fields);
            if holds || scan_json(json.as_bytes(), fields, &mut slots).is_err() {
                return;
            }
            let event = Event {
                source: seen.event.source,
                time: seen.event.time,
                id: seen.event.id,
                account: seen.event.account,
                region: seen.event.region,
                arrival: seen.event.arrival,
                slots: &slots,
                body: Body::Json(json.as_bytes()),
            };
            let seen = Seen::of(&event, fields);
            scratch.clear();
            holds = self
                .programs
                .run(0, &mut |predicate| self.passes(predicate, seen, scratch));
        });
        holds
    }

    #[inline(always)]
    fn evaluate_group(&self, group: u32, seen: Seen<'_, '_>, scratch: &mut Scratch) {
        if !scratch.evaluated.get(group) {
            scratch.evaluated.set(group);
            self.evaluate_anew(group, seen, scratch);
        }
    }

    fn evaluate_anew(&self, group: u32, seen: Seen<'_, '_>, scratch: &mut Scratch) {
        let (subject, tests) = self.table.group(group);
        match subject {
            Subject::Field(slot) => {
                let Scratch {
                    truth,
                    memos,
                    buffers,
                    ..
                } = scratch;
                let mut pass = |predicate: PredicateId| truth.set(predicate);
                let memo = &mut memos[slot.index()];
                let (slots, objects) = (seen.event.slots, seen.objects);
                if !tests.recall_field(slots, slot, memo, &mut pass) {
                    tests.evaluate_field(slots, slot, objects, memo, buffers, &mut pass);
                }
            }
            Subject::AnyText => self.evaluate_keywords(tests, seen.event.body, scratch),
        }
    }

    /// Apart from the above, which every event goes through.
    #[inline(never)]
    fn evaluate_keywords(&self, tests: &FieldTests, body: Body<'_>, scratch: &mut Scratch) {
        let Scratch { truth, buffers, .. } = scratch;
        let mut pass = |predicate: PredicateId| truth.set(predicate);
        keyword::each_text(body, &mut |text| {
            tests.evaluate_text(text, &mut buffers.folded, &mut pass);
            for &predicate in self.table.slow_keywords() {
                let test = &self.table.predicate(predicate).test;
                if slow_test::text_passes(test, text, &mut buffers.folded) {
                    pass(predicate);
                }
            }
        });
    }
}

/// One event under test.
#[derive(Debug, Clone, Copy)]
struct Seen<'s, 'a> {
    event: &'s Event<'s, 'a>,
    objects: Objects<'s>,
}

impl<'s, 'a> Seen<'s, 'a> {
    fn of(event: &'s Event<'s, 'a>, fields: &'s FieldTable) -> Self {
        let body = event.body;
        let objects = Objects { body, fields };
        Self { event, objects }
    }
}

/// Marks on numbers below a fixed one. Forgetting them costs what was marked, not what could have been.
#[derive(Debug, Clone, Default)]
struct Marks {
    words: Vec<u64>,
    /// Those marked, each once.
    marked: Vec<u32>,
}

impl Marks {
    fn new(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(64)],
            marked: Vec::new(),
        }
    }

    fn clear(&mut self) {
        for at in self.marked.drain(..) {
            self.words[at as usize / 64] = 0;
        }
    }

    fn get(&self, at: u32) -> bool {
        self.words[at as usize / 64] >> (at % 64) & 1 == 1
    }

    fn set(&mut self, at: u32) {
        let word = &mut self.words[at as usize / 64];
        let bit = 1 << (at % 64);
        if *word & bit == 0 {
            *word |= bit;
            self.marked.push(at);
        }
    }
}
