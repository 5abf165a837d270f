//! `settings: {NAME: {about: …, values: […]}}`: what a service has and rules ask for, as a list that may still be empty.

use crate::read::shared::content::{Content, numbered_here, of_file, values_here, written_value};
use crate::yaml::documents::split_documents;
use crate::yaml::known_keys::check_keys;
use crate::yaml::problem::{Reporter, RuleFile};
use crate::yaml::yaml_tree::{self, Kind, Node};

const KEYS: [&str; 5] = ["about", "values", "file", "column", "number"];

/// One setting; `files` are those in which values stand.
pub(super) fn read_setting(
    key: &Node,
    (name, node): (&str, &Node),
    files: &[&RuleFile],
    out: &mut Reporter<'_>,
) -> Content {
    let mark = out.mark();
    if node.map().is_none() {
        let message = format!(
            "the setting `{name}` is what it is about and its values, as `{{about: who operates, values: [ann]}}`, not {}",
            node.shown()
        );
        out.error(key.line, message);
        return Content::Broken;
    }
    let told = "a setting has `about`, and `values` or `file`";
    check_keys(node, &KEYS, told, out);
    let about = node.get("about").and_then(Node::text).map(str::trim);
    if about.is_none_or(|about| about.is_empty() || about.contains('\n')) {
        let message = format!("the setting `{name}` has no `about`: say in one line what it is");
        out.error(key.line, message);
    }
    let (path, values) = match (node.get("values"), node.get("file")) {
        (Some(values), None) => match &values.kind {
            Kind::List(items) => (out.path().to_owned(), values_here(name, items, out)),
            Kind::Map(_) => (out.path().to_owned(), numbered_here(name, values, out)),
            _ => {
                let message = format!(
                    "the `values` of the setting `{name}` are a list, as `[one, two]` or `[]`, or numbers by value, as `{{one: 50}}`, not {}",
                    values.shown()
                );
                out.error(values.line, message);
                return Content::Broken;
            }
        },
        (None, Some(_)) => of_file(key, (name, node), files, out),
        _ => {
            let message = format!(
                "the setting `{name}` has either `values` or a `file`: write `values: []` while nobody knows them"
            );
            out.error(key.line, message);
            return Content::Broken;
        }
    };
    if out.errors_since(mark) > 0 {
        return Content::Broken;
    }
    if values.is_empty() {
        let message = format!(
            "the setting `{name}` is empty: no rule finds anything in it, and one that asks for nothing else sleeps until it is filled"
        );
        out.warning(key.line, message);
    }
    Content::Values(path.into(), values)
}

/// A setting as a file has it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    /// One line: what it is.
    pub about: String,
    pub content: SettingContent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingContent {
    Values(Vec<String>),
    /// Values with what the setting says of each.
    Numbers(Vec<(String, u32)>),
    /// A file beside the one that has the setting, and the columns where that is CSV.
    File {
        file: String,
        column: Option<String>,
        number: Option<String>,
    },
}

/// The settings of a file in their order, as far as they can be read, and the text of each document that has none.
pub fn settings_of(file: &RuleFile) -> (Vec<Setting>, Vec<String>) {
    let (mut settings, mut others) = (Vec::new(), Vec::new());
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    for document in split_documents(text) {
        let root = yaml_tree::parse(document.text, document.first_line);
        let root = root.ok().flatten();
        match root.as_ref().and_then(|root| root.get("settings")) {
            Some(named) => {
                let named = named.map().unwrap_or_default().iter();
                settings.extend(named.filter_map(|(key, node)| written_setting(key, node)));
            }
            None => others.push(document.text.trim_matches('\n').to_owned()),
        }
    }
    (settings, others)
}

fn written_setting(key: &Node, node: &Node) -> Option<Setting> {
    let text = |key: &str| Some(node.get(key)?.text()?.trim().to_owned());
    let values = node.get("values").map(|values| &values.kind);
    let content = match (values, text("file")) {
        (Some(Kind::List(values)), _) => {
            let values = values.iter().filter_map(written_value);
            SettingContent::Values(values.collect())
        }
        (Some(Kind::Map(values)), _) => {
            let values = values.iter().filter_map(|(key, value)| match value.kind {
                Kind::Int(number) => Some((written_value(key)?, u32::try_from(number).ok()?)),
                _ => None,
            });
            SettingContent::Numbers(values.collect())
        }
        (_, Some(file)) => SettingContent::File {
            file,
            column: text("column"),
            number: text("number"),
        },
        (_, None) => return None,
    };
    Some(Setting {
        name: key.text()?.to_owned(),
        about: text("about").unwrap_or_default(),
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_comes_back_as_it_is_written() {
        let text = "settings:\n  a: {about: A, values: [x, 5]}\n  b: {about: B, values: {x: 5, '7': 6}}\n  c: {about: C, file: c.csv, column: id, number: most}\n---\ntitle: other\n";
        let file = RuleFile {
            path: "vedette.yaml".to_owned(),
            text: text.to_owned(),
        };
        let (settings, others) = settings_of(&file);
        let content: Vec<SettingContent> = settings.into_iter().map(|it| it.content).collect();
        let columns = (Some("id".to_owned()), Some("most".to_owned()));
        let expected = [
            SettingContent::Values(vec!["x".to_owned(), "5".to_owned()]),
            SettingContent::Numbers(vec![("x".to_owned(), 5), ("7".to_owned(), 6)]),
            SettingContent::File {
                file: "c.csv".to_owned(),
                column: columns.0,
                number: columns.1,
            },
        ];
        assert_eq!(content, expected);
        assert_eq!(others, ["title: other"]);
    }
}
