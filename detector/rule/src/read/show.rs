//! `vedette.show`: the fields whose values alerts show.

use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::Node;

/// Fields that one rule can show.
const FIELDS_MAX: usize = 4;

/// Reads `show: [user, sub]`.
pub(crate) fn read_show(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Vec<Reference> {
    let Some(fields) = text_list(node, "`vedette.show`", out) else {
        return Vec::new();
    };
    let message = match fields.len() {
        0 => "`vedette.show` is empty, name the fields to show or remove the key".to_owned(),
        1..=FIELDS_MAX => return fields,
        named => format!("`vedette.show` names {named} fields, the most is {FIELDS_MAX}"),
    };
    out.error(key.line, message);
    Vec::new()
}
