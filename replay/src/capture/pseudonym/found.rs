//! What was found in a text, and what is written in its place.

use std::ops::Range;

use super::stand_in::REMOVED;

/// Kinds of what is found, as the report at the end tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Mail,
    Address,
    User,
    /// The name of a person, in text that does not say so.
    Name,
    Phone,
    Thing,
    Place,
    Account,
    Uuid,
    Principal,
    Secret,
    /// Binary, damaged or packed too deep.
    Unreadable,
}

impl What {
    pub(crate) const ALL: [What; 12] = [
        What::Mail,
        What::Address,
        What::User,
        What::Name,
        What::Phone,
        What::Thing,
        What::Place,
        What::Account,
        What::Uuid,
        What::Principal,
        What::Secret,
        What::Unreadable,
    ];

    /// Of one, and of several.
    pub(crate) fn names(self) -> [&'static str; 2] {
        match self {
            What::Mail => ["e-mail address", "e-mail addresses"],
            What::Address => ["network address", "network addresses"],
            What::User => ["user", "users"],
            What::Name => ["name in text", "names in text"],
            What::Phone => ["phone number", "phone numbers"],
            What::Thing => ["vehicle or device", "vehicles and devices"],
            What::Place => ["place", "places"],
            What::Account => ["AWS account", "AWS accounts"],
            What::Uuid => ["UUID", "UUIDs"],
            What::Principal => ["AWS identifier", "AWS identifiers"],
            What::Secret => ["secret", "secrets"],
            What::Unreadable => ["unreadable value", "unreadable values"],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) what: What,
    pub(super) with: String,
    /// What it is, where that is not what stands at `range`.
    pub(super) value: Option<String>,
}

impl Found {
    pub(super) fn new(range: Range<usize>, what: What, with: String) -> Self {
        Self {
            range,
            what,
            with,
            value: None,
        }
    }

    pub(super) fn secret(range: Range<usize>) -> Self {
        Self::new(range, What::Secret, REMOVED.into())
    }
}

/// In order, so that none touches another. Of two that begin at one place the longer counts; where one begins within
/// another, nothing of it is left.
pub(super) fn in_order(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| (a.range.start, b.range.end).cmp(&(b.range.start, a.range.end)));
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for mut one in found {
        let end = kept.last().map_or(0, |last| last.range.end);
        if one.range.end <= end {
            continue;
        }
        if one.range.start < end {
            one = Found::secret(end..one.range.end);
        }
        kept.push(one);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_found_is_left_where_two_overlap() {
        let one = |range: Range<usize>, with: &str| Found::new(range, What::User, with.into());
        let found = vec![
            one(4..9, "c"),
            one(0..3, "a"),
            one(0..6, "b"),
            one(1..2, "d"),
            one(9..10, "e"),
        ];
        let kept: Vec<_> = in_order(found)
            .into_iter()
            .map(|it| (it.range, it.with))
            .collect();
        assert_eq!(
            kept,
            [
                (0..6, "b".to_owned()),
                (6..9, "REMOVED".to_owned()),
                (9..10, "e".to_owned())
            ]
        );
    }
}
