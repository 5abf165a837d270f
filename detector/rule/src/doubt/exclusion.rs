//! What is known of two tests of one field: that one excludes the other.

use std::cmp::Ordering;

use detector_event::field::{FieldTable, SlotId};

use crate::model::condition::{
    Case, MomentPart, Number, Order, Place, Predicate, Subject, Test, TextTest,
};
use crate::yaml::letter_case::fold;

/// A test, and what is wanted of it.
pub(crate) type Literal<'e> = (&'e Predicate, bool);

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
pub(crate) enum Values<'f> {
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

/// Whether no event makes the test come out so.
pub(crate) fn is_impossible((predicate, is_wanted): Literal<'_>) -> bool {
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
pub(crate) fn exclude(one: Literal<'_>, other: Literal<'_>, values: Values<'_>) -> bool {
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
            let is_piece_of_piece = matches!(
                (wider.place, test.place),
                (_, Place::Whole)
                    | (Place::Anywhere, _)
                    | (Place::Start, Place::Start)
                    | (Place::End, Place::End)
            );
            is_sure && is_piece_of_piece && stands_in(wider, test)
        }
        (Test::Cidr(wider), Test::Cidr(test)) => wider.contains(test),
        (&Test::Number(wider, bound), &Test::Number(order, number)) => {
            is_within((order, number), (wider, bound))
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

/// Whether each number that compares with the first as wanted compares with the second so, too.
fn is_within((order, number): (Order, Number), (wider, bound): (Order, Number)) -> bool {
    let Some(ordering) = number.compare(bound) else {
        return false;
    };
    match (order, wider) {
        (Order::Eq, wider) => wider.holds(ordering),
        (Order::Gt, Order::Gt | Order::Gte) | (Order::Gte, Order::Gte) => ordering.is_ge(),
        (Order::Gte, Order::Gt) => ordering.is_gt(),
        (Order::Lt, Order::Lt | Order::Lte) | (Order::Lte, Order::Lte) => ordering.is_le(),
        (Order::Lte, Order::Lt) => ordering.is_lt(),
        _ => false,
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
