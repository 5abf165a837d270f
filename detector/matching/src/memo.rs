//! What the values of one field came to, for those that come again and again, as `eventName` and `userAgent` do.
//!
//! The outcome of a text is a function of the text, so remembering it changes nothing. Bounded: a fixed number of
//! places, each of which holds the last text that belongs there, and only short texts that pass few tests.

use smallvec::SmallVec;

use super::predicate::PredicateId;

const PLACES: usize = 256;
/// User agents are the longest texts that repeat.
const TEXT_BYTES_MAX: usize = 256;
const TESTS_MAX: usize = 64;

/// One thread's memory of one field.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// None until the first text.
    places: Vec<Known>,
}

/// A text that was seen last, and what tests came to: names of calls and services without a look elsewhere in memory. Empty
/// texts are not remembered.
#[derive(Debug, Default, Clone)]
#[repr(align(128))]
struct Known {
    text: SmallVec<[u8; 32]>,
    /// Of the tests that are evaluated together, those that it passes, if they were evaluated.
    passed: SmallVec<[PredicateId; 4]>,
    is_evaluated: bool,
    /// The tests that it was asked for alone, and whether it passes them.
    alone: SmallVec<[(PredicateId, bool); 2]>,
}

impl Memo {
    /// The tests that `text` passes of those that are evaluated together, if that is remembered.
    #[inline(always)]
    pub(super) fn recall(&self, text: &str) -> Option<&[PredicateId]> {
        let known = self.places.get(place(text)?)?;
        (known.is_evaluated && same(&known.text, text.as_bytes())).then_some(&known.passed)
    }

    pub(super) fn keep(&mut self, text: &str, passed: &[PredicateId]) {
        if passed.len() <= TESTS_MAX
            && let Some(known) = self.known_or_new(text)
        {
            known.is_evaluated = true;
            known.passed.clear();
            known.passed.extend_from_slice(passed);
        }
    }

    /// Whether `text` passes a test that is evaluated alone, as `test` tells where it is not remembered.
    pub(super) fn alone(
        &mut self,
        text: &str,
        test: PredicateId,
        passes: impl FnOnce() -> bool,
    ) -> bool {
        let Some(known) = self.known_or_new(text) else {
            return passes();
        };
        if let Some((_, passed)) = known.alone.iter().find(|(id, _)| *id == test) {
            return *passed;
        }
        let passed = passes();
        if known.alone.len() < TESTS_MAX {
            known.alone.push((test, passed));
        }
        passed
    }

    fn known_or_new(&mut self, text: &str) -> Option<&mut Known> {
        let place = place(text)?;
        if self.places.is_empty() {
            self.places = vec![Known::default(); PLACES];
        }
        let known = &mut self.places[place];
        if !same(&known.text, text.as_bytes()) {
            known.text.clear();
            known.text.extend_from_slice(text.as_bytes());
            known.is_evaluated = false;
            known.alone.clear();
        }
        Some(known)
    }
}

/// Whether two texts are the same, without a call for those that are as short as most are.
#[inline(always)]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && match one.len() {
            8..=16 => have_same_ends::<8>(one, other),
            17..=32 => have_same_ends::<16>(one, other),
            33..=64 => have_same_ends::<32>(one, other),
            _ => one == other,
        }
}

#[inline(always)]
fn have_same_ends<const BYTES: usize>(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<BYTES>() == other.first_chunk()
        && one.last_chunk::<BYTES>() == other.last_chunk()
}

/// Where a text belongs, by its length and ends; nowhere, if it is not to be remembered.
#[inline(always)]
fn place(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > TEXT_BYTES_MAX {
        return None;
    }
    let shifted = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    let ends = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(head), Some(tail)) => {
            u64::from_le_bytes(*head) ^ u64::from_le_bytes(*tail).rotate_left(29)
        }
        _ => bytes.iter().fold(0, shifted),
    };
    let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Some((mixed >> 32) as usize % PLACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_what_it_came_to_or_nothing() {
        let mut memo = Memo::default();
        let texts: Vec<String> = (0..2_000).map(|n| format!("text-{n}")).collect();
        let mut recalled = 0;
        for _ in 0..2 {
            for (number, text) in (0..).zip(&texts) {
                memo.keep(text, &[number, number + 1]);
                assert_eq!(memo.recall(text), Some(&[number, number + 1][..]));
            }
            for (number, text) in (0..).zip(&texts) {
                if let Some(passed) = memo.recall(text) {
                    assert_eq!(passed, [number, number + 1]);
                    recalled += 1;
                }
            }
        }
        assert!((PLACES..2 * PLACES + 1).contains(&recalled), "{recalled}");
    }

    #[test]
    fn what_is_long_or_passes_much_is_not_kept() {
        let mut memo = Memo::default();
        let (long, many) = ("x".repeat(TEXT_BYTES_MAX + 1), [0; TESTS_MAX + 1]);
        for (text, passed) in [("", &[1][..]), (&long, &[1]), ("many", &many)] {
            memo.keep(text, passed);
            assert_eq!(memo.recall(text), None);
        }
    }

    #[test]
    fn a_test_is_asked_once_of_a_text_that_comes_again() {
        let mut memo = Memo::default();
        let mut asked = 0;
        for _ in 0..3 {
            for (test, passes) in [(7, true), (8, false)] {
                let ask = || {
                    asked += 1;
                    passes
                };
                assert_eq!(memo.alone("text", test, ask), passes);
            }
        }
        assert_eq!(asked, 2);
        // What is evaluated together is known by itself, and another text in the same place is another.
        assert_eq!(memo.recall("text"), None);
        memo.keep("text", &[1]);
        assert!(memo.alone("text", 7, || unreachable!("remembered")));
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for passes in [true, false] {
            assert_eq!(memo.alone(&long, 7, || passes), passes);
        }
        for n in 0..10 * PLACES {
            assert!(!memo.alone(&format!("other {n}"), 7, || false));
        }
        assert!(!memo.alone("text", 7, || false), "forgotten");
    }

    #[test]
    fn so_many_tests_are_remembered_alone() {
        let mut memo = Memo::default();
        for test in 0..2 * TESTS_MAX as u32 {
            assert_eq!(memo.alone("text", test, || test % 2 == 0), test % 2 == 0);
        }
        assert_eq!(memo.places[place("text").unwrap()].alone.len(), TESTS_MAX);
    }
}
