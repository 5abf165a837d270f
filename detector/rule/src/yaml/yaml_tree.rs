//! YAML text to a tree in which every node knows its line.
//!
//! The Sigma parser's own reader keeps no positions, accepts what it should not (numbers as keys) and expands
//! aliases generously. This tree is built first, within limits, so that nothing dangerous reaches that parser.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, SpannedEventReceiver};

use crate::yaml::yaml_fault::explain;

/// Nodes of one document, aliases written out.
const NODES_MAX: usize = 200_000;
/// Lists and mappings within each other.
const DEPTH_MAX: usize = 48;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Counted from 1 in the file.
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is not a whole one within 64 bits, as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Why a text is no YAML that Vedette reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct YamlProblem {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) message: String,
}

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    pub(crate) fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entry of a mapping, key and value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        let found = self.map()?.iter().find(|(k, _)| k.text() == Some(key))?;
        Some((&found.0, &found.1))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The line of the deepest part of a `/`-separated path that exists.
    pub(crate) fn line_of(&self, path: &str) -> u32 {
        let (mut node, mut line) = (self, self.line);
        for segment in path.split('/').filter(|s| !s.is_empty()) {
            let next = match segment.parse::<usize>() {
                Ok(index) if node.list().is_some() => node
                    .list()
                    .and_then(|items| items.get(index))
                    .map(|item| (item.line, item)),
                _ => node.entry(segment).map(|(key, value)| (key.line, value)),
            };
            let Some((next_line, next_node)) = next else {
                break;
            };
            (line, node) = (next_line, next_node);
        }
        line
    }

    /// What a message calls it: the value itself where that is short.
    pub(crate) fn shown(&self) -> String {
        match &self.kind {
            Kind::Null => "`null`".to_owned(),
            Kind::Bool(b) => format!("`{b}`"),
            Kind::Int(n) => format!("`{n}`"),
            Kind::Number(text) | Kind::Text(text) => shortened(text),
            Kind::List(items) if items.is_empty() => "an empty list".to_owned(),
            Kind::Map(entries) if entries.is_empty() => "an empty mapping".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// A value as messages quote it: `` `text` ``, cut where it is long.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match clean.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", &clean[..end]),
        None => format!("`{clean}`"),
    }
}

/// Reads one document whose first line is `first_line` of its file. `None`: it holds nothing.
pub(crate) fn parse(text: &str, first_line: u32) -> Result<Option<Node>, YamlProblem> {
    let mut builder = Builder::new(first_line);
    let mut parser = Parser::new_from_str(text);
    let scanned = parser.load(&mut builder, true);
    if let Some(problem) = builder.problem {
        return Err(problem);
    }
    if let Err(error) = scanned {
        let marker = error.marker();
        let fault = explain(text, marker.line(), marker.col() + 1, error.info());
        return Err(YamlProblem {
            line: first_line + small(fault.line).saturating_sub(1),
            column: small(fault.column),
            message: fault.message,
        });
    }
    Ok(builder.root)
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[derive(Debug)]
struct Frame {
    line: u32,
    column: u32,
    anchor: usize,
    is_map: bool,
    key: Option<Node>,
    items: Vec<Node>,
    entries: Vec<(Node, Node)>,
    keys: HashSet<String>,
}

#[derive(Debug)]
struct Builder {
    first_line: u32,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
    problem: Option<YamlProblem>,
}

impl Builder {
    fn new(first_line: u32) -> Self {
        Self {
            first_line,
            stack: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            root: None,
            problem: None,
        }
    }

    fn fail(&mut self, line: u32, column: u32, message: impl Into<String>) {
        let message = message.into();
        self.problem.get_or_insert(YamlProblem {
            line,
            column,
            message,
        });
    }

    fn open(&mut self, line: u32, column: u32, anchor: usize, is_map: bool) {
        if self.stack.len() == DEPTH_MAX {
            self.fail(
                line,
                column,
                format!("lists and mappings are nested more than {DEPTH_MAX} deep"),
            );
            return;
        }
        self.stack.push(Frame {
            line,
            column,
            anchor,
            is_map,
            key: None,
            items: Vec::new(),
            entries: Vec::new(),
            keys: HashSet::new(),
        });
    }

    fn close(&mut self) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let kind = if frame.is_map {
            Kind::Map(frame.entries)
        } else {
            Kind::List(frame.items)
        };
        let node = Node {
            line: frame.line,
            column: frame.column,
            kind,
        };
        self.put(node, frame.anchor);
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.add(node, 1);
    }

    fn add(&mut self, node: Node, size: usize) {
        self.nodes += size;
        if self.nodes > NODES_MAX {
            self.fail(
                node.line,
                node.column,
                format!("the document has more than {NODES_MAX} values, aliases written out"),
            );
            return;
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        if !frame.is_map {
            frame.items.push(node);
            return;
        }
        match frame.key.take() {
            Some(key) => frame.entries.push((key, node)),
            None => self.put_key(node),
        }
    }

    fn put_key(&mut self, key: Node) {
        let (line, column) = (key.line, key.column);
        match key.text().map(str::to_owned) {
            None => self.fail(
                line,
                column,
                format!("key {} is not text, quote it", key.shown()),
            ),
            Some(name) if name == "<<" => {
                self.fail(
                    line,
                    column,
                    "merge keys `<<` are not part of Sigma, write the entries out",
                );
            }
            Some(name) => {
                let shown = shortened(&name);
                let frame = self.stack.last_mut().expect("a key lies in a mapping");
                frame.key = Some(key);
                if !frame.keys.insert(name) {
                    self.fail(
                        line,
                        column,
                        format!("key {shown} stands twice in this mapping"),
                    );
                }
            }
        }
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::List(items) => items.iter().map(size).sum(),
        Kind::Map(entries) => entries.iter().map(|(k, v)| size(k) + size(v)).sum(),
        _ => 0,
    }
}

impl<'i> SpannedEventReceiver<'i> for Builder {
    fn on_event(&mut self, event: Event<'i>, span: Span) {
        if self.problem.is_some() {
            return;
        }
        let line = self.first_line + small(span.start.line()).saturating_sub(1);
        let column = small(span.start.col()) + 1;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = match tag {
                    // `!!str 5` and the like: the Sigma parser reads tags too, so that guessing could only differ.
                    Some(_) => {
                        return self.fail(
                            line,
                            column,
                            "YAML tags (`!…`) are not part of Sigma, quote text instead",
                        );
                    }
                    None => scalar(text, style),
                };
                self.put(Node { line, column, kind }, anchor);
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (mut node, size) = (node.clone(), *size);
                    (node.line, node.column) = (line, column);
                    self.add(node, size);
                }
                None => self.fail(line, column, "an alias refers to itself"),
            },
            Event::SequenceStart(anchor, _) => self.open(line, column, anchor, false),
            Event::MappingStart(anchor, _) => self.open(line, column, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Kind {
    if style != ScalarStyle::Plain {
        return Kind::Text(text.into_owned());
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    // A leading zero is text to the Sigma parser: account ids keep theirs.
    if let Ok(n) = text.parse::<i64>()
        && (digits == "0" || !digits.starts_with('0'))
    {
        return Kind::Int(n);
    }
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok()
        && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."));
    if numeric {
        Kind::Number(text.into_owned())
    } else {
        Kind::Text(text.into_owned())
    }
}
