//! The `detection` of a rule (or the `filter` of a filter) to one [`Condition`].
//!
//! Values and conditions are those of the Sigma parser; the YAML tree walks alongside and gives every mistake its
//! line. It also catches what that parser lets pass: mappings as values, keys that are no names, empty lists.

pub(crate) mod modifier; // field|contains|all
pub(crate) mod encoding; // base64, utf16
pub(crate) mod value; // one value -> tests

use rsigma_parser::{Detection, DetectionItem, Detections, SigmaValue};

use detector_event::event::LogSource;
use detector_event::field::FieldTable;

use crate::doubt::contradiction;
use crate::link::search_link::{Search, SearchLinker, TESTS_PER_RULE_MAX, all, any};
use crate::model::condition::{Condition, Element, Expr, Place, Predicate, Subject, Test};
use crate::read::detection::modifier::{Modifiers, Operator, parse_modifiers};
use crate::read::detection::value::{check_placeholders, value_tests};
use crate::read::shared::Shared;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::yaml_tree::{Kind, Node, shortened};

/// Segments of a dotted field path.
const PATH_SEGMENTS_MAX: usize = 32;

/// Compiles one section; what is wrong with it goes to `out`.
pub(crate) struct DetectionCompiler<'c, 'f> {
    pub(crate) fields: &'c mut FieldTable,
    /// Of the events that the rule sees.
    pub(crate) sources: &'c [LogSource],
    /// `vedette.same_element`: of each search, the tests of fields below one of these paths must hold in one object.
    pub(crate) same_element: &'c [Reference],
    pub(crate) shared: &'c mut Shared,
    pub(crate) out: &'c mut Reporter<'f>,
}

impl<'c> DetectionCompiler<'c, '_> {
    /// `None` where something is wrong; it has then been reported.
    pub(crate) fn compile(mut self, section: &Node, parsed: &Detections) -> Option<Condition> {
        let mark = self.out.mark();
        self.check_same_element(section);
        let mut searches = Vec::new();
        for (key, node) in section.map().unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            let Some(detection) = parsed.named.get(name) else {
                continue;
            };
            let expr = self.detection(detection, node, key.line);
            let mut tests = 0;
            expr.each_test(&mut |_| tests += 1);
            searches.push(Search {
                name,
                line: key.line,
                tests,
                expr,
                used: false,
            });
        }
        let node = section.get("condition")?;
        let mut alternatives = Vec::new();
        let mut budget = TESTS_PER_RULE_MAX;
        for (index, condition) in parsed.conditions.iter().enumerate() {
            let line = node
                .list()
                .and_then(|list| list.get(index))
                .map_or(node.line, |item| item.line);
            let mut linker = SearchLinker {
                searches: &mut searches,
                budget: &mut budget,
                problems: Vec::new(),
            };
            alternatives.push(linker.link(condition));
            for message in linker.problems {
                self.out.error(line, message);
            }
        }
        for unused in searches
            .iter()
            .filter(|search| !search.used && !search.name.starts_with('_'))
        {
            self.out.warning(
                unused.line,
                format!("search `{}` is never used by the condition", unused.name),
            );
        }
        if self.out.errors_since(mark) > 0 {
            return None;
        }
        let root = any(alternatives);
        if let Some(doubt) = contradiction::doubt(&root, self.fields, self.sources) {
            self.out.warning(node.line, doubt);
        }
        Some(Condition { root })
    }

    fn detection(&mut self, detection: &Detection, node: &Node, line: u32) -> Expr {
        match detection {
            Detection::AllOf(items) => {
                if items.is_empty() {
                    self.out
                        .error(line, "the search is empty, name a field to match");
                }
                let entries = node.map().unwrap_or_default().iter();
                self.all_of(items.iter().zip(entries).collect())
            }
            Detection::AnyOf(parts) => {
                let nodes = node.list().unwrap_or_default();
                any(parts
                    .iter()
                    .zip(nodes)
                    .map(|(part, node)| self.detection(part, node, node.line))
                    .collect())
            }
            Detection::Keywords(values) => {
                if values.is_empty() {
                    self.out
                        .error(line, "the search is an empty list and can never match");
                }
                let nodes = node.list().unwrap_or(std::slice::from_ref(node));
                any(values
                    .iter()
                    .zip(nodes)
                    .map(|(value, node)| self.keyword(value, node))
                    .collect())
            }
            Detection::ArrayMatch { .. } | Detection::And(_) | Detection::Conditional { .. } => {
                self.out
                    .error(line, "array matching is not part of Sigma 2.1");
                any(Vec::new())
            }
        }
    }

    /// A piece of text that stands in any text.
    fn doubt_empty(&mut self, value: &SigmaValue, modifiers: &Modifiers, line: u32) {
        let is_piece = matches!(
            modifiers.operator,
            Operator::Text(Place::Start | Place::End | Place::Anywhere)
        );
        let is_empty = matches!(value, SigmaValue::String(text) if text.original.is_empty());
        if is_piece && is_empty {
            self.out.warning(
                line,
                "empty text stands in any text: remove it, or ask with `exists`",
            );
        }
    }

    fn keyword(&mut self, value: &SigmaValue, node: &Node) -> Expr {
        if matches!(value, SigmaValue::String(text) if text.original.chars().all(|c| c == '*')) {
            let message = "a word of nothing but `*`, or of nothing, is in every event: remove it";
            self.out.warning(node.line, message);
        }
        match parse_modifiers(&["contains"]) {
            Ok(modifiers) => self.value(Subject::AnyText, value, &modifiers, node.line),
            Err(message) => {
                self.out.error(node.line, message);
                any(Vec::new())
            }
        }
    }

    /// The items of one mapping; those below a path of `same_element` are one test of an object there.
    fn all_of(&mut self, items: Vec<(&DetectionItem, &(Node, Node))>) -> Expr {
        let mut tests = Vec::new();
        let mut elements: Vec<(&str, FieldTable, Vec<Expr>)> = Vec::new();
        for (item, (key, value)) in items {
            let name = key.text().unwrap_or_default();
            let Some((path, inner)) = self.element_of(name) else {
                tests.push(self.item(item, key, name, value));
                continue;
            };
            let at = elements.iter().position(|(known, ..)| *known == path);
            let at = at.unwrap_or_else(|| {
                elements.push((path, FieldTable::default(), Vec::new()));
                elements.len() - 1
            });
            if name.split('|').any(|modifier| modifier == "fieldref") {
                let message = format!(
                    "`{name}`: `fieldref` cannot be used below `{path}`, which is in `vedette.same_element`"
                );
                self.out.error(key.line, message);
                continue;
            }
            let (_, fields, within) = &mut elements[at];
            let mut compiler = DetectionCompiler {
                fields,
                sources: self.sources,
                same_element: &[],
                shared: &mut *self.shared,
                out: &mut *self.out,
            };
            within.push(compiler.item(item, key, inner, value));
        }
        for (path, fields, within) in elements {
            tests.push(Expr::Test(Predicate {
                subject: Subject::Field(self.fields.slot(path)),
                test: Test::Element(Element::new(fields, all(within))),
            }));
        }
        all(tests)
    }

    /// The longest path of `same_element` that a key lies below, and the key as seen from there.
    fn element_of<'k>(&self, name: &'k str) -> Option<(&'c str, &'k str)> {
        let paths = self.same_element.iter().map(|path| path.text.as_str());
        paths
            .filter_map(|path| Some((path, name.strip_prefix(path)?.strip_prefix('.')?)))
            .min_by_key(|(_, inner)| inner.len())
    }

    fn check_same_element(&mut self, section: &Node) {
        for Reference { text, line } in self.same_element {
            let below = |name: &str| {
                let rest = name.strip_prefix(text.as_str());
                rest.is_some_and(|rest| rest.starts_with('.'))
            };
            if !has_key(section, &below) {
                self.out.error(
                    *line,
                    format!("`vedette.same_element` names {}, and no field of the detection is below it: write such as `{text}.name`", shortened(text)),
                );
            }
        }
    }

    fn item(&mut self, item: &DetectionItem, key: &Node, name: &str, value: &Node) -> Expr {
        match self.try_item(item, name, value) {
            Ok(expr) => expr,
            Err(message) => {
                self.out.error(key.line, message);
                any(Vec::new())
            }
        }
    }

    fn try_item(&mut self, item: &DetectionItem, key: &str, value: &Node) -> Result<Expr, String> {
        let mut names = key.split('|');
        let field = names.next().unwrap_or_default();
        let Ok(mut modifiers) = parse_modifiers(&names.collect::<Vec<_>>()) else {
            // Reported when the section was checked, before the parser saw it.
            return Ok(any(Vec::new()));
        };
        let subject = match field {
            "" if key.is_empty() => return Err("the field name is empty".to_owned()),
            "" => {
                modifiers.operator = keyword_operator(modifiers.operator)?;
                Subject::AnyText
            }
            _ => {
                self.shared.check_field(field)?;
                Subject::Field(self.fields.slot(check_path(field)?))
            }
        };
        check_shape(value, field)?;
        let present = || {
            Expr::Test(Predicate {
                subject,
                test: Test::Present,
            })
        };
        if modifiers.operator == Operator::Exists {
            return match item.values[..] {
                [SigmaValue::Bool(true)] => Ok(present()),
                [SigmaValue::Bool(false)] => Ok(Expr::Not(Box::new(present()))),
                _ => Err(format!("`exists` is true or false, not {}", value.shown())),
            };
        }
        if item.values.is_empty() {
            return Err(format!(
                "`{key}` has an empty list of values and can never match"
            ));
        }
        if modifiers.all && item.values.len() < 2 {
            return Err(format!(
                "`{key}` has one value, `all` needs several: remove it"
            ));
        }
        check_placeholders(item, key, &modifiers)?;
        let lines = |index: usize| {
            value
                .list()
                .and_then(|list| list.get(index))
                .map_or(value.line, |node| node.line)
        };
        for (index, given) in item.values.iter().enumerate() {
            self.doubt_empty(given, &modifiers, lines(index));
        }
        let tests = item.values.iter().enumerate();
        let tests = tests
            .map(|(index, one)| self.value(subject, one, &modifiers, lines(index)))
            .collect();
        let tests = if modifiers.all {
            all(tests)
        } else {
            any(tests)
        };
        Ok(match (modifiers.negated, subject) {
            (false, _) => tests,
            // A field that is missing is not different: there is nothing to compare.
            (true, Subject::Field(_)) => Expr::All(vec![present(), Expr::Not(Box::new(tests))]),
            (true, Subject::AnyText) => {
                return Err("`neq` needs a field, write `not` in the condition".to_owned());
            }
        })
    }

    fn value(
        &mut self,
        subject: Subject,
        value: &SigmaValue,
        modifiers: &Modifiers,
        line: u32,
    ) -> Expr {
        match value_tests(value, modifiers, self.fields, self.shared) {
            Ok(tests) => any(tests
                .into_iter()
                .map(|test| Expr::Test(Predicate { subject, test }))
                .collect()),
            Err(message) => {
                self.out.error(line, message);
                any(Vec::new())
            }
        }
    }
}

/// Whether a mapping anywhere in the section has a key that is `wanted`.
fn has_key(node: &Node, wanted: &dyn Fn(&str) -> bool) -> bool {
    let entries = node.map().unwrap_or_default().iter();
    let mut inner = entries
        .clone()
        .map(|(_, value)| value)
        .chain(node.list().unwrap_or_default());
    entries
        .clone()
        .any(|(key, _)| key.text().is_some_and(wanted))
        || inner.any(|node| has_key(node, wanted))
}

/// Words without a field are looked for anywhere within a text; the rest makes no sense without a field.
fn keyword_operator(operator: Operator) -> Result<Operator, String> {
    match operator {
        Operator::Text(Place::Whole) => Ok(Operator::Text(Place::Anywhere)),
        Operator::Text(_) | Operator::Regex => Ok(operator),
        _ => Err("this modifier needs a field name before the `|`".to_owned()),
    }
}

fn check_path(field: &str) -> Result<&str, String> {
    if field
        .split('.')
        .any(|segment| segment.ends_with(']') && segment.contains('['))
    {
        return Err(format!(
            "{} matches array members, which is not part of Sigma 2.1: a plain field already matches any member, and `vedette.same_element` asks for one",
            shortened(field)
        ));
    }
    if field.split('.').count() > PATH_SEGMENTS_MAX {
        return Err(format!(
            "{} has more than {PATH_SEGMENTS_MAX} parts",
            shortened(field)
        ));
    }
    match field {
        "." => Err("`.` is no field name".to_owned()),
        _ => Ok(field),
    }
}

fn check_shape(value: &Node, field: &str) -> Result<(), String> {
    match &value.kind {
        Kind::Map(entries) => {
            let inner = entries
                .first()
                .and_then(|(key, _)| key.text())
                .unwrap_or("name");
            Err(format!(
                "`{field}` has a mapping as its value, write nested fields with dots: `{field}.{inner}`"
            ))
        }
        Kind::List(items) => match items
            .iter()
            .find(|item| item.map().is_some() || item.list().is_some())
        {
            Some(_) => Err(format!(
                "`{field}` has a list or mapping within its list of values"
            )),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
