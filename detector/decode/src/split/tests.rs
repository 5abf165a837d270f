use super::*;

/// Offset, line and text of each record; `None` as text where it was too large.
type Pieces = Vec<(u64, u64, Option<String>)>;

fn collect(splitter: &mut Splitter, chunks: &mut dyn Iterator<Item = &[u8]>) -> Pieces {
    let mut pieces = Vec::new();
    let mut each = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Record {
                offset,
                line,
                bytes,
            } => (
                offset,
                line,
                Some(String::from_utf8_lossy(bytes).into_owned()),
            ),
            Piece::TooLarge { offset, line, .. } => (offset, line, None),
        });
    };
    for chunk in chunks {
        splitter.push(chunk, &mut each);
    }
    splitter.finish(&mut each);
    pieces
}

/// Splits `text`, in chunks of every size; all must agree.
fn split_capped(text: &str, bytes_max: usize) -> Pieces {
    let whole = collect(
        &mut Splitter::new(bytes_max),
        &mut std::iter::once(text.as_bytes()),
    );
    for size in 1..text.len().min(200) {
        let chunked = collect(
            &mut Splitter::new(bytes_max),
            &mut text.as_bytes().chunks(size),
        );
        assert_eq!(whole, chunked, "chunks of {size} bytes of {text}");
    }
    whole
}

fn split(text: &str) -> Vec<String> {
    texts(split_capped(text, RECORD_BYTES_MAX))
}

fn texts(pieces: Pieces) -> Vec<String> {
    pieces
        .into_iter()
        .map(|(_, _, text)| text.unwrap_or_else(|| "too large".to_owned()))
        .collect()
}

#[test]
fn lines_are_records() {
    assert_eq!(
        split_capped("{\"a\":1}\n\ntext\r\n  {\"b\":2}", 100),
        [
            (0, 1, Some("{\"a\":1}".to_owned())),
            (9, 3, Some("text\r".to_owned())),
            (15, 4, Some("  {\"b\":2}".to_owned())),
        ]
    );
    assert!(split("").is_empty());
    assert!(split("\n \n").is_empty());
    assert_eq!(
        split("[INFO] up\n{user} in\n["),
        ["[INFO] up", "{user} in", "["]
    );
}

#[test]
fn documents_over_several_lines_are_whole() {
    let one = "{\n  \"a\": {\n    \"b\": \"}\"\n  }\n}";
    let two = "{\"a\": [\n  1,\n  true\n]}";
    assert_eq!(
        split(&format!("{one}\n{two}\n{{\"c\":3}}\n")),
        [one, two, "{\"c\":3}"]
    );
    assert_eq!(split(&format!("{one}{two}")), [one, two]);
}

#[test]
fn a_list_gives_its_members() {
    let members = ["{\"a\":\"]\"}", "{\"b\":{}}"];
    let [a, b] = members;
    for text in [
        format!("{{\"Records\":[{a},{b}]}}"),
        format!("{{\"Records\":[{a},{b}],\"NextShardIterator\":\"x}}\"}}"),
        format!("{{\n  \"Records\": [\n    {a},\n    {b}\n  ]\n}}\n"),
        format!("{{\"Records\":[{a}]}}\n{{\"Records\":[{b}]}}\n"),
        format!("[{a},\n{b}]"),
        format!("[\n  {a},\n  {b}\n]\n"),
        format!("{{\n \"events\":[{a},{b}],\"searchedLogStreams\":[]}}"),
        format!("[{a}]\n{b}"),
        format!("\u{feff}[{a},{b}]"),
    ] {
        assert_eq!(split(&text), members, "{text}");
    }
    assert!(split("{\"Records\":[]}\n[\n]\n").is_empty());
    assert_eq!(split("{\"Records\":[{},1,\"x\"]}"), ["{}", "1", "\"x\""]);
}

#[test]
fn what_stands_behind_a_list_is_kept() {
    let again = r#"{"Records":[{"a":1}],"x":[2],"Records":[{"b":2}]}"#;
    assert_eq!(
        split(again),
        [r#"{"a":1}"#, r#"{"x":[2],"Records":[{"b":2}]}"#]
    );
    let more = split(r#"{"Records":[{"a":1}],"x":[2]}"#);
    assert_eq!(more, [r#"{"a":1}"#, r#"{"x":[2]}"#]);
}

#[test]
fn members_tell_where_they_stand() {
    let pieces = split_capped("{\"Records\":[\n{\"a\":1},\n{\"b\":\n2}]}\n{\"c\":3}", 100);
    let places: Vec<_> = pieces
        .iter()
        .map(|(offset, line, _)| (*offset, *line))
        .collect();
    assert_eq!(places, [(13, 2), (22, 3), (33, 5)]);
}

#[test]
fn a_broken_line_does_not_swallow_what_follows() {
    let good = "{\"b\":2}";
    for broken in [
        "{\"a\":",
        "{\"a\":\"cut",
        "{\"a\":[{",
        "{\"a\":1,",
        "{\"a\\",
    ] {
        assert_eq!(
            split(&format!("{broken}\n{good}\n{good}\n")),
            [broken, good, good]
        );
        assert_eq!(
            split(&format!("{broken}\n2024-05-01 up\n")),
            [broken, "2024-05-01 up"]
        );
        assert_eq!(split(broken), [broken]);
        let many = format!("{broken}\n").repeat(3);
        assert_eq!(split(&many), [broken; 3]);
    }
}

#[test]
fn a_broken_document_is_one_record() {
    let broken = "{\n  \"a\": {\n    \"b\": 1\n";
    let whole = "{\n  \"c\": 3\n}";
    let got = split(&format!("{broken}{whole}\n{{\"d\":4}}\n"));
    assert_eq!(got, [broken, whole, "{\"d\":4}"]);
    assert_eq!(split(broken), [broken]);
    let torn = "{\n  \"a\": \"x\n  y\",\n  \"b\": 1\n}";
    assert_eq!(split(&format!("{torn}\n{whole}\n")), [torn, whole]);
}

#[test]
fn a_broken_list_does_not_swallow_what_follows() {
    let good = "{\"b\":2}";
    for (text, records) in [
        (
            format!("{{\"Records\":[{good},{{\"a\":\"cut\n{good}\n"),
            vec![good, "{\"a\":\"cut", good],
        ),
        (
            format!("{{\"Records\":[{{\"a\":{{\n{good}\n"),
            vec!["{\"a\":{\n", good],
        ),
        (
            format!("{{\"Records\":[{good}}}\n{good}\n"),
            vec![good, "}", good],
        ),
        (format!("{{\"Records\":[{good}"), vec![good]),
        (
            format!("{{\"Records\":[{good}],\"x\":\n{good}\n"),
            vec![good, "{\"x\":", good],
        ),
    ] {
        assert_eq!(split(&text), records, "{text}");
    }
}

#[test]
fn what_is_too_large_is_skipped_to_its_end() {
    let good = "{\"b\":2}";
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(50));
    let pretty = format!("{{\n  \"a\": \"{}\"\n}}", "x".repeat(20));
    let no = "too large";
    for (text, records) in [
        (format!("{good}\n{long}\n{good}\n"), vec![good, no, good]),
        (long.clone(), vec![no]),
        (format!("{pretty}\n{good}\n"), vec![no, good]),
        (
            format!("{{\"Records\":[{good},{long},{good}]}}\n{good}"),
            vec![good, no, good, good],
        ),
        (format!("{}\n{good}", "x".repeat(500)), vec![no, good]),
    ] {
        assert_eq!(texts(split_capped(&text, 20)), records, "{text}");
    }
    let exact = texts(split_capped(
        "12345678901234567890\n123456789012345678901\n",
        20,
    ));
    assert_eq!(exact, ["12345678901234567890", no]);
}

#[test]
fn memory_stays_bounded() {
    let mut splitter = Splitter::new(1000);
    for opening in [&b"{\n"[..], b"{\"Records\":[{\"a\":", b"{\"a\":[", b"["] {
        splitter.push(opening, &mut |_| {});
        for _ in 0..10_000 {
            splitter.push(b"[1,2,[3", &mut |_| {});
            assert!(splitter.buffer.len() <= 1100);
        }
        splitter.finish(&mut |_| {});
    }
}

#[test]
fn rows_of_a_table_are_objects() {
    let table =
        "@timestamp,@message\r\n2026-05-03,\"{\"\"a\"\":\n\"\"b\"\"}\"\n\nx,y,z\n2026-05-04,\n";
    let rows = [
        r#"{"@message":"{\"a\":\n\"b\"}","@timestamp":"2026-05-03"}"#,
        "x,y,z",
        r#"{"@timestamp":"2026-05-04"}"#,
    ];
    assert_eq!(split(table), rows);
    let places: Vec<_> = split_capped(table, RECORD_BYTES_MAX)
        .into_iter()
        .map(|(offset, line, _)| (offset, line))
        .collect();
    assert_eq!(places, [(21, 2), (50, 5), (56, 6)]);
    // The search of a console, an event history, and what is no table of log entries.
    assert_eq!(
        split("timestamp,message\n1777809600000,up\n"),
        [r#"{"@message":"up","@timestamp":"1777809600000"}"#]
    );
    assert_eq!(
        split("\"Event name\",\"Event time\",\"Resource\"\n\"Delete\",\"2026\",\"a\"\n"),
        [r#"{"Resource":"a","eventName":"Delete","eventTime":"2026"}"#]
    );
    assert_eq!(split("a,b\n1,2\n"), ["a,b", "1,2"]);
    // Only at the beginning, and no row is endless.
    assert_eq!(
        split("up\n@timestamp,@message\n"),
        ["up", "@timestamp,@message"]
    );
    let endless = format!("@timestamp,@message\n1,\"{}", "x\n".repeat(60));
    assert_eq!(texts(split_capped(&endless, 50))[0], "too large");
}

#[test]
fn a_cell_of_very_many_lines_is_read_once() {
    // Looked at from its beginning for each of its lines, it would take hours.
    let lines = "\n".repeat(4 << 20);
    let table = format!("@timestamp,@message\n1,\"{lines}\"\n2,up\n");
    let chunks = &mut table.as_bytes().chunks(64 << 10);
    let rows = texts(collect(&mut Splitter::new(RECORD_BYTES_MAX), chunks));
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1], r#"{"@message":"up","@timestamp":"2"}"#);
}
