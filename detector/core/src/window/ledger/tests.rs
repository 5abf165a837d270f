use super::*;
use crate::rule::FieldTag;

const SLICES: Slices = Slices {
    ms: 100,
    singly: false,
};

fn ledger(hits: impl IntoIterator<Item = (i64, u32)>) -> Ledger<()> {
    let mut ledger = Ledger::default();
    for (time, id) in hits {
        let id = format!("event-{id}");
        let shown = [(FieldTag::of("user"), format!("user-{time}").into())];
        let texts = EventTexts {
            id: &id,
            shown: &shown,
        };
        ledger.add(time, Key::of_event_id(&id), (), Some(texts));
    }
    ledger.settle(&[], SLICES);
    ledger
}

#[test]
fn the_stretch_excludes_both_ends() {
    let summary =
        ledger([(10, 1), (11, 2), (19, 3), (20, 4)]).summary((10, 20), i64::MIN, &[], |_, _| true);
    assert_eq!((summary.count, summary.times), (2, Some((11, 19))));
    assert_eq!(
        summary.evidence,
        [(11, "event-2".to_owned()), (19, "event-3".to_owned())]
    );
}

#[test]
fn a_repeated_event_counts_once() {
    assert_eq!(
        ledger([(10, 1), (10, 1), (12, 1)])
            .summary((0, 20), i64::MIN, &[], |_, _| true)
            .count,
        1
    );
}

#[test]
fn a_dense_slice_is_estimated_and_keeps_its_earliest() {
    let summary = ledger((0..50_000).map(|i| (i64::from(i % 100), i as u32))).summary(
        (-1, 100),
        i64::MIN,
        &[],
        |_, _| true,
    );
    assert!(summary.count.abs_diff(50_000) < 1_250, "{}", summary.count);
    assert_eq!(summary.times, Some((0, 99)));
    assert_eq!(summary.evidence.len(), EVIDENCE_MAX);
}

#[test]
fn order_and_partition_leave_no_trace() {
    let hits: Vec<_> = (0..5_000u32)
        .map(|i| (i64::from(i * 7919 % 900), i % 3_000))
        .collect();
    let whole = ledger(hits.iter().copied());
    let mut merged = ledger(hits[..3_000].iter().copied());
    merged.merge(&ledger(hits[1_000..].iter().rev().copied()));
    merged.settle(&[], SLICES);
    assert_eq!(whole, merged);
}
