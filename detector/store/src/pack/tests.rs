//! What becomes of writes in a pack.

use detector_rule::FieldTag;
use detector_window::interval::Interval;
use detector_window::key::Key;
use detector_window::shown::ShownValue;

use super::*;
use crate::children::ChildEpisode;
use crate::edition::Writer;
use crate::recorded::{EpisodeId, Mark, RecordedEpisode};

const PACKING: Packing = Packing {
    entry_bytes_max: 400,
    pack_bytes_max: 1_000,
    noted_ms: 60,
    noted_ms_min: 10,
    longer_ms: 5,
    due_ms: 100,
};

const GROUP: Key = Key::from_u128(77);

fn rule(number: u128) -> RuleKey {
    RuleKey(Key::from_u128(number))
}

fn item(version: u64, state: usize, due: Option<i64>) -> Item {
    Item {
        version,
        state: vec![7; state],
        episodes: vec![],
        children: vec![],
        judged_to: i64::MIN,
        settled_to: -5,
        due,
        latest: 1_000,
        expires_at: due.is_none().then_some(2_000),
        writer: Writer {
            edition: Key::from_u128(3),
            since: 9,
            absorbed_at: 20,
        },
    }
}

fn write(number: u128, expected: Option<u64>, item: Item) -> ConditionalWrite {
    let key = ItemKey {
        rule: rule(number),
        group: GROUP,
    };
    ConditionalWrite {
        key,
        expected,
        item,
    }
}

fn with(pack: &Pack, writes: &[ConditionalWrite]) -> (Option<Pack>, Vec<Fate>) {
    let writes: Vec<&ConditionalWrite> = writes.iter().collect();
    pack.with(&writes, (PACKING, 0))
}

/// The pack with these writes, none of which is refused.
fn holding(writes: &[ConditionalWrite]) -> Pack {
    let (pack, fates) = with(&Pack::default(), writes);
    assert!(fates.iter().all(|fate| *fate == Fate::Here), "{fates:?}");
    pack.unwrap()
}

#[test]
fn an_item_comes_back_as_it_was() {
    let child = |shown, held| ChildEpisode {
        span: Interval::new(3, 9),
        input: 1,
        group: Key::from_u128(5),
        value: Some(Key::from_u128(6)),
        first_event: 3,
        last_event: 8,
        evidence: vec![(3, "e-1".to_owned())],
        is_final: true,
        shown,
        held,
    };
    let shown = vec![ShownValue::new(FieldTag::of("user"), 3, "ann")];
    let held = vec![Interval::new(3, 4), Interval::new(7, 9)];
    for children in [
        vec![],
        vec![child(vec![], vec![])],
        vec![child(vec![], held.clone()), child(shown.clone(), vec![])],
        vec![child(shown, held)],
    ] {
        let stored = Item {
            episodes: vec![RecordedEpisode {
                id: EpisodeId::first_known_as("rule", GROUP, 4),
                span: Interval::new(4, 9),
                mark: Mark::Published,
            }],
            children,
            ..item(u64::MAX / 2, 3, Some(1_790_000_000_123))
        };
        let pack = holding(&[write(1, None, stored.clone())]);
        assert_eq!(pack.find(rule(1)), Found::Here(stored));
        assert_eq!(pack.find(rule(2)), Found::Nothing);
    }
    let shorter = Entry::Here(item(1_790_000_000_000, 0, None)).encoded(PACKING);
    assert!(
        shorter.len() < 60,
        "an item without state takes {} bytes",
        shorter.len()
    );
}

#[test]
fn entries_come_back_and_take_less_together() {
    let of_rule = |number| write(number, None, item(1, 20, None));
    let packing = Packing {
        pack_bytes_max: 32_000,
        ..PACKING
    };
    let writes: Vec<ConditionalWrite> = (0..20).map(of_rule).collect();
    let all: Vec<&ConditionalWrite> = writes.iter().collect();
    let pack = Pack::default().with(&all, (packing, 0)).0.unwrap();
    let encoded = pack.encoded();
    assert!(encoded.len() < pack.bytes() / 4);
    assert_eq!(Pack::decoded(&encoded), Ok(pack.entries.clone()));
    let newer = [&[9], &encoded[1..]].concat();
    for (damaged, since) in [
        (&[][..], None),
        (&[9, 9], None),
        (&newer, Some(9)),
        (&encoded[..encoded.len() - 1], Some(9)),
    ] {
        let damage = Pack::decoded(damaged).unwrap_err();
        assert_eq!(damage.writer.map(|writer| writer.since), since);
        let damaged = Pack {
            damage: Some(damage),
            entries: BTreeMap::new(),
            ..pack.clone()
        };
        assert!(matches!(damaged.find(rule(1)), Found::Damaged(_)));
        let (none, fates) = with(&damaged, &[write(1, None, item(1, 1, None))]);
        assert_eq!((none, fates), (None, vec![Fate::Conflict]));
    }
}

#[test]
fn each_write_has_a_condition_of_its_own() {
    let first = holding(&[
        write(1, None, item(4, 1, None)),
        write(2, None, item(8, 1, None)),
    ]);
    let (second, fates) = with(
        &first,
        &[
            write(1, Some(3), item(5, 2, None)),
            write(2, Some(8), item(9, 2, None)),
            write(3, Some(1), item(2, 2, None)),
            write(4, None, item(1, 2, None)),
        ],
    );
    use Fate::{Conflict, Here};
    assert_eq!(fates, [Conflict, Here, Conflict, Here]);
    let second = second.unwrap();
    assert_eq!(second.version, first.version + 1);
    assert_eq!(second.find(rule(1)), Found::Here(item(4, 1, None)));
    assert_eq!(second.find(rule(2)), Found::Here(item(9, 2, None)));
    assert_eq!(second.find(rule(3)), Found::Nothing);
    let (none, fates) = with(&second, &[write(1, None, item(1, 1, None))]);
    assert_eq!((none, fates), (None, vec![Conflict]));
}

#[test]
fn a_pack_that_begins_anew_is_not_taken_for_the_one_before() {
    let before = holding(&[write(1, None, item(1, 1, None))]);
    let next = holding(&[write(2, None, item(1, 1, None))]);
    assert_ne!(next.version, before.version);
    // Beyond all that one of before could have known.
    for latest in [1_001, 1_790_000_000_000, i64::MAX] {
        let later = Item {
            latest,
            ..item(1, 1, None)
        };
        let later = holding(&[write(1, None, later)]);
        assert!(later.version > before.version + 1_000);
        assert!(i64::try_from(later.version).is_ok(), "a store's number");
    }
}

#[test]
fn the_first_that_is_due_and_the_last_that_is_over_count() {
    let pack = holding(&[
        write(1, None, item(1, 1, Some(50))),
        write(2, None, item(1, 1, Some(40))),
        write(3, None, item(1, 1, None)),
    ]);
    let rules = 1 << 1 | 1 << 2;
    assert_eq!(pack.due, Some(Due { at: 40, rules }));
    assert_eq!(pack.ends_at, 2_005);
    let asked = [rule(1), rule(3), rule(64 + 2)];
    let keys: Vec<RuleKey> = due_keys(GROUP, pack.due.unwrap(), asked.iter())
        .map(|key| key.rule)
        .collect();
    // A rule that shares its bit with another is looked at in vain.
    assert_eq!(keys, [rule(1), rule(64 + 2)]);
    let (pack, _) = with(
        &pack,
        &[
            write(2, Some(1), item(2, 1, None)),
            write(1, Some(1), item(2, 1, None)),
        ],
    );
    assert_eq!(pack.unwrap().due, None);
}

#[test]
fn what_is_over_is_left_out_of_the_next_write() {
    let over = Item {
        expires_at: Some(100),
        ..item(1, 1, None)
    };
    let pack = holding(&[
        write(1, None, over.clone()),
        write(2, None, item(1, 1, None)),
    ]);
    let of_two = write(2, Some(1), item(2, 1, None));
    for (now, is_kept) in [(104, true), (105, false)] {
        let (pack, _) = pack.with(&[&of_two], (PACKING, now));
        assert_eq!(pack.unwrap().find(rule(1)) != Found::Nothing, is_kept);
    }
    // What has just been written is there, or else it would be told of as written.
    let (pack, fates) = pack.with(
        &[&write(1, Some(1), Item { version: 2, ..over })],
        (PACKING, 500),
    );
    assert_eq!(fates, [Fate::Here]);
    assert!(matches!(pack.unwrap().find(rule(1)), Found::Here(_)));
}

#[test]
fn what_cannot_be_read_stays_and_harms_no_other() {
    let mut pack = holding(&[
        write(1, None, item(1, 1, Some(30))),
        write(2, None, item(1, 1, None)),
    ]);
    let whole = pack.entries[&EntryName::of(rule(1))].clone();
    let newer = [&[9], &whole[1..]].concat();
    // What every layout has in its place can be read of these two.
    let broken = whole[..whole.len() - 2].to_vec();
    for damaged in [vec![], vec![1], newer[..10].to_vec(), newer, broken] {
        pack.entries.insert(EntryName::of(rule(1)), damaged.clone());
        let Found::Damaged(damage) = pack.find(rule(1)) else {
            panic!("{damaged:?} is read");
        };
        let is_known = damaged.len() > 20;
        let since = damage.writer.map(|writer| writer.since);
        assert_eq!(since, is_known.then_some(9));
        let (next, fates) = with(
            &pack,
            &[
                write(1, Some(1), item(2, 1, None)),
                write(2, Some(1), item(2, 1, Some(90))),
            ],
        );
        assert_eq!(fates, [Fate::Conflict, Fate::Here]);
        let next = next.unwrap();
        assert_eq!(next.entries[&EntryName::of(rule(1))], damaged);
        // It is due as before, where that is known; else it is kept as long as what lies beside it.
        let (at, rules, ends_at) = match is_known {
            true => (30, 1 << 1 | 1 << 2, 1_100),
            false => (90, 1 << 2, 2_005),
        };
        assert_eq!((next.due, next.ends_at), (Some(Due { at, rules }), ends_at));
        let ended = [write(2, Some(2), item(3, 1, None))];
        let ended: Vec<&ConditionalWrite> = ended.iter().collect();
        let (next, _) = next.with(&ended, (PACKING, 1_000_000));
        let next = next.unwrap();
        assert_eq!(next.find(rule(1)) == Found::Nothing, is_known);
    }
}

#[test]
fn a_large_item_moves_out_step_by_step() {
    let pack = holding(&[
        write(1, None, item(1, 10, Some(30))),
        write(2, None, item(1, 1, None)),
    ]);
    let large = || item(2, 500, Some(40));
    let (noted, fates) = with(
        &pack,
        &[
            write(1, Some(1), large()),
            write(2, Some(1), item(2, 1, None)),
        ],
    );
    // It is not written yet: whoever wants to comes again.
    assert_eq!(fates, [Fate::Conflict, Fate::Here]);
    let noted = noted.unwrap();
    let last = item(1, 10, Some(30));
    assert_eq!(noted.find(rule(1)), Found::Outside(Some(last.clone())));
    assert_eq!(noted.find(rule(2)), Found::Here(item(2, 1, None)));
    // A sweep finds it still.
    assert_eq!(
        noted.due,
        Some(Due {
            at: 30,
            rules: 1 << 1
        })
    );

    let outside = |pack: &Pack, expected| with(pack, &[write(1, expected, large())]);
    assert_eq!(
        outside(&noted, Some(1)),
        (None, vec![Fate::Outside(Condition::Before(1))])
    );
    assert_eq!(
        outside(&noted, Some(2)),
        (None, vec![Fate::Outside(Condition::Version(2))])
    );
    assert_eq!(outside(&noted, None), (None, vec![Fate::Conflict]));

    assert_eq!(Pack::later(Some(last.clone()), None), Some(last.clone()));
    assert_eq!(
        Pack::later(Some(last.clone()), Some(large())),
        Some(large())
    );
    let keeps = |last: &Item, own: &Item| Pack::keeps_an_old_one(Some(last), Some(own));
    assert!(keeps(&last, &large()) && !keeps(&last, &last));
    assert!(!Pack::keeps_an_old_one(Some(&last), None));
    assert!(!Pack::keeps_an_old_one(None, Some(&large())));
    let leftover = Some(item(0, 9, None));
    assert_eq!(
        Pack::later(Some(last.clone()), leftover.clone()),
        Some(last)
    );
    assert_eq!(Pack::later(None, leftover.clone()), leftover);

    let bare = noted.without_last(&[rule(1), rule(2)], PACKING).unwrap();
    assert_eq!(bare.find(rule(1)), Found::Outside(None));
    assert_eq!((bare.due, bare.version), (None, noted.version + 1));
    assert_eq!(
        outside(&bare, None),
        (None, vec![Fate::Outside(Condition::Absent)])
    );
    assert_eq!(bare.without_last(&[rule(1)], PACKING), None);
}

#[test]
fn that_an_item_lies_by_itself_is_noted_for_longer_than_the_item_stays() {
    let (noted, _) = with(&Pack::default(), &[write(1, None, item(1, 500, None))]);
    let noted = noted.unwrap();
    // The item's 2,005, and 60.
    assert_eq!(noted.ends_at, 2_065);
    for (expires_at, until) in [(2_050, 2_065), (2_051, 2_116)] {
        let later = Item {
            expires_at: Some(expires_at),
            ..item(2, 500, None)
        };
        let (again, fates) = with(&noted, &[write(1, Some(1), later)]);
        assert_eq!(fates, [Fate::Outside(Condition::Version(1))]);
        assert_eq!(again.map_or(noted.ends_at, |pack| pack.ends_at), until);
    }
}

#[test]
fn the_note_outlives_the_write_of_what_is_over() {
    let of_one = write(1, None, item(1, 500, None));
    for (now, until) in [(2_055, 2_065), (2_056, 2_116)] {
        let (noted, _) = with(&Pack::default(), std::slice::from_ref(&of_one));
        let noted = noted.unwrap();
        let (again, fates) = noted.with(&[&of_one], (PACKING, now));
        assert_eq!(fates, [Fate::Outside(Condition::Absent)]);
        assert_eq!(again.map_or(noted.ends_at, |pack| pack.ends_at), until);
    }
    let (late, _) = Pack::default().with(&[&of_one], (PACKING, 5_000));
    assert_eq!(late.unwrap().ends_at, 5_060);
}

#[test]
fn what_makes_a_pack_large_moves_out() {
    let full: Vec<ConditionalWrite> = (1..=3)
        .map(|number| write(number, None, item(1, 220, None)))
        .collect();
    let pack = holding(&full);
    let (next, fates) = with(
        &pack,
        &[
            write(4, None, item(1, 220, None)),
            write(5, None, item(1, 1, None)),
        ],
    );
    assert_eq!(fates, [Fate::Conflict, Fate::Here]);
    let next = next.unwrap();
    assert_eq!(next.find(rule(4)), Found::Outside(None));
    assert!(next.bytes() <= PACKING.pack_bytes_max);
}
