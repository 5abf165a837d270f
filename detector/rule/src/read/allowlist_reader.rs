//! The document of an allowlist, and what a detection rule says of it under `vedette.allow`.

use chrono::NaiveDate;
use hashbrown::HashMap;
use ipnet::IpNet;

use crate::draft::{AllowDraft, Drafts};
use crate::model::allowlist::{AllowEntry, AllowValue, Allowlist};
use crate::model::network_prefix::network_of_text;
use crate::yaml::known_keys::check_keys;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::{Kind, Node, shortened};

/// Entries of one list. Networks and beginnings are looked through one by one, for hits alone.
const ENTRIES_MAX: usize = 1_000;

/// What an entry may allow, by its key.
const KINDS: [&str; 3] = ["address", "principal", "user_agent"];
const KEYS: [&str; 7] = [
    "address",
    "principal",
    "user_agent",
    "owner",
    "reason",
    "expires",
    "example",
];

/// Reads the document, which has the key `allowlist`. A list counts as known even where its entries are broken.
pub(crate) fn read_allowlist(root: &Node, drafts: &mut Drafts, out: &mut Reporter<'_>) {
    for (key, name, entries) in named_under(root, "allowlist", out) {
        if let Some(earlier) = drafts.allowlists.iter().find(|list| *list.name == *name) {
            out.error(
                key.line,
                format!(
                    "the list `{name}` is also at {}:{}, give one of them another name",
                    earlier.path, earlier.line
                ),
            );
        }
        let entries = read_entries(key, name, entries, out);
        let list = Allowlist::new(name, out.path(), key.line, entries);
        drafts.allowlists.push(list);
    }
}

/// The lists under a key of a document, as key, name and content; what stands beside the key is reported.
pub(crate) fn named_under<'n>(
    root: &'n Node,
    what: &str,
    out: &mut Reporter<'_>,
) -> Vec<(&'n Node, &'n str, &'n Node)> {
    let Some((key, node)) = root.entry(what) else {
        return Vec::new();
    };
    for (key, _) in root.map().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        if name != what {
            out.error(
                key.line,
                format!(
                    "{} has no place beside `{what}`: separate the rule from it by `---`, or remove the key",
                    shortened(name)
                ),
            );
        }
    }
    let Some(lists) = node.map().filter(|lists| !lists.is_empty()) else {
        out.error(
            key.line,
            format!(
                "`{what}` maps names to what they stand for, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    let mut named = Vec::new();
    for (key, content) in lists {
        match key.text().filter(|name| !name.trim().is_empty()) {
            Some(name) => named.push((key, name, content)),
            None => out.error(key.line, "a list needs a name that is text"),
        }
    }
    named
}

/// The entries of one list, which are all of one kind.
pub(crate) fn read_entries(
    key: &Node,
    name: &str,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Vec<AllowEntry> {
    let Some(items) = node.list().filter(|items| !items.is_empty()) else {
        out.error(
            key.line,
            format!(
                "the list `{name}` needs entries, as `- {{address: 192.0.2.0/24, owner: …, reason: …, expires: 2027-01-31}}`, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    if items.len() > ENTRIES_MAX {
        out.error(
            key.line,
            format!(
                "the list `{name}` has {} entries, the most is {ENTRIES_MAX}: split it",
                items.len()
            ),
        );
        return Vec::new();
    }
    let mut kind = None;
    let mut lines: HashMap<String, u32> = HashMap::new();
    let mut entries = Vec::new();
    for item in items {
        let Some((its_kind, entry)) = read_entry(item, out) else {
            continue;
        };
        if *kind.get_or_insert(its_kind) != its_kind {
            let first = kind.unwrap_or_default();
            out.error(
                entry.line,
                format!("the list `{name}` is one of kind `{first}`, this entry is of kind `{its_kind}`: make two lists of it"),
            );
        }
        if let Some(line) = lines.insert(entry.shown(), entry.line) {
            let shown = shortened(&entry.shown());
            out.error(
                entry.line,
                format!("the list `{name}` has {shown} already, at line {line}"),
            );
        }
        entries.push(entry);
    }
    entries
}

fn read_entry(item: &Node, out: &mut Reporter<'_>) -> Option<(&'static str, AllowEntry)> {
    if item.map().is_none() {
        out.error(
            item.line,
            format!("an entry is a mapping, as `{{address: 192.0.2.0/24, owner: …, reason: …, expires: 2027-01-31}}`, not {}", item.shown()),
        );
        return None;
    }
    check_keys(item, &KEYS, &format!("known are {}", KEYS.join(", ")), out);
    // All of it is read before anything is given up.
    let owner = required_text(item, "owner", "who answers for it", out);
    let reason = required_text(item, "reason", "why it is allowed", out);
    let expires = required_text(item, "expires", "its last day, as 2027-01-31", out);
    let expires = expires.and_then(|(line, text)| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        if day.is_none() {
            out.error(
                line,
                format!("`expires` is a day, as 2027-01-31, not {}", shortened(text)),
            );
        }
        day
    });
    let is_example = match item.entry("example") {
        None => Some(false),
        Some((_, value)) => mark_of_example(value, out),
    };
    let named: Vec<(&'static str, &Node, &Node)> = KINDS
        .into_iter()
        .filter_map(|kind| item.entry(kind).map(|(key, value)| (kind, key, value)))
        .collect();
    let [(kind, key, value)] = named[..] else {
        out.error(
            item.line,
            format!("an entry has one of {}", KINDS.join(", ")),
        );
        return None;
    };
    let value = read_value(kind, value)
        .map_err(|message| out.error(key.line, message))
        .ok();
    let entry = AllowEntry {
        value: value?,
        owner: owner?.1.to_owned(),
        reason: reason?.1.to_owned(),
        expires: expires?,
        is_example: is_example?,
        line: item.line,
    };
    Some((kind, entry))
}

/// `example: true`: what the entry has is not allowed. Any other word is a doubt about that.
fn mark_of_example(value: &Node, out: &mut Reporter<'_>) -> Option<bool> {
    match value.kind {
        Kind::Bool(is_example) => Some(is_example),
        _ => {
            let shown = value.shown();
            out.error(
                value.line,
                format!("`example` is true or false, without quotes, not {shown}: an example allows nothing, any other entry counts"),
            );
            None
        }
    }
}

fn required_text<'n>(
    item: &'n Node,
    name: &str,
    what: &str,
    out: &mut Reporter<'_>,
) -> Option<(u32, &'n str)> {
    let Some((key, value)) = item.entry(name) else {
        out.error(item.line, format!("the entry has no `{name}`: {what}"));
        return None;
    };
    let text = value.text().map(str::trim).filter(|text| !text.is_empty());
    if text.is_none() {
        out.error(
            key.line,
            format!("`{name}` must be text ({what}), not {}", value.shown()),
        );
    }
    Some((key.line, text?))
}

fn read_value(kind: &str, value: &Node) -> Result<AllowValue, String> {
    let text = match value.text() {
        Some(text) if !text.trim().is_empty() => text.trim(),
        _ => {
            return Err(format!(
                "`{kind}` must be text, not {}: quote it",
                value.shown()
            ));
        }
    };
    match kind {
        "address" => network(text).map(AllowValue::Network),
        "user_agent" => match text.strip_suffix('*') {
            Some("") => Err("`*` allows every user agent, write how it begins".to_owned()),
            Some(beginning) if beginning.contains('*') => Err(star_within(text)),
            Some(beginning) => Ok(AllowValue::Beginning(beginning.to_owned())),
            None if text.contains('*') => Err(star_within(text)),
            None => Ok(AllowValue::Text(text.to_owned())),
        },
        _ if text.contains('*') => Err(format!(
            "{} has a `*`, but principals are compared to the letter: write each out",
            shortened(text)
        )),
        _ => Ok(AllowValue::Text(text.to_owned())),
    }
}

fn star_within(text: &str) -> String {
    let shown = shortened(text);
    format!(
        "{shown} has a `*` that is not at its end: a user agent is written out, or how it begins, as `fleet-test/*`"
    )
}

fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network = network_of_text(text)?;
    if network.prefix_len() == 0 {
        return Err(format!(
            "`{text}` allows every address, write the networks that are known"
        ));
    }
    Ok(network)
}

/// Reads `allow: {office: source_ip, partners: [source_ip, message.ipAddress]}`.
pub(crate) fn read_allow(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Vec<AllowDraft> {
    let Some(entries) = node.map().filter(|entries| !entries.is_empty()) else {
        out.error(
            key.line,
            format!(
                "`vedette.allow` maps lists of the allowlist to the fields that they apply to, as `office: source_ip`, not {}",
                node.shown()
            ),
        );
        return Vec::new();
    };
    let mut allow = Vec::new();
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        let fields = text_list(value, &format!("`vedette.allow.{name}`"), out);
        if fields.as_ref().is_some_and(Vec::is_empty) {
            out.error(key.line, format!("`vedette.allow.{name}` names no field"));
        }
        allow.extend(fields.map(|fields| AllowDraft {
            list: Reference {
                text: name.to_owned(),
                line: key.line,
            },
            fields,
        }));
    }
    allow
}
