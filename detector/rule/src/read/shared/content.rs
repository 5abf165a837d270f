//! What one list has: values in the rule file, or in a file that it names.

use std::sync::Arc;

use crate::model::allowlist::Allowlist;
use crate::yaml::known_keys::check_keys;
use crate::yaml::problem::{Reporter, RuleFile};
use crate::yaml::yaml_tree::{Kind, Node, shortened};

use crate::read::shared::values::{Written, not_a_number, of_csv, of_text};

/// Values of one list that stand in the rule file itself, or that are looked for within texts.
pub(super) const FEW_MAX: usize = 1_000;

/// What is in one list.
#[derive(Debug)]
pub(super) enum Content {
    /// The file that they stand in, and they.
    Values(Arc<str>, Vec<Written>),
    Shared(Arc<Allowlist>),
    /// What is wrong has been reported.
    Broken,
}

/// A file's path, from that of the rule file that names it.
pub(super) fn beside(path: &str, name: &str) -> String {
    let folder = path.rfind(['/', '\\']).map_or("", |end| &path[..=end]);
    format!("{folder}{name}")
}

/// Whether a file of that name can hold values.
pub(super) fn has_values(name: &&str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    lower.ends_with(".txt") || lower.ends_with(".csv")
}

pub(super) fn read_values(
    key: &Node,
    (name, node): (&str, &Node),
    files: &[&RuleFile],
    out: &mut Reporter<'_>,
) -> Content {
    let mark = out.mark();
    let (path, values) = match &node.kind {
        Kind::List(items) => (out.path().to_owned(), values_here(name, items, out)),
        Kind::Map(_) => {
            let told = "a list has `file`, and `column` and `number` where that is CSV, or `values` with a number each";
            check_keys(node, &["file", "column", "number", "values"], told, out);
            match (node.entry("values"), node.get("file")) {
                (Some((_, values)), None) => {
                    (out.path().to_owned(), numbered_here(name, values, out))
                }
                (Some((at, _)), Some(_)) => {
                    let message = format!("the list `{name}` has either `values` or a `file`");
                    out.error(at.line, message);
                    return Content::Broken;
                }
                (None, _) => of_file(key, (name, node), files, out),
            }
        }
        _ => {
            let message = format!(
                "the list `{name}` is a file, as `{{file: {name}.txt}}`, or its values, as `[one, two]`, not {}",
                node.shown()
            );
            out.error(key.line, message);
            return Content::Broken;
        }
    };
    if out.errors_since(mark) > 0 {
        return Content::Broken;
    }
    if values.is_empty() {
        let message = format!("the list `{name}` has no values, so nothing is in it");
        out.warning(key.line, message);
    }
    Content::Values(path.into(), values)
}

pub(super) fn values_here(name: &str, items: &[Node], out: &mut Reporter<'_>) -> Vec<Written> {
    if items.len() > FEW_MAX {
        let line = items[0].line;
        let message = format!(
            "the list `{name}` has {} values, the most is {FEW_MAX} here: put them into a file, one a line, and write `{{file: {name}.txt}}`",
            items.len()
        );
        out.error(line, message);
    }
    let mut values = Vec::new();
    for item in items {
        match written_value(item) {
            Some(text) => values.push(Written {
                text: text.into(),
                line: item.line,
                number: 0,
            }),
            None => {
                let message = format!(
                    "the list `{name}` has {}, which is no text: quote it",
                    item.shown()
                );
                out.error(item.line, message);
            }
        }
    }
    values
}

/// `{web: 50, app: 400}`
pub(super) fn numbered_here(name: &str, node: &Node, out: &mut Reporter<'_>) -> Vec<Written> {
    let Some(entries) = node.map() else {
        let message = format!(
            "the `values` of the list `{name}` have a number each, as `{{one: 50, two: 400}}`; without, it is `{name}: [one, two]`"
        );
        out.error(node.line, message);
        return Vec::new();
    };
    if entries.len() > FEW_MAX {
        let message = format!(
            "the list `{name}` has {} values, the most is {FEW_MAX} here: put them into a CSV file, and write `{{file: {name}.csv, column: COLUMN, number: COLUMN}}`",
            entries.len()
        );
        out.error(node.line, message);
    }
    let mut values = Vec::new();
    for (key, value) in entries {
        let number = match value.kind {
            Kind::Int(number) => u32::try_from(number).ok().filter(|number| *number > 0),
            _ => None,
        };
        match (written_value(key), number) {
            (Some(text), Some(number)) => values.push(Written {
                text: text.into(),
                line: key.line,
                number,
            }),
            (None, _) => {
                let message = format!(
                    "the list `{name}` has {}, which is no text: quote it",
                    key.shown()
                );
                out.error(key.line, message);
            }
            (_, None) => out.error(key.line, not_a_number(&value.shown())),
        }
    }
    values
}

/// A value as text; none where it is neither that nor a whole number, or is empty.
pub(super) fn written_value(item: &Node) -> Option<String> {
    let text = match &item.kind {
        Kind::Int(number) => Some(number.to_string()),
        _ => item.text().map(|text| text.trim().to_owned()),
    };
    text.filter(|text| !text.is_empty())
}

/// The values in the file that `node` names, and its path. What is wrong is reported.
pub(super) fn of_file(
    key: &Node,
    (name, node): (&str, &Node),
    files: &[&RuleFile],
    out: &mut Reporter<'_>,
) -> (String, Vec<Written>) {
    let none = (String::new(), Vec::new());
    let (file, column) = (node.get("file"), node.entry("column"));
    let Some(file) = file.and_then(Node::text).map(str::trim) else {
        let message = format!("the list `{name}` has no `file`, as `{{file: {name}.txt}}`");
        out.error(key.line, message);
        return none;
    };
    if !has_values(&file) {
        let message = format!(
            "{} is no .txt or .csv file: a list is text, one value a line, or CSV with a `column`",
            shortened(file)
        );
        out.error(key.line, message);
        return none;
    }
    let path = beside(out.path(), file);
    let Some(found) = files.iter().find(|file| file.path == path) else {
        let message = format!("there is no file `{path}`: put it there, one value a line");
        out.error(key.line, message);
        return none;
    };
    let is_csv = file.to_ascii_lowercase().ends_with(".csv");
    let number = node.entry("number");
    if let Some((at, number)) = number
        && (!is_csv || number.text().is_none())
    {
        let message = "`number` is the column of a CSV file that has a number for each value, as `{file: a.csv, column: ip, number: most}`";
        out.error(at.line, message);
        return none;
    }
    let number = number.and_then(|(_, number)| number.text());
    let values = match (is_csv, column.map(|(_, column)| column.text())) {
        (false, None) => of_text(&found.text),
        (true, Some(Some(column))) => of_csv(&found.text, column, number),
        (true, _) => Err((
            0,
            "a CSV file needs a `column`, as `{file: a.csv, column: ip}`".to_owned(),
        )),
        (false, Some(_)) => Err((
            0,
            "a text file has no columns: remove `column`, or name a .csv file".to_owned(),
        )),
    };
    match values {
        Ok(values) => (path, values),
        Err((0, message)) => {
            out.error(key.line, message);
            none
        }
        Err((line, message)) => {
            out.error(key.line, format!("{path}:{line}: {message}"));
            none
        }
    }
}
