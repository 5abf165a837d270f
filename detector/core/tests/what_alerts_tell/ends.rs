//! Episodes that come after a flood, and the moment at which one is closed.

use detector_core::alert::Status;

use super::*;

/// So many logins within 24 seconds, then five at 26 seconds, and at 34 seconds the one that completes a second episode.
fn flood_and_after(hits: u32) -> Vec<Sent> {
    let mut events: Vec<Sent> = (0..hits)
        .map(|n| sent("login", i64::from(n) * 24_000 / i64::from(hits), n, ""))
        .collect();
    let after = [26_000, 26_010, 26_020, 26_030, 26_040, 33_995];
    events.extend(
        (0..)
            .zip(after)
            .map(|(n, at)| sent("login", at, 90_000 + n, "")),
    );
    events
}

#[test]
fn after_a_flood_an_episode_tells_of_all_that_opened_it() {
    let rule = correlation(
        "bursts",
        "type: event_count, rules: [login], group-by: [], timespan: 8s, condition: {gte: 6}",
        "quiet: 1s",
    );
    let engine = engine(&[&rule]);
    for hits in [1_010, 1_400, 9_000] {
        let (alerts, _) = replayed(&engine, &flood_and_after(hits));
        let [first, second] = &alerts[..] else {
            panic!("{hits}: {alerts:#?}")
        };
        let within = u64::from(hits) / 20;
        let whole = u64::from(hits) + 5;
        assert!(first.count.abs_diff(whole) < within, "{}", first.count);
        let expected = one("bursts", 33_995, 6, 90_000..90_006);
        assert_eq!(told(std::slice::from_ref(second)), [expected]);
        assert_eq!(second.first_event_time.millis(), START_MS + 26_000);
        let mut service = Service::new(&engine);
        let events = flood_and_after(hits);
        for part in events.chunks(700) {
            service.sweep(part[0].at);
            service.batch(part);
        }
        service.sweep(END);
        let closed = &service.closed[1..];
        assert_eq!(told(closed), told(std::slice::from_ref(second)), "{hits}");
    }
}

#[test]
fn values_of_an_episode_after_a_flood_are_all_counted() {
    let rule = correlation(
        "users",
        "type: value_count, rules: [login], group-by: [], timespan: 8s, condition: {field: user, gte: 4}",
        "quiet: 1s, show: [user]",
    );
    let engine = engine(&[&rule]);
    let user = |at: i64, n: u32| sent("login", at, n, &format!(r#""user":"user-{n}""#));
    let mut events: Vec<Sent> = (0..1_500).map(|n| user(i64::from(n) * 16, n)).collect();
    events.extend(
        [
            (26_000, 2_000),
            (26_000, 2_001),
            (26_500, 2_002),
            (33_900, 2_003),
        ]
        .map(|(at, n)| user(at, n)),
    );
    let (alerts, _) = replayed(&engine, &events);
    let second = &alerts[1];
    assert_eq!((second.count, second.distinct), (4, Some(4)));
    assert_eq!(second.shown.0[0].1.len(), 4);
}

/// A condition that holds for ten seconds from its one event on, and closes another ten later.
fn one_event(last: i64) -> (Engine, Vec<Sent>) {
    let rule = correlation(
        "any",
        "type: event_count, rules: [login], group-by: [], timespan: 10s, condition: {gte: 1}",
        "quiet: 10s",
    );
    let events = vec![sent("login", 0, 1, ""), sent("grant", last, 2, "")];
    (engine(&[&rule]), events)
}

#[test]
fn an_episode_is_closed_when_more_than_its_quiet_period_has_passed() {
    for (last, status) in [
        (19_999, Status::Open),
        (20_000, Status::Open),
        (20_001, Status::Closed),
    ] {
        let (engine, events) = one_event(last);
        let (alerts, _) = replayed(&engine, &events);
        assert_eq!(alerts[0].status, status, "{last}");
        let mut service = Service::new(&engine);
        service.batch(&events);
        service.sweep(last);
        let is_closed = !service.closed.is_empty();
        assert_eq!(is_closed, status == Status::Closed, "{last}");
    }
}

#[test]
fn what_comes_exactly_a_quiet_period_later_belongs_to_the_episode() {
    for (second, episodes) in [(20_000, 1), (20_001, 2)] {
        let (engine, mut events) = one_event(0);
        events.push(sent("login", second, 3, ""));
        assert_eq!(told_by_both(&engine, &events, "any").len(), episodes);
    }
}
