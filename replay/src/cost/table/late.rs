//! What a read may be answered with that need not be consistent: items as they were a moment ago.

use std::collections::{BTreeMap, VecDeque};

use detector_core::store::{Item, ItemKey};

/// All copies of an item are usually the same within a second of a write (Amazon DynamoDB Developer Guide, "Read
/// consistency"). The model takes the whole second, and every such read for one of an old copy.
const LATE_US: i64 = 1_000_000;

/// Items that were written within the last second, as they were before.
#[derive(Debug, Clone, Default)]
pub(super) struct Replaced {
    before: BTreeMap<ItemKey, (i64, Option<Item>)>,
    order: VecDeque<(i64, ItemKey)>,
}

impl Replaced {
    /// `before` was at the key until `now_us`.
    pub(super) fn add(&mut self, key: ItemKey, before: Option<Item>, now_us: i64) {
        while let Some((at_us, key)) = self.order.pop_front() {
            if at_us + LATE_US >= now_us {
                self.order.push_front((at_us, key));
                break;
            }
            if self.before.get(&key).is_some_and(|(of, _)| *of == at_us) {
                self.before.remove(&key);
            }
        }
        self.before.insert(key, (now_us, before));
        self.order.push_back((now_us, key));
    }

    /// What a late copy has at the key, where that differs.
    pub(super) fn of(&self, key: ItemKey, now_us: i64) -> Option<&Option<Item>> {
        let (at_us, before) = self.before.get(&key)?;
        (at_us + LATE_US > now_us).then_some(before)
    }
}
