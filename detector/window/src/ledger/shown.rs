//! What alerts show of events beside the group: the values of fields (`vedette.show`), such as the accounts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use detector_rule::FieldTag;

/// The most values of a field that an alert shows.
pub const VALUES_MAX: usize = 20;

/// Texts of events that are longer are cut where they are shown.
pub const TEXT_BYTES_MAX: usize = 128;

/// What of a hit's event alerts can tell.
#[derive(Debug, Clone, Copy)]
pub struct EventTexts<'h> {
    pub id: &'h str,
    pub shown: &'h [(FieldTag, Cow<'h, str>)],
}

/// A value of a shown field, and when it was there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShownValue {
    pub field: FieldTag,
    pub time: i64,
    pub text: Box<str>,
}

impl ShownValue {
    pub fn new(field: FieldTag, time: i64, text: &str) -> Self {
        let text = cut(text, TEXT_BYTES_MAX).into();
        Self { field, time, text }
    }

    /// Bytes, those on the heap included.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

/// Takes in more values. Of each field the distinct ones that came first are left, at most [`VALUES_MAX`], each at its first
/// time; sorted.
pub fn take_first(values: &mut Vec<ShownValue>, more: impl IntoIterator<Item = ShownValue>) {
    let known = values.len();
    values.extend(more);
    if values.len() > known {
        keep_first(values);
    }
}

fn keep_first(values: &mut Vec<ShownValue>) {
    values.sort_unstable();
    let all = std::mem::take(values);
    let of_fields = all.chunk_by(|one, other| one.field == other.field);
    values.extend(of_fields.flat_map(|values| first_of_field(values, |value| &value.text)));
    values.shrink_to_fit();
}

/// Of what stands in the order of time: the first of each text, at most [`VALUES_MAX`].
pub(crate) fn first_of_field<T: Clone>(sorted: &[T], text: impl Fn(&T) -> &str) -> Vec<T> {
    let mut first: Vec<T> = Vec::new();
    for value in sorted {
        if first.len() == VALUES_MAX {
            break;
        }
        if first.iter().all(|known| text(known) != text(value)) {
            first.push(value.clone());
        }
    }
    first
}

/// The beginning of a text that is longer, with a mark that it is.
pub fn cut(text: &str, bytes_max: usize) -> Cow<'_, str> {
    let shown = &text[..text.floor_char_boundary(bytes_max)];
    match shown.len() < text.len() {
        true => Cow::Owned(format!("{shown}…")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_values_of_each_field_are_left_in_any_order() {
        let (user, route) = (FieldTag::of("user"), FieldTag::of("route"));
        let value = |field, time, text: &str| ShownValue::new(field, time, text);
        let mut values: Vec<_> = (0..30)
            .rev()
            .map(|n| value(user, n, &format!("user-{n}")))
            .collect();
        values.extend([value(user, 40, "user-3"), value(route, 50, "/a")]);
        values.extend([value(route, 7, "/a"), value(route, 7, "/b")]);
        keep_first(&mut values);
        let texts = |field| -> Vec<(i64, &str)> {
            let own = values.iter().filter(|value| value.field == field);
            own.map(|value| (value.time, &*value.text)).collect()
        };
        assert_eq!(texts(route), [(7, "/a"), (7, "/b")]);
        assert_eq!(texts(user).len(), VALUES_MAX);
        assert_eq!(texts(user)[19], (19, "user-19"));
        let once = values.clone();
        keep_first(&mut values);
        assert_eq!(values, once);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(100);
        let shown = ShownValue::new(FieldTag::of("user"), 0, &long);
        assert_eq!(*shown.text, format!("{}…", "é".repeat(64)));
    }
}
