//! The `detection` of a rule (or the `filter` of a filter) to one [`Condition`].
//!
//! Values and conditions are those of the Sigma parser; the YAML tree walks alongside and gives every mistake its
//! line. It also catches what that parser lets pass: mappings as values, keys that are no names, empty lists.

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Quantifier, SelectorPattern, SigmaValue,
};

use crate::field::FieldTable;

use super::condition::{Condition, Expr, Place, Predicate, Subject, Test};
use super::modifier::{Modifiers, Operator, parse_modifiers};
use super::near_name::suggestion;
use super::problem::Reporter;
use super::value::value_tests;
use super::yaml_tree::{Kind, Node, shortened};

/// Tests of one rule, written out for each time its condition names them.
const TESTS_PER_RULE_MAX: usize = 50_000;
/// Segments of a dotted field path.
const PATH_SEGMENTS_MAX: usize = 32;

/// Compiles one section; what is wrong with it goes to `out`.
pub(super) struct DetectionCompiler<'c, 'f> {
    pub(super) fields: &'c mut FieldTable,
    pub(super) out: &'c mut Reporter<'f>,
}

/// A named search of the section, in the order of the file.
struct Search<'n> {
    name: &'n str,
    line: u32,
    tests: usize,
    expr: Expr,
    used: bool,
}

impl DetectionCompiler<'_, '_> {
    /// `None` where something is wrong; it has then been reported.
    pub(super) fn compile(&mut self, section: &Node, parsed: &Detections) -> Option<Condition> {
        let mark = self.out.mark();
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
            let mut linker = Linker {
                searches: &mut searches,
                budget: &mut budget,
            };
            match linker.link(condition) {
                Ok(expr) => alternatives.push(expr),
                Err(message) => self.out.error(line, message),
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
        (self.out.errors_since(mark) == 0).then(|| Condition {
            root: any(alternatives),
        })
    }

    fn detection(&mut self, detection: &Detection, node: &Node, line: u32) -> Expr {
        match detection {
            Detection::AllOf(items) => {
                if items.is_empty() {
                    self.out
                        .error(line, "the search is empty, name a field to match");
                }
                let entries = node.map().unwrap_or_default();
                all(items
                    .iter()
                    .zip(entries)
                    .map(|(item, (key, value))| self.item(item, key, value))
                    .collect())
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

    fn keyword(&mut self, value: &SigmaValue, node: &Node) -> Expr {
        match parse_modifiers(&["contains"]) {
            Ok(modifiers) => self.value(Subject::AnyText, value, &modifiers, node.line),
            Err(message) => {
                self.out.error(node.line, message);
                any(Vec::new())
            }
        }
    }

    fn item(&mut self, item: &DetectionItem, key: &Node, value: &Node) -> Expr {
        let name = key.text().unwrap_or_default();
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
            _ => Subject::Field(self.fields.slot(check_path(field)?)),
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
        let lines = |index: usize| {
            value
                .list()
                .and_then(|list| list.get(index))
                .map_or(value.line, |node| node.line)
        };
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
        match value_tests(value, modifiers, self.fields) {
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
            "{} matches array members, which is not part of Sigma 2.1: a plain field already matches any member",
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

/// Puts the searches in the places where the condition names them.
struct Linker<'l, 'n> {
    searches: &'l mut Vec<Search<'n>>,
    budget: &'l mut usize,
}

impl Linker<'_, '_> {
    fn link(&mut self, condition: &ConditionExpr) -> Result<Expr, String> {
        match condition {
            ConditionExpr::And(parts) => Ok(all(self.link_all(parts)?)),
            ConditionExpr::Or(parts) => Ok(any(self.link_all(parts)?)),
            ConditionExpr::Not(part) => Ok(Expr::Not(Box::new(self.link(part)?))),
            ConditionExpr::Identifier(name) => {
                match self.searches.iter().position(|s| s.name == name) {
                    Some(index) => self.take(index),
                    None => {
                        let hint = suggestion(name, self.searches.iter().map(|s| s.name));
                        Err(format!(
                            "the condition names `{name}`, which is no search of this rule{hint}"
                        ))
                    }
                }
            }
            ConditionExpr::Selector {
                quantifier,
                pattern,
            } => self.select(quantifier, pattern),
        }
    }

    fn link_all(&mut self, parts: &[ConditionExpr]) -> Result<Vec<Expr>, String> {
        parts.iter().map(|part| self.link(part)).collect()
    }

    fn select(
        &mut self,
        quantifier: &Quantifier,
        pattern: &SelectorPattern,
    ) -> Result<Expr, String> {
        let named: Vec<usize> = (0..self.searches.len())
            .filter(|&index| pattern.matches_detection_name(self.searches[index].name))
            .collect();
        if named.is_empty() {
            return Err(format!(
                "`{quantifier} of {pattern}` names no search of this rule"
            ));
        }
        let count = named.len();
        let parts = named
            .into_iter()
            .map(|index| self.take(index))
            .collect::<Result<Vec<_>, _>>()?;
        match quantifier {
            Quantifier::Any => Ok(any(parts)),
            Quantifier::All => Ok(all(parts)),
            Quantifier::Count(0) => Err(format!(
                "`0 of {pattern}` is always true, write `not 1 of {pattern}` for none"
            )),
            Quantifier::Count(n) => match usize::try_from(*n) {
                Ok(least) if least <= count => Ok(Expr::AtLeast(least, parts)),
                _ => Err(format!(
                    "`{n} of {pattern}` can never be true, {count} searches have such a name"
                )),
            },
        }
    }

    fn take(&mut self, index: usize) -> Result<Expr, String> {
        let search = &mut self.searches[index];
        search.used = true;
        // An empty search has been reported; it still costs something to write out.
        let cost = search.tests.max(1);
        match self.budget.checked_sub(cost) {
            Some(left) => {
                *self.budget = left;
                Ok(search.expr.clone())
            }
            None => Err(format!(
                "the condition stands for more than {TESTS_PER_RULE_MAX} tests, split the rule"
            )),
        }
    }
}

fn all(mut parts: Vec<Expr>) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::All(parts),
    }
}

fn any(mut parts: Vec<Expr>) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::Any(parts),
    }
}
