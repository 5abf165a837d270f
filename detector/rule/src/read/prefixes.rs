//! The value of `vedette.prefix`: fields that are grouped by or counted, and how many bits of their addresses count.

use crate::draft::PrefixDraft;
use crate::model::network_prefix::NetworkPrefix;
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Kind, Node};

const KEYS: [&str; 2] = ["ipv4", "ipv6"];

/// Reads `prefix: {sourceIPAddress: {ipv4: 24, ipv6: 64}}`.
pub(crate) fn read_prefixes(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Vec<PrefixDraft> {
    let Some(entries) = node.map().filter(|entries| !entries.is_empty()) else {
        out.error(
            key.line,
            format!(
                "`vedette.prefix` maps fields to prefixes, as `sourceIPAddress: {{ipv4: 24, ipv6: 64}}`, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    let mut prefixes = Vec::new();
    for (key, value) in entries {
        if let Some(prefix) = read_prefix(key, value, out) {
            prefixes.push(PrefixDraft {
                name: key.text().unwrap_or_default().to_owned(),
                line: key.line,
                prefix,
            });
        }
    }
    prefixes
}

fn read_prefix(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Option<NetworkPrefix> {
    let name = key.text().unwrap_or_default();
    let Some(entries) = node.map() else {
        out.error(
            key.line,
            format!(
                "the prefix of `{name}` must be a mapping, as `{{ipv4: 24, ipv6: 64}}`, not {}",
                node.shown()
            ),
        );
        return None;
    };
    let mark = out.mark();
    let mut bits = [None, None];
    for (key, value) in entries {
        let version = key.text().unwrap_or_default();
        let Some(at) = KEYS.iter().position(|known| *known == version) else {
            let hint = suggestion(version, KEYS);
            out.error(
                key.line,
                format!(
                    "unknown key `{version}` in the prefix of `{name}`{hint}; known are ipv4, ipv6"
                ),
            );
            continue;
        };
        let bits_max = [32, 128][at];
        bits[at] = match value.kind {
            Kind::Int(n) => u8::try_from(n).ok().filter(|n| *n <= bits_max),
            _ => None,
        };
        if bits[at].is_none() {
            out.error(
                key.line,
                format!(
                    "`{version}` must be a whole number from 0 to {bits_max}, not {}",
                    value.shown()
                ),
            );
        }
    }
    if out.errors_since(mark) > 0 {
        return None;
    }
    let [Some(ipv4), Some(ipv6)] = bits else {
        out.error(
            key.line,
            format!(
                "the prefix of `{name}` needs both `ipv4` and `ipv6`, as `{{ipv4: 24, ipv6: 64}}`"
            ),
        );
        return None;
    };
    Some(NetworkPrefix { ipv4, ipv6 })
}
