//! The model back, with what is proven: status, mitigation, flag and stroke of the threats that the list has. All other
//! bytes stay as they were.

use anyhow::Context;

use super::answers::{found, standing, titled};
use super::json::Part;
use super::model::{Model, cells, id_of, threats};
use super::proof::State;
use super::table::{DECIDED, Table, ThreatRow};
use crate::rewrite::{Edit, applied, escaped};

/// As Threat Dragon draws an element with an open threat, and one without.
const OPEN: (&str, f64) = ("red", 2.5);
const CLOSED: (&str, f64) = ("#333333", 1.5);
/// Where the strokes of shapes are, under `attrs`.
const STROKED: [&str; 4] = ["body", "topLine", "bottomLine", "line"];

/// The text of the file to be.
pub(super) fn written(model: &Model, table: &Table) -> anyhow::Result<String> {
    let whole = Part::of(&model.text).context("the model is no JSON any more")?;
    let diagrams = whole
        .get("detail")
        .and_then(|detail| detail.get("diagrams"));
    let mut edits = Vec::new();
    for diagram in diagrams.map(Part::items).unwrap_or_default() {
        for cell in cells(diagram) {
            of_cell(cell, table, &mut edits);
        }
    }
    edits.sort_by_key(|edit: &Edit| edit.range.start);
    Ok(applied(&model.text, &edits))
}

fn of_cell(cell: Part<'_>, table: &Table, edits: &mut Vec<Edit>) {
    let Some(data) = cell.get("data") else {
        return;
    };
    let mut is_open = false;
    let mut is_known = false;
    for threat in threats(data) {
        let status = threat.get("status").and_then(Part::text);
        let status = status.unwrap_or_default();
        let row = id_of(threat).and_then(|id| table.threat(&id));
        let Some(row) = row else {
            is_open |= status.eq_ignore_ascii_case("open");
            continue;
        };
        is_known = true;
        if DECIDED.contains(&&*status) {
            continue;
        }
        let becomes = match row.state {
            State::Proven => "Mitigated",
            State::Accepted => "Accepted",
            State::Unproven | State::Undetected => "Open",
        };
        is_open |= becomes == "Open";
        set(
            threat,
            &[
                ("status", quoted(becomes)),
                ("mitigation", quoted(&mitigation(row, table))),
            ],
            edits,
        );
    }
    if !is_known {
        return;
    }
    set(data, &[("hasOpenThreats", is_open.to_string())], edits);
    let (colour, width) = if is_open { OPEN } else { CLOSED };
    let attrs = cell.get("attrs");
    for shape in STROKED.iter().filter_map(|name| attrs?.get(name)) {
        if shape.get("stroke").is_some() {
            set(
                shape,
                &[
                    ("stroke", quoted(colour)),
                    ("strokeWidth", width.to_string()),
                ],
                edits,
            );
        }
    }
}

/// A line for each mitigation, and one on the detector.
fn mitigation(row: &ThreatRow, table: &Table) -> String {
    let threats = [row];
    let mitigations = table.mitigations_of(&threats);
    let mut lines: Vec<String> = mitigations
        .map(|m| format!("{} ({}): {}", titled(m), m.owner, standing(m)))
        .collect();
    let detector = match row.state {
        State::Proven => found(row),
        State::Accepted => row.accepted.as_ref().map_or_else(String::new, |accepted| {
            format!(
                "by {} until {}: {}",
                accepted.by, accepted.until, accepted.reason
            )
        }),
        State::Unproven | State::Undetected => row.why.join("; "),
    };
    lines.push(format!("Detection: {}: {detector}", row.state.name()));
    lines.join("\n")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Gives members of an object these values, as JSON. What has its value already is left as it is written, and what is
/// not there is put at the end.
fn set(object: Part<'_>, members: &[(&str, String)], edits: &mut Vec<Edit>) {
    let mut added = String::new();
    let mut is_empty = object.members().is_empty();
    for (key, value) in members {
        match object.get(key) {
            Some(part) if is_same(part, value) => {}
            Some(part) => edits.push(Edit {
                range: part.range(),
                with: value.clone(),
            }),
            None => {
                let comma = if is_empty { "" } else { "," };
                added.push_str(&format!("{comma}\"{key}\":{value}"));
                is_empty = false;
            }
        }
    }
    if !added.is_empty() {
        let end = object.range().end - 1;
        edits.push(Edit {
            range: end..end,
            with: added,
        });
    }
}

fn is_same(part: Part<'_>, value: &str) -> bool {
    let Ok(other) = Part::of(value) else {
        return false;
    };
    let texts = part.text().is_some() && part.text() == other.text();
    let flags = part.flag().is_some() && part.flag() == other.flag();
    let numbers = part.number().is_some() && part.number() == other.number();
    texts || flags || numbers
}
