//! All the needles of a field, found in one pass over a text.

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, Input};

use detector_rule::Place;

use super::predicate::PredicateId;

#[derive(Debug, Default)]
pub(super) struct Substrings {
    needles: Vec<(Box<str>, Place, PredicateId)>,
    automaton: Option<AhoCorasick>,
}

impl Substrings {
    pub(super) fn add(&mut self, text: &str, place: Place, id: PredicateId) {
        self.needles.push((text.into(), place, id));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    pub(super) fn compile(&mut self) {
        if !self.needles.is_empty() {
            let texts = self.needles.iter().map(|(text, ..)| text.as_bytes());
            self.automaton = Some(
                AhoCorasick::new(texts).expect("needles are within the size of their rule files"),
            );
        }
    }

    pub(super) fn find(&self, text: &str, pass: &mut dyn FnMut(PredicateId)) {
        let Some(automaton) = &self.automaton else {
            return;
        };
        let mut state = OverlappingState::start();
        let input = Input::new(text);
        loop {
            automaton.find_overlapping(input.clone(), &mut state);
            let Some(found) = state.get_match() else {
                return;
            };
            let (_, place, id) = &self.needles[found.pattern().as_usize()];
            let stands = match place {
                Place::Anywhere => true,
                Place::Start => found.start() == 0,
                Place::End => found.end() == text.len(),
                Place::Whole => found.start() == 0 && found.end() == text.len(),
            };
            if stands {
                pass(*id);
            }
        }
    }
}
