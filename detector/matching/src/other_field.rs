//! `fieldref`: the values of one field against those of another.
//!
//! An attacker writes both lists, so no pair of long lists is compared value by value: the values of the other field are
//! sorted, or become one automaton, and each value of the first asks them all at once. What is sorted cannot be made to
//! collide, as what is hashed with a known seed could be.

use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_rule::{Case, Place, fold_into};

use super::needles::Needles;
use super::value_text::{number_of, text_of};

/// So few pairs cost less than what would spare them.
const PAIRS_MAX: usize = 64;

/// Text of the other field that one automaton holds: it needs some forty bytes for each. More text takes another walk.
const AUTOMATON_BYTES_MAX: usize = 8 << 20;

/// Whether some value of the first slot is (at its start, at its end, somewhere in it) some value of the second.
pub(super) fn compares(slots: &Slots<'_>, of: [SlotId; 2], place: Place, case: Case) -> bool {
    let [these, those] = of.map(|slot| Values::of(slots, slot, case));
    if place == Place::Whole && share(these.numbers(), those.numbers()) {
        return true;
    }
    let pairs = these.texts.len().saturating_mul(those.texts.len());
    if pairs <= PAIRS_MAX {
        let is_in = |a: &[u8]| those.texts().any(|b| stands(a, b, place));
        return these.texts().any(is_in);
    }
    match place {
        Place::Whole => share(these.texts().collect(), those.texts().collect()),
        Place::Start => begins(&these, those.texts().map(<[u8]>::to_vec).collect()),
        Place::End => {
            let reversed = |text: &[u8]| text.iter().rev().copied().collect::<Vec<u8>>();
            begins(&these.reversed(), those.texts().map(reversed).collect())
        }
        Place::Anywhere => holds_any(&these, &those),
    }
}

/// The values of a field, as they are compared.
struct Values {
    buffer: Vec<u8>,
    /// Where each text lies in the buffer.
    texts: Vec<(usize, usize)>,
    numbers: Vec<(bool, u128)>,
}

impl Values {
    fn of(slots: &Slots<'_>, slot: SlotId, case: Case) -> Self {
        let (mut all, mut number) = (String::new(), String::new());
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for value in slots.values(slot) {
            // Numbers are one also where they are written differently: 200 and 200.0. Of text, only the letters count.
            if let Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) = value {
                numbers.extend(number_of(value).map(|number| number.key()));
            }
            let Some(text) = text_of(value, &mut number) else {
                continue;
            };
            let from = all.len();
            match case {
                Case::Ignored => fold_into(text, &mut all),
                Case::Kept => all.push_str(text),
            }
            texts.push((from, all.len()));
        }
        Self {
            buffer: all.into_bytes(),
            texts,
            numbers,
        }
    }

    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|(from, to)| &self.buffer[*from..*to])
    }

    fn numbers(&self) -> Vec<(bool, u128)> {
        self.numbers.clone()
    }

    fn reversed(mut self) -> Self {
        for (from, to) in &self.texts {
            self.buffer[*from..*to].reverse();
        }
        self
    }
}

fn stands(a: &[u8], b: &[u8], place: Place) -> bool {
    match place {
        Place::Whole => a == b,
        Place::Start => a.starts_with(b),
        Place::End => a.ends_with(b),
        Place::Anywhere => memchr::memmem::find(a, b).is_some(),
    }
}

/// Whether two lists have a member in common.
fn share<T: Ord>(these: Vec<T>, mut those: Vec<T>) -> bool {
    those.sort_unstable();
    these.iter().any(|it| those.binary_search(it).is_ok())
}

/// Whether a text begins with one of `beginnings`.
fn begins(texts: &Values, mut beginnings: Vec<Vec<u8>>) -> bool {
    beginnings.sort_unstable();
    // What begins with another one says nothing more. Of those left, the last that is not above a text is the only one with
    // which it can begin.
    beginnings.dedup_by(|later, kept| later.starts_with(kept));
    texts.texts().any(|text| {
        let above = beginnings.partition_point(|it| &it[..] <= text);
        above > 0 && text.starts_with(&beginnings[above - 1])
    })
}

/// Whether a text has one of `needles` in it.
fn holds_any(texts: &Values, needles: &Values) -> bool {
    let mut needles: Vec<&[u8]> = needles.texts().collect();
    needles.sort_unstable();
    needles.dedup();
    let mut rest = &needles[..];
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |needle: &&&[u8]| {
            bytes += needle.len();
            bytes <= AUTOMATON_BYTES_MAX
        };
        // One that is longer than all has an automaton to itself.
        let count = rest.iter().take_while(fits).count().max(1);
        let (some, more) = rest.split_at(count);
        rest = more;
        let some = Needles::new(some);
        if texts.texts().any(|text| some.are_in(text)) {
            return true;
        }
    }
    false
}
