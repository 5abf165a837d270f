//! How far shards are done and sweeps have come, as far as it can be worked out.

use std::collections::BTreeMap;

use crate::dynamodb::bookkeeping::SweptTo;
use crate::invocation::Record;

/// The places of the last record of each shard. A batch of Lambda has one shard only.
pub fn last_of_each_shard(records: &[Record]) -> Vec<usize> {
    let mut last = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        last.insert(&record.shard, at);
    }
    last.into_values().collect()
}

/// How far a sweep may go when all records that arrived before `arrivals_to` are done, with events up to `lateness_ms`
/// late, at `now`, by the wall clock. What an earlier one has passed stays passed.
pub fn sweep_to(
    arrivals_to: i64,
    known: Option<SweptTo>,
    (lateness_ms, now): (i64, i64),
) -> SweptTo {
    let found = SweptTo {
        watermark: arrivals_to.saturating_sub(lateness_ms),
        arrivals_to,
        unites_the_log: true,
        sees_packs: true,
        marks_since: known.and_then(|known| known.marks_since).or(Some(now)),
    };
    known.map_or(found, |known| SweptTo {
        watermark: found.watermark.max(known.with_lateness(lateness_ms)),
        arrivals_to: found.arrivals_to.max(known.arrivals_to),
        ..found
    })
}

#[cfg(test)]
mod tests {
    use detector_core::time::Timestamp;

    use super::*;

    #[test]
    fn of_each_shard_the_last_record_counts() {
        let record = |shard: &str| Record {
            data: Vec::new(),
            arrived_at: Timestamp::default(),
            sequence_number: "1".to_owned(),
            shard: shard.to_owned(),
        };
        let records = ["b", "a", "b", "b"].map(record);
        assert_eq!(last_of_each_shard(&records), [1, 3]);
        assert!(last_of_each_shard(&[]).is_empty());
    }

    #[test]
    fn a_sweep_goes_to_the_first_unread_arrival_less_the_lateness_and_never_back() {
        let swept = |watermark, arrivals_to| SweptTo {
            watermark,
            arrivals_to,
            unites_the_log: true,
            sees_packs: true,
            marks_since: Some(7),
        };
        assert_eq!(sweep_to(1000, None, (100, 7)), swept(900, 1000));
        assert_eq!(
            sweep_to(1000, Some(swept(500, 600)), (100, 9)),
            swept(900, 1000)
        );
        assert_eq!(
            sweep_to(1000, Some(swept(950, 1050)), (100, 9)),
            swept(950, 1050)
        );
        // After a sweep that knew of no marks they count from now on.
        let unmarked = SweptTo {
            marks_since: None,
            ..swept(500, 600)
        };
        let again = sweep_to(1000, Some(unmarked), (100, 7));
        assert_eq!(again, swept(900, 1000));
        // With a longer lateness than the last sweep's, less is passed than it passed.
        assert_eq!(
            sweep_to(1000, Some(swept(950, 1050)), (300, 9)),
            swept(750, 1050)
        );
    }
}
