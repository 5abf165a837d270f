//! `vedette.alert`: whether a detection rule alerts by itself, and how.

use crate::draft::{AlertDraft, AlertWish};
use crate::read::told::read_show;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::values::{duration, text_list};
use crate::yaml::yaml_tree::{Kind, Node};

const KEYS: [&str; 3] = ["group-by", "quiet", "show"];

/// Reads `alert: true`, `alert: false` or `alert: {group-by: [sourceIPAddress], quiet: 30m, show: [userAgent]}`.
pub(crate) fn read_alert(key: &Node, node: &Node, out: &mut Reporter<'_>) -> AlertWish {
    let entries = match &node.kind {
        Kind::Bool(true) => return AlertWish::Asked(AlertDraft::default()),
        Kind::Bool(false) => return AlertWish::Never,
        Kind::Map(entries) => entries,
        _ => {
            out.error(
                key.line,
                format!(
                    "`vedette.alert` is true, false or a mapping of {}, not {}",
                    KEYS.join(", "),
                    node.shown()
                ),
            );
            return AlertWish::Unsaid;
        }
    };
    let mut alert = AlertDraft::default();
    for (key, value) in entries {
        match key.text().unwrap_or_default() {
            "group-by" => alert.group_by = text_list(value, "`vedette.alert.group-by`", out),
            "quiet" => alert.quiet_ms = duration(key, value, "vedette.alert.quiet", out),
            "show" => alert.show = read_show(key, value, out),
            other => out.error(
                key.line,
                format!(
                    "unknown key `vedette.alert.{other}`{}; known are {}",
                    suggestion(other, KEYS),
                    KEYS.join(", ")
                ),
            ),
        }
    }
    AlertWish::Asked(alert)
}
