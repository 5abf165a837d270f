//! A model of OWASP Threat Dragon goes in, what of it is asked comes out: elements, and the threats at them. Of a file
//! that is no such model it is said where; what is not understood within one is left as it is.

use std::path::{Path, PathBuf};

use detector_core::rule::{RuleProblem, Severity, id_and_title};

use super::json::{Lines, Part};
use crate::input::bounded;

/// The largest model that is read, in bytes; a component, its flows and threats take about four thousand.
const BYTES_MAX: u64 = 8 << 20;
/// Elements of a model, and threats at them.
const ELEMENTS_MAX: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Model {
    pub(super) path: PathBuf,
    /// The file, as it is.
    pub(super) text: String,
    pub(crate) title: String,
    /// In the order of the file; without what is only text in a picture.
    pub(super) elements: Vec<Element>,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Why it is left out, where it is; the reason may be empty.
    pub(super) out_of_scope: Option<String>,
    pub(super) is_public: bool,
    /// Of a flow: the element that it leads to.
    pub(super) target: Option<String>,
    pub(super) source: Option<String>,
    pub(super) threats: Vec<Placed>,
    pub(super) line: u32,
}

/// A threat at an element.
#[derive(Debug)]
pub(super) struct Placed {
    /// What stands before the colon of its title, where that looks like an id: `T3: …`.
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Component,
    Flow,
    Boundary,
}

impl Model {
    /// # Errors
    /// It cannot be read, is no JSON or no model; with its place.
    pub(crate) fn read(path: &Path) -> Result<Self, RuleProblem> {
        let refused = |line, column, message: String| RuleProblem {
            path: path.display().to_string(),
            line,
            column,
            severity: Severity::Error,
            message,
        };
        let bytes = bounded::read(path, BYTES_MAX, "the model")
            .map_err(|error| refused(1, None, format!("the model cannot be read: {error}")))?;
        if bytes.len() as u64 > BYTES_MAX {
            let message = format!("the model has more than {BYTES_MAX} bytes");
            return Err(refused(1, None, message));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = Lines::of(error.as_bytes()).line_at(error.utf8_error().valid_up_to());
            let message = "the model is not UTF-8 text from here on";
            refused(line, None, message.to_owned())
        })?;
        let of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let read = Part::of(&text).map_err(|error| {
            let message = format!("the model is no JSON: {error}");
            refused(of(error.line().max(1)), Some(of(error.column())), message)
        })?;
        let lines = Lines::of(text.as_bytes());
        let diagrams = read.get("detail").and_then(|detail| detail.get("diagrams"));
        let Some(diagrams) = diagrams.filter(|diagrams| diagrams.is_list()) else {
            let message = "this is no model of Threat Dragon 2: it has no list `detail.diagrams`";
            return Err(refused(lines.line(read), None, message.to_owned()));
        };
        let title = read.get("summary").and_then(|summary| summary.get("title"));
        let title = title.and_then(Part::text);
        let elements = diagrams.items().into_iter().flat_map(cells);
        let elements = elements.filter_map(|cell| Element::of(cell, &lines));
        let elements: Vec<Element> = elements.take(ELEMENTS_MAX + 1).collect();
        let threats: usize = elements.iter().map(|element| element.threats.len()).sum();
        if elements.len().max(threats) > ELEMENTS_MAX {
            let message = format!(
                "the model has more than {ELEMENTS_MAX} elements, or threats at them: divide it"
            );
            return Err(refused(lines.line(diagrams), None, message));
        }
        Ok(Self {
            path: path.to_owned(),
            title: title.unwrap_or_else(|| "untitled".to_owned()),
            elements,
            text,
        })
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Element> {
        self.elements
            .iter()
            .filter(move |element| element.kind == kind)
    }

    /// Whether the threat of that id is at one of its elements.
    pub(super) fn has(&self, id: &str) -> bool {
        self.elements.iter().any(|element| element.carries(id))
    }

    /// The name of the element of that id.
    pub(super) fn name_of(&self, id: Option<&str>) -> Option<&str> {
        let found = self
            .elements
            .iter()
            .find(|element| Some(&*element.id) == id)?;
        Some(&found.name)
    }
}

/// The cells of a diagram.
pub(super) fn cells(diagram: Part<'_>) -> Vec<Part<'_>> {
    diagram.get("cells").map(Part::items).unwrap_or_default()
}

/// The threats of a cell's data.
pub(super) fn threats(data: Part<'_>) -> Vec<Part<'_>> {
    let threats = data.get("threats").map(Part::items).unwrap_or_default();
    threats
        .into_iter()
        .filter(|threat| threat.is_object())
        .collect()
}

/// The id that the title of a threat begins with: letters and then digits before a colon.
pub(super) fn id_of(threat: Part<'_>) -> Option<String> {
    let title = threat.get("title")?.text()?;
    let (id, rest) = id_and_title(&title);
    let digits = id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_id = rest.is_some()
        && digits.len() < id.len()
        && !digits.is_empty()
        && id.len() <= 20
        && digits.bytes().all(|b| b.is_ascii_digit());
    is_id.then(|| id.to_owned())
}

impl Element {
    /// Whether the threat of that id is at it.
    pub(super) fn carries(&self, id: &str) -> bool {
        self.threats.iter().any(|placed| placed.is(id))
    }

    /// `None`: it is nothing that has threats.
    fn of(cell: Part<'_>, lines: &Lines) -> Option<Self> {
        let text = |part: Part<'_>, key: &str| part.get(key).and_then(Part::text);
        let data = cell.get("data")?;
        let shape = text(cell, "shape").unwrap_or_default();
        let kind = match text(data, "type").as_deref() {
            Some("tm.Process" | "tm.Store" | "tm.Actor") => Kind::Component,
            Some("tm.Flow") => Kind::Flow,
            Some("tm.Boundary" | "tm.BoundaryBox") => Kind::Boundary,
            _ => match &*shape {
                "process" | "store" | "actor" => Kind::Component,
                "flow" => Kind::Flow,
                _ if shape.starts_with("trust-boundary") => Kind::Boundary,
                _ => return None,
            },
        };
        let flag = |key: &str| data.get(key).and_then(Part::flag) == Some(true);
        let end = |key: &str| cell.get(key).and_then(|end| text(end, "cell"));
        let name = text(data, "name").unwrap_or_default();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Self {
            id: text(cell, "id").unwrap_or_default(),
            name: match name.is_empty() {
                true => "unnamed".to_owned(),
                false => name,
            },
            kind,
            out_of_scope: flag("outOfScope")
                .then(|| text(data, "reasonOutOfScope").unwrap_or_default()),
            is_public: flag("isPublicNetwork"),
            source: end("source"),
            target: end("target"),
            threats: threats(data)
                .into_iter()
                .map(|threat| Placed::of(threat, lines))
                .collect(),
            line: lines.line(cell),
        })
    }
}

impl Placed {
    fn of(threat: Part<'_>, lines: &Lines) -> Self {
        let text = |key: &str| threat.get(key).and_then(Part::text).unwrap_or_default();
        Self {
            id: id_of(threat),
            kind: text("type"),
            status: text("status"),
            line: lines.line(threat),
        }
    }

    pub(super) fn is(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id)
    }

    /// The letter of STRIDE, or the kind as it is written: Threat Dragon writes the words of its user's language.
    pub(super) fn letter(&self) -> String {
        let known = [
            ("spoofing", "S"),
            ("tampering", "T"),
            ("repudiation", "R"),
            ("information disclosure", "I"),
            ("denial of service", "D"),
            ("elevation of privilege", "E"),
        ];
        let lower = self.kind.to_lowercase();
        let found = known.iter().find(|(word, _)| *word == lower);
        found.map_or_else(|| self.kind.clone(), |(_, letter)| (*letter).to_owned())
    }
}
