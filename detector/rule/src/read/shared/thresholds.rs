//! The value of `vedette.thresholds`: a field that is grouped by, and the list that has a threshold for its values.

use std::sync::Arc;

use crate::kind::ThresholdsDraft;
use crate::read::shared::lists::Lists;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::yaml_tree::{Node, shortened};

const EXAMPLE: &str = "`{client: '%client_limits%'}`";

/// Reads `thresholds: {client: '%client_limits%'}`, of which the list is looked up later.
pub(crate) fn read_thresholds(
    key: &Node,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Option<ThresholdsDraft> {
    let [(field, list)] = node.map().unwrap_or_default() else {
        let message = format!(
            "`vedette.thresholds` maps one field that is grouped by to a list with numbers, as {EXAMPLE}, not {}",
            node.shown()
        );
        out.error(key.line, message);
        return None;
    };
    let name = list.text().and_then(|text| {
        let name = text.trim().strip_prefix('%')?.strip_suffix('%')?;
        (!name.is_empty() && !name.contains('%')).then_some(name)
    });
    let Some(name) = name else {
        let message = format!(
            "`vedette.thresholds` asks for one list by its name, as {EXAMPLE}, not {}",
            list.shown()
        );
        out.error(list.line, message);
        return None;
    };
    let written = field.text().unwrap_or_default();
    let (path, of_networks) = match written.split_once('|') {
        None => (written, false),
        Some((path, "cidr")) => (path, true),
        Some((_, modifier)) => {
            let message = format!(
                "`vedette.thresholds` knows no modifier {}: write the field alone, or `field|cidr` for networks",
                shortened(modifier)
            );
            out.error(field.line, message);
            return None;
        }
    };
    Some(ThresholdsDraft {
        field: Reference {
            text: path.to_owned(),
            line: field.line,
        },
        of_networks,
        list: Reference {
            text: name.to_owned(),
            line: list.line,
        },
        numbers: Arc::default(),
    })
}

impl ThresholdsDraft {
    /// Looks its list up.
    pub(crate) fn look_up(&mut self, lists: &mut Lists, out: &mut Reporter<'_>) {
        match lists.numbers(&self.list.text, self.of_networks) {
            Ok(numbers) => self.numbers = Arc::new(numbers),
            Err(message) => out.error(self.list.line, message),
        }
    }
}
