//! `settings: {NAME: {about: …, values: […]}}`: what a service has and rules ask for, as a list that may still be empty.

use crate::read::shared::content::{Content, of_file, values_here};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{Reporter, RuleFile};
use crate::yaml::yaml_tree::{Kind, Node, shortened};

const KEYS: [&str; 4] = ["about", "values", "file", "column"];

/// One setting; `files` are those in which values stand.
pub(super) fn read_setting(
    key: &Node,
    (name, node): (&str, &Node),
    files: &[&RuleFile],
    out: &mut Reporter<'_>,
) -> Content {
    let mark = out.mark();
    let Kind::Map(entries) = &node.kind else {
        let message = format!(
            "the setting `{name}` is what it is about and its values, as `{{about: who operates, values: [ann]}}`, not {}",
            node.shown()
        );
        out.error(key.line, message);
        return Content::Broken;
    };
    for (at, _) in entries {
        let known = at.text().unwrap_or_default();
        if !KEYS.contains(&known) {
            let hint = suggestion(known, KEYS);
            let message = format!(
                "unknown key {}{hint}; a setting has `about`, and `values` or `file`",
                shortened(known)
            );
            out.error(at.line, message);
        }
    }
    let about = node.get("about").and_then(Node::text).map(str::trim);
    if about.is_none_or(|about| about.is_empty() || about.contains('\n')) {
        let message = format!("the setting `{name}` has no `about`: say in one line what it is");
        out.error(key.line, message);
    }
    let (path, values) = match (node.get("values"), node.get("file")) {
        (Some(values), None) => match &values.kind {
            Kind::List(items) => (out.path().to_owned(), values_here(name, items, out)),
            _ => {
                let message = format!(
                    "the `values` of the setting `{name}` are a list, as `[one, two]` or `[]`, not {}",
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
