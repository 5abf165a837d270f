//! What `replay send` does to records: finds moments wherever they are nested, and moves them.

use detector_core::time::Timestamp;

use super::row::{Form, Row};
use super::worst::{numbered, quoted, texts};
use crate::rewrite;
use crate::send::shift::{Range, Shift};

fn shifted(record: &[u8]) {
    let noon = Timestamp::from_rfc3339("2026-05-03T12:00:00Z").unwrap();
    let mut shift = Shift::new(Range::of(noon), 3_600).unwrap();
    std::hint::black_box(rewrite::record(record, &mut shift));
}

fn forms() -> Vec<Form> {
    vec![
        ("moments in a list", |bytes| {
            format!(
                "[{}]",
                numbered(bytes, |_| "\"2026-05-03T12:00:00Z\"".into()).join(",")
            )
            .into_bytes()
        }),
        ("numbers in a list", |bytes| {
            format!(
                "[{}]",
                numbered(bytes, |_| "1777809600000".into()).join(",")
            )
            .into_bytes()
        }),
        ("moments on lines", |bytes| {
            numbered(bytes, |_| "{\"t\":1777809600}".into())
                .join("\n")
                .into_bytes()
        }),
        ("moments in text within text", |bytes| {
            let list = numbered(bytes / 4, |_| "{\"t\":1777809600}".into()).join(",");
            format!("{{\"a\":{}}}", quoted(&format!("[{}]", quoted(&list)))).into_bytes()
        }),
        ("base64 that is none", |bytes| {
            format!("{{\"data\":\"{}\"}}", "H4sI".repeat(bytes / 4)).into_bytes()
        }),
        ("deep objects", |bytes| {
            format!(
                "{}1777809600{}",
                "{\"a\":".repeat(bytes / 6),
                "}".repeat(bytes / 6)
            )
            .into_bytes()
        }),
    ]
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<_> = (forms().into_iter())
        .map(|(name, form)| Row::new(format!("shifted: {name}"), form, shifted))
        .collect();
    for (name, text) in texts() {
        rows.push(Row::new(
            format!("shifted: {name}"),
            move |bytes| text(bytes).into_bytes(),
            shifted,
        ));
        let within =
            move |bytes: usize| format!("{{\"a\":{}}}", quoted(&text(bytes / 2))).into_bytes();
        rows.push(Row::new(
            format!("shifted: {name} in a string"),
            within,
            shifted,
        ));
    }
    rows
}
