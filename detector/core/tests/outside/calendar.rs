//! Hours, weekdays and holidays in a zone, against a calendar worked out by hand.

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z, a Thursday.
const NEW_YEAR: i64 = 1_767_225_600_000;

const RULES: &str = "\
calendars:
    office:
        zone: Europe/Berlin
        hours: {mon-fri: [08:00-12:00, 13:00-17:30], sat: 22:00-02:00}
        holidays: '%holidays%'
---
lists: {holidays: {file: holidays.txt}}
---
title: Seen
id: 11111111-1111-4111-8111-111111111111
level: low
logsource: {product: aws, service: lambda}
detection: {s: {event: e}, condition: s}
vedette:
    alert:
        group-by: [request_id, vedette.at.office.day, vedette.at.office.weekday, vedette.at.office.time]
        show: [vedette.at.office.hour, vedette.at.office.working, vedette.at.office.holiday]
";
/// 2026-05-01, and 2026-06-06, a Saturday.
const HOLIDAYS: [i64; 2] = [120, 156];

fn files() -> [RuleFile; 2] {
    [
        file("r.yml", RULES),
        file("holidays.txt", "2026-05-01\n2026-06-06\n"),
    ]
}

/// Days since New Year 2026 and minutes of the day in Berlin: an hour ahead of UTC, two from the last Sunday of March to
/// that of October, one o'clock UTC.
fn in_berlin(ms: i64) -> (i64, i64) {
    let (summer, winter) = (87 * DAY + HOUR, 297 * DAY + HOUR);
    let since = ms - NEW_YEAR;
    let ahead = if (summer..winter).contains(&since) {
        2
    } else {
        1
    };
    let there = since + ahead * HOUR;
    (there.div_euclid(DAY), there.rem_euclid(DAY) / 60_000)
}

fn is_worked_at(day: i64, minute: i64) -> bool {
    let weekday = |day: i64| (day + 3).rem_euclid(7);
    let is_open = |day: i64| !HOLIDAYS.contains(&day);
    let in_week = weekday(day) < 5 && (480..720).contains(&minute)
        || weekday(day) < 5 && (780..1050).contains(&minute);
    in_week && is_open(day)
        || weekday(day) == 5 && minute >= 1320 && is_open(day)
        || weekday(day) == 6 && minute < 120 && is_open(day - 1)
}

#[test]
fn moments_are_what_the_calendar_says() {
    let engine = engine(&files());
    let mut random = fastrand::Rng::with_seed(7);
    let edges = [
        87 * DAY + HOUR,
        297 * DAY + HOUR,
        120 * DAY,
        156 * DAY + 20 * HOUR,
        157 * DAY,
    ];
    let near =
        |random: &mut fastrand::Rng| edges[random.usize(..5)] + random.i64(-4 * HOUR..4 * HOUR);
    let mut worked = 0;
    for at in 0..2_000 {
        let ms = NEW_YEAR
            + match at % 2 {
                0 => random.i64(0..365 * DAY),
                _ => near(&mut random),
            };
        let line = serde_json::json!({"time": ms, "event": "e", "request_id": "r", "vedette.at.office.hour": 99});
        let found = alerts(&engine, &[line.to_string()]);
        let [alert] = &found[..] else {
            panic!("one alert at {ms}: {found:?}");
        };
        let (day, minute) = in_berlin(ms);
        let weekday =
            ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(day + 3).rem_euclid(7) as usize];
        let group: Vec<&str> = alert
            .group
            .0
            .iter()
            .map(|(_, value)| &**value)
            .skip(2)
            .collect();
        assert_eq!(
            group,
            [weekday, &format!("{:02}:{:02}", minute / 60, minute % 60)],
            "{ms}"
        );
        let shown: Vec<&str> = alert
            .shown
            .0
            .iter()
            .map(|(_, values)| &*values[0])
            .collect();
        let is_worked = is_worked_at(day, minute);
        let expected = [
            (minute / 60).to_string(),
            is_worked.to_string(),
            HOLIDAYS.contains(&day).to_string(),
        ];
        assert_eq!(shown, expected, "{ms}");
        worked += usize::from(is_worked);
    }
    assert!((200..1_800).contains(&worked), "{worked}");
}

#[test]
fn what_has_no_time_is_at_no_hour() {
    let text = RULES.replace(
        "{s: {event: e}, condition: s}",
        "{s: {vedette.at.office.hour|gte: 0}, condition: s}",
    );
    let engine = engine(&[file("r.yml", &text), files()[1].clone()]);
    let mut worker = engine.worker(Mode::HitsOnly);
    for line in [
        r#"{"event":"e","request_id":"r","vedette":{"at":{"office":{"hour":3}}}}"#,
        r#"{"time":1767225600000,"event":"e","request_id":"r"}"#,
    ] {
        worker.record(line.as_bytes(), None, &mut Nobody);
    }
    assert_eq!(worker.tally().hits, [1]);
}

#[test]
fn mistakes_are_named() {
    let text = "\
calendars:
    a: {zone: Europe/Berlni}
    b: {hours: {mon-fir: 08:00-18:00, tue: 8-18, wed: 25:00-26:00}}
    c: {zone: UTC, holidays: [1.5.2026], days: 1}
    d: {zone: UTC}
---
title: Seen
level: low
logsource: {product: aws, service: lambda}
detection:
    s:
        vedette.at.e.hour: 1
        vedette.at.d.huor: 1
        vedette.at.d.working: true
        vedette.else: 1
        weekday|fieldref: [vedette.at.d.weekday, vedette.at.d.weekdya]
    condition: s
vedette: {alert: {group-by: [vedette.at.d.dya]}}
---
title: Allowed
level: low
logsource: {product: aws, service: lambda}
detection: {s: {event: e}, condition: s}
vedette:
    allow: {a: [vedette.at.d.hour, vedette.at.f.hour]}
---
allowlist: {a: [{principal: p, owner: o, reason: r, expires: 2027-12-31}]}
---
\"l\\x69sts\": {a: [b]}
";
    assert_eq!(
        said(&[file("r.yml", text)]),
        [
            "r.yml:2: `Europe/Berlni` is no time zone, did you mean `Europe/Berlin`?: write one as `Europe/Berlin` or `UTC`",
            "r.yml:3: `25:00-26:00` is no time of a day: write such as `08:00-18:00`, up to `24:00`",
            "r.yml:3: `8-18` is no time of a day: write such as `08:00-18:00`, up to `24:00`",
            "r.yml:3: `mon-fir` is no day of the week: write mon, tue, wed, thu, fri, sat, sun or such as `mon-fri`",
            "r.yml:3: the calendar `b` has no `zone`, as `zone: Europe/Berlin`",
            "r.yml:4: a holiday is a day, as 2026-12-25, not `1.5.2026`",
            "r.yml:4: unknown key `days`; known are zone, hours, holidays",
            "r.yml:12: `vedette.at.e.hour` names the calendar `e`, which there is not: write `calendars: {e: {zone: Europe/Berlin}}` into a document of its own",
            "r.yml:13: `vedette.at.d.huor` names no part of a calendar, did you mean `hour`?; known are weekday, hour, time, day, working, holiday",
            "r.yml:14: `vedette.at.d.working` asks for working hours, and the calendar `d` has none: write `hours: {mon-fri: 08:00-18:00}` there",
            "r.yml:15: `vedette.else` is no field: what begins with `vedette.` is made by the program, as `vedette.at.CALENDAR.PART` and `vedette.place.FIELD.PART`",
            "r.yml:16: `vedette.at.d.weekdya` names no part of a calendar, did you mean `weekday`?; known are weekday, hour, time, day, working, holiday",
            "r.yml:25: `vedette.at.f.hour` names the calendar `f`, which there is not: write `calendars: {f: {zone: Europe/Berlin}}` into a document of its own",
            "r.yml:29: write the key as it is, `lists:`, or the document is not found",
        ]
    );
}

/// Fields that nothing else reads.
#[test]
fn what_is_compared_or_allowed_alone_is_told_too() {
    let rule = |detection: &str| {
        format!(
            "title: E\nid: 5b0c7f52-6c0e-4c1e-9d53-2f0f6d1b7a19\nlevel: low\nlogsource: {{product: aws, service: lambda}}\ndetection: {detection}\n---\ncalendars: {{utc: {{zone: UTC}}}}\n"
        )
    };
    let compared = rule("{s: {said|fieldref: vedette.at.utc.hour}, condition: s}");
    let allowed = rule(
        "{s: {event: e}, condition: s}\nvedette: {allow: {three: [vedette.at.utc.hour]}}",
    ) + "---\nallowlist:\n    three:\n        - {principal: \"3\", owner: o, reason: r, expires: 2027-12-31}\n";
    for (text, hits) in [(compared, 1), (allowed, 1)] {
        let engine = engine(&[file("r.yml", &text)]);
        let mut worker = engine.worker(Mode::HitsOnly);
        for hour in [3, 4] {
            let ms = 1_767_225_600_000_u64 + hour * 3_600_000;
            let line = serde_json::json!({"time": ms, "event": "e", "request_id": "r", "said": 3});
            worker.record(line.to_string().as_bytes(), None, &mut Nobody);
        }
        assert_eq!(worker.tally().hits, [hits], "{text}");
    }
}
