//! What DynamoDB charges for a request, in units, by the size of what it touches.
//!
//! After the Amazon DynamoDB Developer Guide, as read on 2026-11-29: "Read and write operations" (units by size, the
//! larger of the old and the new item, failed conditions) and "Local secondary indexes" (writes of the index).

use detector_core::store::Item;

/// A write unit for each begun KB.
const WRITE_BYTES: u64 = 1024;

/// A unit of a consistent read for each begun 4 KB.
const READ_BYTES: u64 = 4 * 1024;

/// What an entry of the index `due` holds: the two keys of the table, its own, which in a pack has the bits of
/// rules, and their names.
const INDEX_ENTRY_BYTES: u64 = 17 + 16 + 18 + 14;

/// Of a consistent read of one item; of one that is not there, one unit.
pub(super) fn read(bytes: u64) -> f64 {
    bytes.div_ceil(READ_BYTES).max(1) as f64
}

/// Of one that need not be consistent.
pub(super) fn read_late(bytes: u64) -> f64 {
    read(bytes) / 2.0
}

/// Of a query that reads as many entries of the index: all that it reads is added up first.
pub(super) fn query(entries: u64) -> f64 {
    read(entries * INDEX_ENTRY_BYTES)
}

/// Of a write that puts `new` in the place of `old`, 0 where nothing is there; the larger counts. A write whose condition
/// is false costs as much as if it were true.
pub(super) fn write(old: u64, new: u64) -> u64 {
    old.max(new).div_ceil(WRITE_BYTES).max(1)
}

/// Of the index `due`, which has the keys alone: to put an entry is a write, to take one away another. What is in it as it
/// was costs nothing.
pub(super) fn index<T: PartialEq>(old_due: Option<&T>, new_due: Option<&T>) -> u64 {
    match old_due == new_due {
        true => 0,
        false => u64::from(old_due.is_some()) + u64::from(new_due.is_some()),
    }
}

/// An item's size, names of attributes and keys included: as the program itself counts it.
pub(super) fn bytes(item: &Item) -> u64 {
    item.bytes() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_by_begun_blocks() {
        assert_eq!([1, 1024, 1025].map(|new| write(0, new)), [1, 1, 2]);
        assert_eq!([1, 4096, 4097].map(read), [1.0, 1.0, 2.0]);
        assert_eq!([0, 4097].map(read_late), [0.5, 1.0]);
        assert_eq!(read(0), 1.0);
        assert_eq!(query(0), 1.0);
        assert_eq!(query(63), 1.0);
        assert_eq!(query(64), 2.0);
    }

    #[test]
    fn the_larger_of_old_and_new_counts() {
        assert_eq!(write(235 * 1024, 10), 235);
        assert_eq!(write(10, 235 * 1024), 235);
    }

    #[test]
    fn the_index_is_written_where_what_it_holds_changes() {
        assert_eq!(index::<i64>(None, None), 0);
        assert_eq!(index(Some(&5), Some(&5)), 0);
        assert_eq!(index(None, Some(&5)), 1);
        assert_eq!(index(Some(&5), None), 1);
        assert_eq!(index(Some(&5), Some(&6)), 2);
    }
}
