//! Conditions that no event can satisfy, or every event does: tests of a field that exclude each other.
//!
//! A search for a choice of tests that can all come out as the condition wants. What is known of two tests is little, and
//! what is not known is taken to be possible: a condition that is told of is contradictory, one that is not may be.

use std::cmp::Ordering;

use hashbrown::HashMap;

use detector_event::field::{FieldTable, SlotId};

use crate::model::condition::{
    Case, Expr, MomentPart, Number, Order, Place, Predicate, Subject, Test, TextTest,
};
use crate::yaml::letter_case::fold;
use crate::yaml::yaml_tree::shortened;

/// Looks at tests before a condition is taken to be possible.
const STEPS_MAX: usize = 20_000;

/// What is odd about a condition, in words; `None` where it may be true and may be false.
pub(crate) fn doubt(root: &Expr, fields: &FieldTable) -> Option<String> {
    let impossible = |is_wanted, values| {
        let mut search = Search::new(values);
        let found = search.finds(&Todo::One(root, is_wanted, &Todo::Done));
        (!found).then(|| search.clash).flatten()
    };
    let words = |clash: Clash<'_>| clash.words(fields);
    if let Some(clash) = impossible(true, Values::Several) {
        return Some(format!("the condition can never be true: {}", words(clash)));
    }
    if impossible(false, Values::Several).is_some() {
        return Some("the condition is true of every event of the log source".to_owned());
    }
    let impossible = |values| impossible(true, values).map(words);
    if let Some(clash) = impossible(Values::OneWhereKnown(fields)) {
        return Some(format!(
            "the condition can never be true: {clash}, and an event has one of it"
        ));
    }
    let clash = impossible(Values::OneNumber)?;
    Some(format!(
        "the condition can be true only of a list of numbers: of one {clash}"
    ))
}

/// Fields of CloudTrail that have one value (its reference of record contents).
const SINGLE_FIELDS: [&str; 21] = [
    "apiVersion",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventCategory",
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "managementEvent",
    "readOnly",
    "recipientAccountId",
    "requestID",
    "sourceIPAddress",
    "userAgent",
    "userIdentity.accountId",
    "userIdentity.arn",
    "userIdentity.type",
    "userIdentity.userName",
];

/// Whether a field can have several values, one of which passes one test and another the other.
#[derive(Clone, Copy)]
enum Values<'f> {
    Several,
    /// Not those that are known to have one.
    OneWhereKnown(&'f FieldTable),
    /// No field has several numbers.
    OneNumber,
}

impl Values<'_> {
    fn are_one(self, slot: SlotId, tests: [&Test; 2]) -> bool {
        let is_number = |test| matches!(test, &&Test::Number(..) | &&Test::Moment { .. });
        match self {
            Values::Several => false,
            Values::OneWhereKnown(fields) => SINGLE_FIELDS.contains(&fields.path(slot)),
            Values::OneNumber => tests.iter().all(is_number),
        }
    }
}

/// What is left to be satisfied.
enum Todo<'e, 't> {
    Done,
    /// This comes out so, and the rest.
    One(&'e Expr, bool, &'t Todo<'e, 't>),
    /// So many of these do at least, and the rest.
    Some(usize, &'e [Expr], bool, &'t Todo<'e, 't>),
}

/// A test, and what is wanted of it.
type Literal<'e> = (&'e Predicate, bool);

/// Two that exclude each other; one that is impossible by itself is both.
#[derive(Debug, Clone, Copy)]
struct Clash<'e> {
    one: Literal<'e>,
    other: Literal<'e>,
}

struct Search<'e> {
    values: Values<'e>,
    steps: usize,
    chosen: HashMap<Subject, Vec<Literal<'e>>>,
    clash: Option<Clash<'e>>,
}

impl<'e> Search<'e> {
    fn new(values: Values<'e>) -> Self {
        Self {
            values,
            steps: 0,
            chosen: HashMap::new(),
            clash: None,
        }
    }

    fn finds(&mut self, todo: &Todo<'e, '_>) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return true;
        }
        let (expr, is_wanted, rest) = match *todo {
            Todo::Done => return true,
            Todo::One(expr, is_wanted, rest) => (expr, is_wanted, rest),
            Todo::Some(number, parts, is_wanted, rest) => {
                return self.finds_some((number, parts, is_wanted), rest);
            }
        };
        match expr {
            Expr::Test(predicate) => {
                let took = self.take((predicate, is_wanted));
                let found = took && self.finds(rest);
                if took && !found {
                    self.give_back(predicate.subject);
                }
                found
            }
            Expr::Not(part) => self.finds(&Todo::One(part, !is_wanted, rest)),
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                let wanted = match expr {
                    Expr::All(_) => parts.len(),
                    Expr::AtLeast(number, _) => *number,
                    _ => 1,
                };
                // To be too few, the others must come out false.
                let number = match is_wanted {
                    true => wanted,
                    false => (parts.len() + 1).saturating_sub(wanted),
                };
                self.finds(&Todo::Some(number, parts, is_wanted, rest))
            }
        }
    }

    fn finds_some(
        &mut self,
        (mut number, mut parts, is_wanted): (usize, &'e [Expr], bool),
        rest: &Todo<'e, '_>,
    ) -> bool {
        // All of many tests, one after the other: a list of values may be long, and must not go as deep.
        let mut taken = Vec::new();
        let found = loop {
            if number == 0 {
                break self.finds(rest);
            }
            let Some((first, others)) = parts.split_first().filter(|_| number <= parts.len())
            else {
                break false;
            };
            if number == parts.len()
                && let Expr::Test(predicate) = first
            {
                if !self.take((predicate, is_wanted)) {
                    break false;
                }
                taken.push(predicate.subject);
                (number, parts) = (number - 1, others);
                continue;
            }
            let with = Todo::Some(number - 1, others, is_wanted, rest);
            if self.finds(&Todo::One(first, is_wanted, &with)) {
                break true;
            }
            parts = others;
        };
        if !found {
            taken
                .into_iter()
                .for_each(|subject| self.give_back(subject));
        }
        found
    }

    /// Wants this of the test, too. Returns whether that is possible.
    fn take(&mut self, literal: Literal<'e>) -> bool {
        let chosen = self.chosen.entry(literal.0.subject).or_default();
        self.steps += chosen.len();
        let clashes = |other: &&Literal<'e>| exclude(literal, **other, self.values);
        let other = match is_impossible(literal) {
            true => Some(literal),
            false => chosen.iter().find(clashes).copied(),
        };
        match other {
            Some(other) => {
                self.clash.get_or_insert(Clash {
                    one: other,
                    other: literal,
                });
            }
            None => chosen.push(literal),
        }
        other.is_none()
    }

    fn give_back(&mut self, subject: Subject) {
        self.chosen.get_mut(&subject).and_then(Vec::pop);
    }
}

/// Whether no event makes the test come out so.
fn is_impossible((predicate, is_wanted): Literal<'_>) -> bool {
    let Test::Moment {
        part,
        order,
        number,
    } = predicate.test
    else {
        return false;
    };
    let (least, most) = match part {
        MomentPart::Minute => (0, 59),
        MomentPart::Hour => (0, 23),
        MomentPart::Day => (1, 31),
        MomentPart::Week => (1, 53),
        MomentPart::Month => (1, 12),
        MomentPart::Year => return false,
    };
    let passes = |value: i128| {
        let ordering = Number::Int(value).compare(number);
        ordering.is_some_and(|ordering| order.holds(ordering))
    };
    is_wanted && !(least..=most).any(passes)
}

/// Whether two tests of one subject cannot come out so at once.
fn exclude(one: Literal<'_>, other: Literal<'_>, values: Values<'_>) -> bool {
    let ((a, a_wanted), (b, b_wanted)) = (one, other);
    if a == b {
        return a_wanted != b_wanted;
    }
    let Subject::Field(slot) = a.subject else {
        return false;
    };
    match (a_wanted, b_wanted) {
        (true, true) => {
            values.are_one(slot, [&a.test, &b.test]) && no_value_passes_both(&a.test, &b.test)
        }
        (true, false) => passes_whatever_passes(&b.test, &a.test),
        (false, true) => passes_whatever_passes(&a.test, &b.test),
        (false, false) => false,
    }
}

/// Whether a field with a value that passes `test` passes `wider`, too.
fn passes_whatever_passes(wider: &Test, test: &Test) -> bool {
    match (wider, test) {
        (_, Test::Null) => false,
        (Test::Present, _) => true,
        (
            Test::AnyText,
            Test::Text(_) | Test::Glob(_) | Test::Regex(_) | Test::Number(..) | Test::Cidr(_),
        ) => true,
        (Test::Text(wider), Test::Text(test)) => {
            let is_sure = wider.case == Case::Ignored || test.case == Case::Kept;
            is_sure && test.place == Place::Whole && stands_in(wider, test)
        }
        _ => false,
    }
}

fn no_value_passes_both(one: &Test, other: &Test) -> bool {
    let pairs = [(one, other), (other, one)];
    pairs.into_iter().any(|pair| match pair {
        (Test::Null, test) => !matches!(test, Test::Present | Test::Null),
        (Test::Text(whole), Test::Text(test)) if whole.place == Place::Whole => {
            !stands_in(test, whole)
        }
        (Test::Text(whole), &Test::Number(order, number)) if whole.place == Place::Whole => {
            let value = Number::from_text(&whole.text);
            let ordering = value.and_then(|value| value.compare(number));
            !ordering.is_some_and(|ordering| order.holds(ordering))
        }
        (&Test::Number(order, number), &Test::Number(other, bound)) => {
            are_apart((order, number), (other, bound))
        }
        (
            &Test::Moment {
                part,
                order,
                number,
            },
            &Test::Moment {
                part: other_part,
                order: other,
                number: bound,
            },
        ) => part == other_part && are_apart((order, number), (other, bound)),
        _ => false,
    })
}

/// Whether the text of `test` is where it must be in `whole`, where the case does not matter or is the same.
fn stands_in(test: &TextTest, whole: &TextTest) -> bool {
    let folded = |text: &TextTest| match test.case == Case::Kept && whole.case == Case::Kept {
        true => text.text.to_string(),
        false => fold(&text.text),
    };
    let (part, whole) = (folded(test), folded(whole));
    match test.place {
        Place::Whole => part == whole,
        Place::Start => whole.starts_with(&part),
        Place::End => whole.ends_with(&part),
        Place::Anywhere => whole.contains(&part),
    }
}

/// Whether no number compares with one bound as wanted and with the other, too. The first is the lower bound, or the
/// number itself.
fn are_apart((lower, from): (Order, Number), (upper, to): (Order, Number)) -> bool {
    let ordering = from.compare(to);
    match (lower, upper) {
        (Order::Eq, upper) => !ordering.is_some_and(|ordering| upper.holds(ordering)),
        (Order::Gt, Order::Lt | Order::Lte) | (Order::Gte, Order::Lt) => {
            ordering.is_some_and(Ordering::is_ge)
        }
        (Order::Gte, Order::Lte) => ordering.is_some_and(Ordering::is_gt),
        _ => false,
    }
}

impl Clash<'_> {
    fn words(self, fields: &FieldTable) -> String {
        let (one, other) = (
            literal_words(self.one, fields),
            literal_words(self.other, fields),
        );
        match one == other {
            true => format!("{one} never passes"),
            false => format!("{one} and {other} exclude each other"),
        }
    }
}

/// ``not `eventName|startswith: Get` ``
fn literal_words((predicate, is_wanted): Literal<'_>, fields: &FieldTable) -> String {
    let field = match predicate.subject {
        Subject::Field(slot) => fields.path(slot),
        Subject::AnyText => "",
    };
    let test = match &predicate.test {
        Test::Text(text) => {
            let place = match text.place {
                Place::Whole => "",
                Place::Start => "|startswith",
                Place::End => "|endswith",
                Place::Anywhere if field.is_empty() => "",
                Place::Anywhere => "|contains",
            };
            let colon = if field.is_empty() { "" } else { ": " };
            format!(
                "`{field}{place}{colon}{}`",
                shortened(&text.text).trim_matches('`')
            )
        }
        Test::Number(order, number) => format!("`{field}{}`", compared("", *order, *number)),
        Test::Moment {
            part,
            order,
            number,
        } => {
            let part = format!("|{part:?}").to_lowercase();
            format!("`{field}{}`", compared(&part, *order, *number))
        }
        Test::Null => format!("`{field}: null`"),
        Test::Present => format!("`{field}|exists`"),
        _ => format!("a test of `{field}`"),
    };
    match is_wanted {
        true => test,
        false => format!("not {test}"),
    }
}

fn compared(part: &str, order: Order, number: Number) -> String {
    let order = match order {
        Order::Eq => String::new(),
        order => format!("|{order:?}").to_lowercase(),
    };
    let number = match number {
        Number::Int(number) => number.to_string(),
        Number::Float(number) => number.to_string(),
    };
    format!("{part}{order}: {number}")
}
