//! By what names a document can be referred to, and where in the file they stand.
//!
//! Broken documents have an identity, too, as far as it can be read: a reference to one is not a second mistake, and
//! an id that stands twice is one whatever else is wrong.

use std::sync::Arc;

use crate::yaml::reference::Reference;
use crate::yaml::yaml_tree::Node;

#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) path: Arc<str>,
    /// The `id`, or else the `name`, or else the title; and the `name`, where it is another.
    pub(crate) names: Vec<Reference>,
}

impl Identity {
    pub(crate) fn read(root: &Node, path: &str) -> Self {
        // Where the id is there and cannot be read, the title is not what the rule goes by.
        let has_broken_id = root.get("id").is_some_and(|id| id.text().is_none());
        let reference = |key: &str| {
            let (at, value) = root.entry(key)?;
            if key == "title" && has_broken_id {
                return None;
            }
            let text = value.text()?.trim();
            (!text.is_empty()).then(|| Reference {
                text: text.to_owned(),
                line: at.line,
            })
        };
        Self::new(path, reference)
    }

    /// Reads what it can of a document that is no YAML.
    pub(crate) fn guess(text: &str, first_line: u32, path: &str) -> Self {
        let reference = |key: &str| {
            (first_line..)
                .zip(text.lines())
                .find_map(|(line, written)| {
                    let value = written.strip_prefix(key)?.trim_start().strip_prefix(':')?;
                    let value = value.split(" #").next().unwrap_or(value).trim();
                    let text = value.trim_matches(['"', '\'']).to_owned();
                    (!text.is_empty()).then_some(Reference { text, line })
                })
        };
        Self::new(path, reference)
    }

    fn new(path: &str, reference: impl Fn(&str) -> Option<Reference>) -> Self {
        let name = reference("name");
        let first = reference("id").or(name.clone()).or(reference("title"));
        let mut names: Vec<Reference> = first.into_iter().collect();
        names.extend(name.filter(|name| names.iter().all(|first| first.text != name.text)));
        Self {
            path: Arc::from(path),
            names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_what_is_no_yaml() {
        let text = "title: T\nid: 'a'  # stays\n name: no\n  - {\nname: b\n";
        let identity = Identity::guess(text, 10, "r.yml");
        let names: Vec<_> = identity.names.iter().map(|n| (&*n.text, n.line)).collect();
        assert_eq!(names, [("a", 11), ("b", 14)]);
    }
}
