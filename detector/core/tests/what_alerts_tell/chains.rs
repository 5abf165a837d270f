//! What a correlation over correlations tells of its children's episodes: those that bear on its own.

use super::*;

#[test]
fn a_child_that_pauses_does_not_bear_on_what_holds_meanwhile() {
    let child = correlation(
        "child",
        "type: event_count, rules: [login], group-by: [], timespan: 5s, condition: {gte: 1}",
        "quiet: 2m",
    );
    let parent = correlation(
        "parent",
        "type: temporal, rules: [child, grant], group-by: [], timespan: 10s, condition: {gte: 1}",
        "quiet: 1s",
    );
    let engine = engine(&[&child, &parent]);
    let events = [
        sent("login", 0, 1, ""),
        sent("grant", 30_000, 2, ""),
        sent("login", 60_000, 3, ""),
        // The pause is no longer than the timespan: the windows of one episode reach across it.
        sent("login", 72_000, 4, ""),
    ];
    assert_eq!(
        told_by_both(&engine, &events, "child"),
        [one("child", 0, 3, [1, 3, 4])]
    );
    let expected = [
        one("parent", 0, 1, [1, 3, 4]),
        one("parent", 30_000, 1, [2]),
        one("parent", 60_000, 1, [1, 3, 4]),
    ];
    assert_eq!(told_by_both(&engine, &events, "parent"), expected);
}

#[test]
fn an_episode_tells_of_a_child_that_it_goes_on_from_and_the_next_one_does_not() {
    let child = correlation(
        "child",
        "type: event_count, rules: [login], group-by: [], timespan: 5s, condition: {gte: 1}",
        "quiet: 1s",
    );
    let parent = correlation(
        "parent",
        "type: temporal, rules: [child, grant], group-by: [], timespan: 10s, condition: {gte: 1}",
        "quiet: 1s",
    );
    // The child holds from 0 to 5 seconds, so its parent does to 15.
    let engine = engine(&[&child, &parent]);
    for (second, told) in [
        (16_000, vec![one("parent", 0, 2, [2, 1])]),
        (
            16_001,
            vec![one("parent", 0, 1, [1]), one("parent", 16_001, 1, [2])],
        ),
    ] {
        let events = [sent("login", 0, 1, ""), sent("grant", second, 2, "")];
        assert_eq!(told_by_both(&engine, &events, "parent"), told, "{second}");
    }
}

#[test]
fn a_count_of_episodes_tells_of_those_that_opened_in_its_windows() {
    let child = correlation(
        "child",
        "type: event_count, rules: [login], group-by: [], timespan: 30s, condition: {gte: 1}",
        "quiet: 5s",
    );
    let parent = correlation(
        "parent",
        "type: event_count, rules: [child], group-by: [], timespan: 20s, condition: {lte: 3}",
        "quiet: 20s",
    );
    let engine = engine(&[&child, &parent]);
    // One episode of the child from 0 to 55 seconds, another from 62 on: its parent looks back to 42 then.
    let events = [
        sent("login", 0, 1, ""),
        sent("login", 25_000, 2, ""),
        sent("login", 62_000, 3, ""),
    ];
    let expected = [one("parent", 0, 1, [1, 2]), one("parent", 62_000, 1, [3])];
    assert_eq!(told_by_both(&engine, &events, "parent"), expected);
    let (alerts, _) = replayed(&engine, &events);
    let second = alerts.iter().rfind(|alert| &*alert.rule.title == "parent");
    let second = second.expect("an episode of the parent");
    assert_eq!(second.first_event_time.millis(), START_MS + 62_000);
}
