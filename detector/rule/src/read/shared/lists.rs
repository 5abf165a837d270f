//! The documents `lists`, `settings` and `shared_networks` of all files go in, the lists come out by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::model::allowlist::{AllowValue, Allowlist};
use crate::model::network_prefix::network_of_text;
use crate::model::shared::list::{Listed, Lookup};
use crate::model::shared::numbers::Numbers;
use crate::read::allowlist_reader::{named_under, read_entries};
use crate::yaml::documents::{documents_with, has_unread};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::{Reporter, RuleFile, RuleProblem, Severity, problem};
use crate::yaml::yaml_tree::Node;

use crate::read::shared::content::{Content, FEW_MAX, beside, has_values, read_values};
use crate::read::shared::settings::read_setting;
use crate::read::shared::values::Written;

/// All lists of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    named: Vec<NamedList>,
    /// By list: what is known of it, for each way to look into it.
    known: HashMap<(usize, Lookup), Listed>,
    /// Names that rules asked for, of which there is no list.
    missing: BTreeSet<String>,
    /// The files of which a document, that may have lists, cannot be read.
    unread: Vec<Arc<str>>,
    problems: Vec<RuleProblem>,
}

#[derive(Debug)]
struct NamedList {
    name: Arc<str>,
    /// Of the document.
    path: Arc<str>,
    line: u32,
    content: Content,
    is_used: bool,
}

/// The paths of the files in which lists of these rule files have their values.
pub(crate) fn named_files(files: &[RuleFile]) -> Vec<String> {
    let mut named = Vec::new();
    for file in files {
        for root in documents_with(&["lists", "settings"], file) {
            let under = |key| root.get(key).and_then(Node::map).unwrap_or_default();
            for (_, list) in under("lists").iter().chain(under("settings")) {
                let name = list.get("file").and_then(Node::text);
                let is_read = |name: &&str| has_values(name);
                named.extend(
                    name.filter(is_read)
                        .map(|name| beside(&file.path, name.trim())),
                );
            }
        }
    }
    named.sort();
    named.dedup();
    named
}

impl Lists {
    /// Reads the lists of documents, by their file; `values` are the files that those name.
    pub(crate) fn read(documents: &[(&RuleFile, Vec<Node>)], values: &[&RuleFile]) -> Self {
        let mut lists = Self::default();
        for (file, roots) in documents {
            if has_unread(&["lists", "settings", "shared_networks"], file) {
                lists.unread.push(file.path.as_str().into());
            }
            for root in roots {
                let mut out = Reporter::new(&file.path);
                for (key, name, node) in named_under(root, "lists", &mut out) {
                    let content = read_values(key, (name, node), values, &mut out);
                    lists.add(key, name, content, &mut out);
                }
                for (key, name, node) in named_under(root, "settings", &mut out) {
                    let content = read_setting(key, (name, node), values, &mut out);
                    lists.add(key, name, content, &mut out);
                }
                for (key, name, node) in named_under(root, "shared_networks", &mut out) {
                    let content = read_networks(key, name, node, &mut out);
                    lists.add(key, name, content, &mut out);
                }
                lists.problems.extend(out.into_problems());
            }
        }
        lists
    }

    fn add(&mut self, key: &Node, name: &str, content: Content, out: &mut Reporter<'_>) {
        if let Some(earlier) = self.named.iter().find(|list| *list.name == *name) {
            let message = format!(
                "the list `{name}` is also at {}:{}, give one of them another name",
                earlier.path, earlier.line
            );
            return out.error(key.line, message);
        }
        self.named.push(NamedList {
            name: name.into(),
            path: out.path().into(),
            line: key.line,
            content,
            is_used: false,
        });
    }

    /// The list of that name as it is looked into so.
    ///
    /// # Errors
    /// The message for the author, at the rule.
    pub(crate) fn listed(&mut self, name: &str, lookup: Lookup) -> Result<Listed, String> {
        let at = self.find(name)?;
        if let Some(known) = self.known.get(&(at, lookup)) {
            return Ok(known.clone());
        }
        let list = &self.named[at];
        let listed = match (&list.content, lookup) {
            (Content::Shared(networks), Lookup::Network) => Listed::of_shared(&list.name, networks),
            (Content::Shared(_), Lookup::Value { .. }) => {
                return Err(format!(
                    "`{name}` has networks: write `cidr|expand` before `%{name}%`"
                ));
            }
            (Content::Values(_, values), Lookup::Value { cased }) => {
                Listed::of_texts(&list.name, cased, values.iter().map(|value| &*value.text))
            }
            (Content::Values(path, values), Lookup::Network) => {
                let networks = networks_of(path, values, &mut self.problems);
                Listed::of_networks(&list.name, &networks)
            }
            (Content::Broken, Lookup::Value { cased }) => {
                Listed::of_texts(&list.name, cased, std::iter::empty())
            }
            (Content::Broken, Lookup::Network) => Listed::of_networks(&list.name, &[]),
        };
        self.known.insert((at, lookup), listed.clone());
        Ok(listed)
    }

    /// All values of a list that is short.
    ///
    /// # Errors
    /// The message for the author, at the rule.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>, String> {
        let at = self.find(name)?;
        match &self.named[at].content {
            Content::Values(_, values) if values.len() <= FEW_MAX => {
                Ok(values.iter().map(|value| value.text.to_string()).collect())
            }
            Content::Values(_, values) => Err(format!(
                "`{name}` has {} values, and at most {FEW_MAX} are looked for within texts: ask for whole values, as `field|expand`",
                values.len()
            )),
            Content::Shared(_) => Err(format!(
                "`{name}` has networks: write `cidr|expand` before `%{name}%`"
            )),
            Content::Broken => Ok(Vec::new()),
        }
    }

    /// The numbers that a list has beside its values, of these as they are or as networks.
    ///
    /// # Errors
    /// The message for the author, at the rule.
    pub(crate) fn numbers(&mut self, name: &str, of_networks: bool) -> Result<Numbers, String> {
        let at = self.find(name)?;
        let mut numbers = Numbers::default();
        let (path, values) = match &self.named[at].content {
            Content::Values(path, values) => (path, values),
            Content::Shared(_) => {
                return Err(format!(
                    "`{name}` has networks without numbers: make it a list of these, as `lists: {{{name}: {{values: {{192.0.2.0/24: 50}}}}}}`"
                ));
            }
            Content::Broken => return Ok(numbers),
        };
        if values.iter().any(|value| value.number == 0) {
            return Err(format!(
                "`{name}` has no numbers: write one for each value, as `{{values: {{one: 50}}}}`, or name the column of a CSV file that has them, as `{{file: {name}.csv, column: id, number: most}}`"
            ));
        }
        for value in values {
            let is_one = match of_networks {
                false => numbers.add_text(&value.text, value.number),
                true => match network_of(&value.text) {
                    Ok(network) => numbers.add_network(network, value.number),
                    Err(message) => {
                        self.problems.push(problem(path, value.line, message));
                        true
                    }
                },
            };
            if !is_one {
                let message = format!(
                    "`{}` has another number further up: leave one of the two",
                    value.text
                );
                self.problems.push(problem(path, value.line, message));
            }
        }
        Ok(numbers)
    }

    fn find(&mut self, name: &str) -> Result<usize, String> {
        let at = self.named.iter().position(|list| *list.name == *name);
        let at = at.ok_or_else(|| {
            self.missing.insert(name.to_owned());
            let hint = suggestion(name, self.named.iter().map(|list| &*list.name));
            if let [file, ..] = &self.unread[..] {
                return format!("no list `{name}` was read{hint}: mend `{file}` first, which may have it");
            }
            format!(
                "there is no list `{name}`{hint}; give the file that has it, too, such as a `vedette.yaml` one folder up, or put its values into a file beside the rules, one a line, and name it: `lists: {{{name}: {{file: {name}.txt}}}}`"
            )
        })?;
        self.named[at].is_used = true;
        Ok(at)
    }

    /// Names that rules asked for so far, of which there is no list.
    pub(crate) fn into_missing(self) -> BTreeSet<String> {
        self.missing
    }

    /// The networks that many share, and what is wrong with all lists. Those are doubted that no rule looks into, where
    /// `all_read` says that every rule was read.
    pub(crate) fn finish(mut self, all_read: bool) -> (Vec<Arc<Allowlist>>, Vec<RuleProblem>) {
        for list in self.named.iter().filter(|list| all_read && !list.is_used) {
            let message = format!(
                "no rule looks into the list `{name}`: write `field|expand: '%{name}%'` in a detection",
                name = list.name
            );
            self.problems.push(RuleProblem {
                severity: Severity::Warning,
                ..problem(&list.path, list.line, message)
            });
        }
        let shared = self
            .named
            .into_iter()
            .filter_map(|list| match list.content {
                Content::Shared(networks) => Some(networks),
                Content::Values(..) | Content::Broken => None,
            });
        (shared.collect(), self.problems)
    }
}

fn read_networks(key: &Node, name: &str, node: &Node, out: &mut Reporter<'_>) -> Content {
    let entries = read_entries(key, name, node, out);
    let is_network = |value: &AllowValue| matches!(value, AllowValue::Network(_));
    for entry in entries.iter().filter(|entry| !is_network(&entry.value)) {
        out.error(
            entry.line,
            "a network that many share is an `address`: write it, or move the entry to an `allowlist`",
        );
    }
    let list = Allowlist::new(name, out.path(), key.line, entries);
    Content::Shared(Arc::new(list))
}

/// The values as networks; an address is one of its own. What is none is reported at its line.
fn networks_of(path: &str, values: &[Written], problems: &mut Vec<RuleProblem>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for Written { text, line, .. } in values {
        match network_of(text) {
            Ok(network) => networks.push(network),
            Err(message) => problems.push(problem(path, *line, message)),
        }
    }
    networks
}

/// An address is a network of its own.
fn network_of(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<std::net::IpAddr>().ok();
    address.map_or_else(|| network_of_text(text), |a| Ok(a.to_canonical().into()))
}
