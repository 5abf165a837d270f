//! Records are packed into requests, in order, none larger than Kinesis takes.

use super::limit::{PARTITION_KEY_BYTES, REQUEST_BYTES_MAX, REQUEST_RECORDS_MAX};

/// A record with its partition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// [`PARTITION_KEY_BYTES`] long.
    pub(crate) key: String,
    pub(crate) data: Vec<u8>,
}

/// Entries of one request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Entry {
    pub(crate) fn new(data: Vec<u8>, random: &mut fastrand::Rng) -> Self {
        let key = format!("{:0width$x}", random.u64(..), width = PARTITION_KEY_BYTES);
        Self { key, data }
    }

    fn bytes(&self) -> usize {
        self.key.len() + self.data.len()
    }
}

impl Batch {
    /// Whether `data` still has room.
    pub(crate) fn has_room(&self, data: &[u8]) -> bool {
        self.entries.len() < REQUEST_RECORDS_MAX
            && self.bytes + PARTITION_KEY_BYTES + data.len() <= REQUEST_BYTES_MAX
    }

    /// Adds what has room.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push(entry);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keeps the entries that failed: `failed` says so for each, in order. Returns how many were taken, and the bytes
    /// of their data.
    pub(crate) fn keep_failed(&mut self, failed: &[bool]) -> (u64, u64) {
        let mut failed = failed.iter();
        let (mut records, mut bytes) = (0, 0);
        self.entries.retain(|entry| {
            // What there is no word of was not taken, as far as we know.
            let is_kept = *failed.next().unwrap_or(&true);
            if !is_kept {
                records += 1;
                bytes += entry.data.len() as u64;
            }
            is_kept
        });
        self.bytes = self.entries.iter().map(Entry::bytes).sum();
        (records, bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::limit::DATA_BYTES_MAX;
    use super::*;

    fn packed(sizes: &[usize]) -> Vec<Batch> {
        let mut random = fastrand::Rng::with_seed(1);
        let mut batches = vec![Batch::default()];
        for (number, size) in sizes.iter().enumerate() {
            let data = vec![number as u8; *size];
            if !batches.last().unwrap().has_room(&data) {
                batches.push(Batch::default());
            }
            let entry = Entry::new(data, &mut random);
            batches.last_mut().unwrap().push(entry);
        }
        batches
    }

    #[test]
    fn the_limits_are_reached_and_not_passed() {
        let counts = |sizes: &[usize]| -> Vec<usize> {
            packed(sizes).iter().map(|it| it.entries.len()).collect()
        };
        assert_eq!(counts(&[1; 1001]), [500, 500, 1]);
        assert_eq!(counts(&[DATA_BYTES_MAX; 6]), [5, 1]);
    }

    #[test]
    fn what_failed_is_kept_in_order_with_its_keys() {
        let mut batch = packed(&[10, 20, 30, 40]).remove(0);
        let before = batch.entries.clone();
        assert_eq!(batch.keep_failed(&[false, true, false]), (2, 40));
        assert_eq!(batch.entries, [before[1].clone(), before[3].clone()]);
        assert_eq!(batch.bytes, 60 + 2 * PARTITION_KEY_BYTES);
        assert_eq!(batch.keep_failed(&[false, false]), (2, 60));
        assert!(batch.is_empty());
    }

    #[test]
    fn keys_are_random_and_seeded() {
        let keys = |seed| -> Vec<String> {
            let mut random = fastrand::Rng::with_seed(seed);
            let entry = |_| Entry::new(Vec::new(), &mut random).key;
            (0..3).map(entry).collect()
        };
        assert_eq!(keys(1), keys(1));
        assert_ne!(keys(1), keys(2));
        assert!(keys(3).iter().all(|key| key.len() == PARTITION_KEY_BYTES));
    }

    proptest! {
        #[test]
        fn batches_hold_all_in_order_within_the_limits(
            sizes in prop::collection::vec(prop_oneof![0..2_000usize, 0..=DATA_BYTES_MAX], 0..600)
        ) {
            let batches = packed(&sizes);
            let mut number = 0;
            for (at, batch) in batches.iter().enumerate() {
                let bytes: usize = batch.entries.iter().map(|it| it.key.len() + it.data.len()).sum();
                prop_assert!(bytes <= REQUEST_BYTES_MAX && batch.entries.len() <= REQUEST_RECORDS_MAX);
                for entry in &batch.entries {
                    prop_assert_eq!(entry.data.len(), sizes[number]);
                    prop_assert!(entry.data.iter().all(|b| *b == number as u8));
                    number += 1;
                }
                // None is closed early.
                if let Some(next) = batches.get(at + 1) {
                    prop_assert!(!batch.has_room(&next.entries[0].data));
                }
            }
            prop_assert_eq!(number, sizes.len());
        }
    }
}
