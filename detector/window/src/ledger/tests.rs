use super::*;
use detector_rule::FieldTag;

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
    let summary = ledger([(10, 1), (11, 2), (19, 3), (20, 4)]).summary((10, 20), &[], |_, _| true);
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
            .summary((0, 20), &[], |_, _| true)
            .count,
        1
    );
}

#[test]
fn a_dense_slice_is_estimated_and_keeps_its_earliest() {
    let summary = ledger((0..50_000).map(|i| (i64::from(i % 100), i as u32))).summary(
        (-1, 100),
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

/// One hit a millisecond from the first on, each with a user of its own.
fn users(hits: std::ops::Range<i64>, slices: Slices, episodes: &[Interval]) -> Ledger<()> {
    let mut ledger = Ledger::default();
    for time in hits {
        let (id, user) = (format!("event-{time}"), format!("user-{time:05}"));
        let texts = EventTexts {
            id: &id,
            shown: &[(FieldTag::of("user"), user.into())],
        };
        ledger.add(time, Key::of_event_id(&id), (), Some(texts));
    }
    ledger.settle(episodes, slices);
    ledger
}

fn shown(ledger: &Ledger<()>, after: i64, before: i64) -> Vec<i64> {
    let summary = ledger.summary((after, before), &[], |_, _| true);
    let shown = summary.shown.iter().inspect(|shown| {
        assert_eq!(*shown.text, format!("user-{:05}", shown.time));
    });
    shown.map(|shown| shown.time).collect()
}

#[test]
fn of_each_slice_the_first_values_are_shown_however_it_is_counted() {
    let long = Slices {
        ms: 1_000,
        singly: false,
    };
    let episode = [Interval::new(0, 5_000)];
    for (ledger, kept) in [
        // One by one; a dense slice; an episode with many hits, counted together.
        (users(0..200, SLICES, &[]), 40),
        (users(0..2_000, long, &[]), 40),
        (users(0..5_000, long, &episode), 20),
    ] {
        assert_eq!(shown(&ledger, -1, 5_000), (0..20).collect::<Vec<_>>());
        let stretches = ledger.stretches.iter().map(|s| s.shown.len());
        assert_eq!(ledger.shown.0.len() + stretches.sum::<usize>(), kept);
    }
    let two_slices = users(0..200, SLICES, &[]);
    assert_eq!(shown(&two_slices, 90, 105), [100, 101, 102, 103, 104]);
}

#[test]
fn what_is_shown_survives_encoding_and_any_partition() {
    for (hits, ms) in [(0..150, 100), (0..1_500, 1_000)] {
        let slices = Slices { ms, singly: false };
        let whole = users(hits.clone(), slices, &[]);
        let mut merged = users(hits.start..hits.end * 2 / 3, slices, &[]);
        merged.merge(&users(hits.end / 3..hits.end, slices, &[]));
        merged.settle(&[], slices);
        assert_eq!(merged, whole);
        let encoded = postcard::to_allocvec(&(&whole, whole.encoded_shown())).unwrap();
        let (mut read, shown): (Ledger<()>, _) = postcard::from_bytes(&encoded).unwrap();
        assert!(read.take_shown(shown));
        read.settle(&[], slices);
        assert_eq!(read, whole);
    }
}

#[test]
fn hits_that_may_be_taken_away_keep_all_their_texts() {
    let singly = Slices {
        singly: true,
        ..SLICES
    };
    let mut ledger = users(0..90, singly, &[]);
    // More is known: the first fifty are told of no more.
    ledger.leave_told(|time, ()| time >= 50);
    ledger.settle(&[], singly);
    let summary = ledger.summary((-1, 100), &[], |_, _| true);
    assert_eq!(summary.evidence.len(), EVIDENCE_MAX);
    assert_eq!(summary.evidence[0], (50, "event-50".to_owned()));
    assert_eq!(shown(&ledger, -1, 100), (50..70).collect::<Vec<_>>());
}

#[test]
fn of_hits_that_go_together_as_many_stay_whatever_the_order_and_partition() {
    let singly = Slices {
        singly: true,
        ..SLICES
    };
    let settled = |ids: &mut dyn Iterator<Item = u32>| {
        let mut ledger = Ledger::default();
        for n in ids {
            // Two at once and hundreds at once.
            let time = if n % 100 == 0 { 40 } else { 50 };
            let (id, user) = (format!("event-{n}"), format!("user-{:03}", n % 90));
            let texts = EventTexts {
                id: &id,
                shown: &[(FieldTag::of("user"), user.into())],
            };
            ledger.add(time, Key::of_event_id(&id), (), Some(texts));
        }
        ledger.leave_told(|_, ()| true);
        ledger.settle(&[], singly);
        ledger
    };
    let whole = settled(&mut (0..900));
    let kept = whole.items.chunk_by(|one, other| one.time == other.time);
    let kept: Vec<usize> = kept.map(<[_]>::len).collect();
    assert_eq!(kept, [9, TIED_MAX]);
    assert_eq!(whole.shown.0.len(), 9 + 20);
    let mut united = settled(&mut (300..900).rev());
    united.merge(&settled(&mut (0..600)));
    united.leave_told(|_, ()| true);
    united.settle(&[], singly);
    assert_eq!(united, whole);
}
