//! Every distinct test of every rule, numbered, and grouped by the field it looks at.

use hashbrown::HashMap;

use detector_event::field::SlotId;
use detector_rule::{Element, Predicate, Subject, Test};

use super::field_tests::FieldTests;
use super::predicate::PredicateId;

/// How a predicate is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With all others of its group.
    Together(u32),
    Alone,
}

#[derive(Debug)]
pub(super) struct PredicateTable {
    ids: HashMap<Predicate, PredicateId, foldhash::fast::FixedState>,
    predicates: Vec<Predicate>,
    ways: Vec<Way>,
    /// By slot, then one for the keywords.
    groups: Vec<FieldTests>,
    slots: Vec<SlotId>,
    group_of_slot: Vec<Option<u32>>,
    slow_keywords: Vec<PredicateId>,
    keyword_group: Option<u32>,
}

impl PredicateTable {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            ids: HashMap::default(),
            predicates: Vec::new(),
            ways: Vec::new(),
            groups: Vec::new(),
            slots: Vec::new(),
            group_of_slot: vec![None; slots],
            slow_keywords: Vec::new(),
            keyword_group: None,
        }
    }

    /// The number of `predicate`, given if it is new.
    pub(super) fn intern(&mut self, predicate: &Predicate) -> PredicateId {
        if let Some(&id) = self.ids.get(predicate) {
            return id;
        }
        let id = PredicateId::try_from(self.predicates.len()).expect("fewer than 2^32 tests");
        let alone = is_slow(&predicate.test);
        let way = match predicate.subject {
            Subject::Field(_) if alone => Way::Alone,
            Subject::Field(slot) => Way::Together(self.group_of(slot)),
            // Keywords share one walk over the event, the slow ones included.
            Subject::AnyText => Way::Together(self.keyword_group()),
        };
        if let Way::Together(group) = way {
            if alone {
                self.slow_keywords.push(id);
            } else {
                self.groups[group as usize].add(&predicate.test, id);
            }
        }
        self.ids.insert(predicate.clone(), id);
        self.predicates.push(predicate.clone());
        self.ways.push(way);
        id
    }

    fn group_of(&mut self, slot: SlotId) -> u32 {
        match self.group_at(slot) {
            Some(group) => group,
            None => {
                let group = self.new_group(slot);
                self.group_of_slot[slot.index()] = Some(group);
                group
            }
        }
    }

    /// The group of the tests of a field that are evaluated together.
    pub(super) fn group_at(&self, slot: SlotId) -> Option<u32> {
        self.group_of_slot[slot.index()]
    }

    fn keyword_group(&mut self) -> u32 {
        match self.keyword_group {
            Some(group) => group,
            None => {
                let group = self.push_group();
                self.keyword_group = Some(group);
                group
            }
        }
    }

    fn new_group(&mut self, slot: SlotId) -> u32 {
        let group = self.push_group();
        self.slots.resize(group as usize, slot);
        self.slots.push(slot);
        group
    }

    fn push_group(&mut self) -> u32 {
        self.groups.push(FieldTests::default());
        u32::try_from(self.groups.len() - 1).expect("fewer than 2^32 fields")
    }

    /// Compiles the groups; nothing is interned after this.
    pub(super) fn finish(&mut self) {
        for group in &mut self.groups {
            group.compile();
        }
        self.ids.shrink_to_fit();
    }

    pub(super) fn id(&self, predicate: &Predicate) -> Option<PredicateId> {
        self.ids.get(predicate).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.predicates.len()
    }

    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The number of slots.
    pub(super) fn slots(&self) -> usize {
        self.group_of_slot.len()
    }

    pub(super) fn way(&self, id: PredicateId) -> Way {
        self.ways[id as usize]
    }

    pub(super) fn predicate(&self, id: PredicateId) -> &Predicate {
        &self.predicates[id as usize]
    }

    pub(super) fn group(&self, group: u32) -> (Subject, &FieldTests) {
        let tests = &self.groups[group as usize];
        if self.keyword_group == Some(group) {
            return (Subject::AnyText, tests);
        }
        (Subject::Field(self.slots[group as usize]), tests)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = (PredicateId, &Element)> {
        (0..)
            .zip(&self.predicates)
            .filter_map(|(id, predicate)| match &predicate.test {
                Test::Element(element) => Some((id, element)),
                _ => None,
            })
    }

    pub(super) fn slow_keywords(&self) -> &[PredicateId] {
        &self.slow_keywords
    }
}

/// Whether a test is run one by one, only when a rule asks for it.
pub(super) fn is_slow(test: &Test) -> bool {
    matches!(
        test,
        Test::Glob(_)
            | Test::Regex(_)
            | Test::OtherField { .. }
            | Test::Moment { .. }
            | Test::Listed(_)
            | Test::Element(_)
    )
}
