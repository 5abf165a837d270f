//! Every name of the set, and the rule it leads to.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::draft::{AliasDraft, Drafts, Target};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{RuleProblem, Severity};
use crate::yaml::reference::Reference;

/// Every id and name of the set. Ids are equal whatever the case of their digits.
#[derive(Debug)]
pub(crate) struct Names {
    /// By [`key`].
    by_name: HashMap<Arc<str>, Target>,
    /// In file order, for suggestions.
    all: Vec<Arc<str>>,
    /// By titles, by which nothing can refer to a rule.
    titles: HashMap<Arc<str>, Titled>,
}

/// A rule that has a title: by what to refer to it, and where it stands.
#[derive(Debug)]
struct Titled {
    id: Arc<str>,
    name: Option<Arc<str>>,
    path: Arc<str>,
    line: u32,
}

impl Names {
    pub(crate) fn collect(drafts: &Drafts, problems: &mut Vec<RuleProblem>) -> Self {
        let correlations = drafts.correlations.iter().map(|draft| &draft.meta);
        let metas = drafts.detections.iter().map(|draft| &draft.meta);
        let titled = metas.chain(correlations).map(|meta| {
            let titled = Titled {
                id: meta.id.clone(),
                name: meta.name.clone(),
                path: meta.path.clone(),
                line: meta.line,
            };
            (meta.title.clone(), titled)
        });
        let mut names = Self {
            by_name: HashMap::new(),
            all: Vec::new(),
            titles: titled.collect(),
        };
        let mut places: HashMap<Arc<str>, (Arc<str>, u32)> = HashMap::new();
        for (identity, target) in &drafts.identities {
            for name in &identity.names {
                let (text, key) = (&name.text, key(&name.text));
                // Nothing refers to a filter, so that its name is in nobody's way.
                if *target == Target::Filter {
                    names.by_name.entry(key).or_insert(Target::Filter);
                    continue;
                }
                if let Some((path, line)) = places.get(&key) {
                    problems.push(RuleProblem {
                        path: identity.path.to_string(),
                        line: name.line,
                        column: None,
                        severity: Severity::Error,
                        message: format!("`{text}` is also the id or name of the rule at {path}:{line}, give one of them another"),
                    });
                    continue;
                }
                places.insert(key.clone(), (identity.path.clone(), name.line));
                names.by_name.insert(key, *target);
                names.all.push(Arc::from(&**text));
            }
        }
        names
    }

    /// Where a name leads; nowhere, where it is that of a filter.
    pub(crate) fn find(&self, reference: &str) -> Option<Target> {
        let found = self.by_name.get(&key(reference)).copied();
        found.filter(|target| *target != Target::Filter)
    }

    /// Of which rule it is the title, and what to write in its place.
    pub(crate) fn title(&self, text: &str) -> Option<String> {
        let Titled {
            id,
            name,
            path,
            line,
        } = self.titles.get(text)?;
        let fix = match name {
            Some(name) => format!("write its name `{name}`"),
            None => format!("write its id `{id}` or give it a `name`"),
        };
        Some(format!(
            "`{text}` is the title of the rule at {path}:{line}, {fix}"
        ))
    }

    /// Why [`Names::find`] found nothing.
    pub(crate) fn unknown(&self, reference: &str) -> String {
        if self.by_name.contains_key(&key(reference)) {
            return format!("`{reference}` is a filter, name a rule");
        }
        if let Some(title) = self.title(reference) {
            return title;
        }
        format!(
            "no rule has the id or name `{reference}`{}",
            suggestion(reference, self.all.iter().map(|name| &**name))
        )
    }
}

/// What two spellings of one name have in common.
fn key(name: &str) -> Arc<str> {
    let is_uuid = name.len() == 36
        && name.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    match is_uuid {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}

impl AliasDraft {
    /// The rule as the alias names it, and its field there.
    pub(crate) fn of_rule(&self, target: Target, names: &Names) -> Option<&(Reference, String)> {
        let mut fields = self.fields.iter();
        fields.find(|(rule, _)| names.find(&rule.text) == Some(target))
    }
}
