//! Times in encoded state, each as what it is more than the one before it: two bytes and not six.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something whose times can be told by difference.
pub(crate) trait Dated: Clone {
    /// The time that the next one is told from.
    fn time(&self) -> i64;

    /// Adds `by` to all its times, around the ends of what an `i64` holds: state that was damaged may say anything.
    fn shift(&mut self, by: i64);
}

/// For `#[serde(serialize_with)]`.
pub(crate) fn serialize<T: Dated + Serialize, S: Serializer>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut last = 0;
    let told = |item: &T| {
        let mut told = item.clone();
        told.shift(0i64.wrapping_sub(last));
        last = item.time();
        told
    };
    serializer.collect_seq(items.iter().map(told))
}

/// For `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, T: Dated + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let mut items = Vec::<T>::deserialize(deserializer)?;
    let mut last = 0;
    for item in &mut items {
        item.shift(last);
        last = item.time();
    }
    Ok(items)
}
