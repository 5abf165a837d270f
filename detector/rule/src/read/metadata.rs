//! What a rule says of itself: title, id, level and so on.

use std::sync::Arc;

use crate::draft::Attributes;
use crate::model::{Level, RuleMeta};
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Node, shortened};

/// Reads the metadata that every kind of rule has. `None`: it has no usable title.
pub(crate) fn read_meta(
    root: &Node,
    attributes: &Attributes,
    out: &mut Reporter<'_>,
) -> Option<RuleMeta> {
    let text = |key: &str| {
        root.get(key)
            .and_then(Node::text)
            .map(str::trim)
            .filter(|t| !t.is_empty())
    };
    let title = text("title")?;
    let is_rule = root.get("filter").is_none();
    if is_rule && root.get("id").is_none() {
        let shown = shortened(title);
        out.warning(
            root.line,
            format!("rule {shown} has no `id`, give it an id: a UUID that stays for ever"),
        );
    }
    // By these others refer to the rule, and alerts are sorted.
    for key in ["id", "name", "level"] {
        if let Some((at, node)) = root.entry(key).filter(|(_, node)| node.text().is_none()) {
            out.error(
                at.line,
                format!("`{key}` must be text, not {}: quote it", node.shown()),
            );
        }
    }
    if let Some((at, node)) = root.entry("description")
        && node.text().is_none()
    {
        note_no_text(at.line, "description", node, "text", out);
    }
    Some(RuleMeta {
        id: Arc::from(text("id").or(text("name")).unwrap_or(title)),
        name: text("name").map(Arc::from),
        title: Arc::from(title),
        level: text("level").and_then(level),
        tags: strings(root, "tags", out),
        description: text("description").map(str::to_owned),
        false_positives: strings(root, "falsepositives", out),
        threat: attributes.threat.clone(),
        mitigations: Vec::new(),
        response: attributes.response.clone(),
        path: Arc::from(out.path()),
        line: root.line,
    })
}

fn level(text: &str) -> Option<Level> {
    Some(match text {
        "informational" => Level::Informational,
        "low" => Level::Low,
        "medium" => Level::Medium,
        "high" => Level::High,
        "critical" => Level::Critical,
        // The linter reports the rest.
        _ => return None,
    })
}

/// A list of text, or one text. What is none is left out with a warning: it decides nothing.
fn strings(root: &Node, key: &str, out: &mut Reporter<'_>) -> Vec<String> {
    let Some((at, node)) = root.entry(key) else {
        return Vec::new();
    };
    match (node.text(), node.list()) {
        (Some(one), _) => vec![one.to_owned()],
        (_, Some(items)) => {
            let text = |item: &Node| {
                if item.text().is_none() {
                    note_no_text(item.line, key, item, "text", out);
                }
                item.text().map(str::to_owned)
            };
            items.iter().filter_map(text).collect()
        }
        _ => {
            note_no_text(at.line, key, node, "a list of text", out);
            Vec::new()
        }
    }
}

fn note_no_text(line: u32, key: &str, node: &Node, expected: &str, out: &mut Reporter<'_>) {
    let message = match node.is_null() {
        true => format!("`{key}` is empty, write {expected} or remove the key"),
        false => format!(
            "`{key}` should be {expected}, {} is left out: quote it",
            node.shown()
        ),
    };
    out.warning(line, message);
}
