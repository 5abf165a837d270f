//! JSON: what stands under which key, and what an entry of a list of names and values says of its value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::rewrite::{Edit, Unescaped, escaped};

use super::found::What;
use super::json::{Form, Node};
use super::key::Meaning;
use super::spot::numbers::is_card;
use super::stand_in::{Kind, REMOVED, is_number};
use super::text::edit;
use super::{NESTING_MAX, Pseudonyms};
use crate::capture::pseudonym::words::lists::{NAMED, NAMING, OF_ACCESS_KEYS};

/// The nodes of one document.
struct Tree<'t> {
    text: &'t str,
    nodes: &'t [Node],
    /// What the value of an entry is, by the name beside it.
    named: HashMap<usize, Meaning>,
    /// The node that has the key of each value: itself, or the list that it is in.
    holders: Vec<usize>,
    /// What AWS logs of keys that it made: all but the secret.
    access_keys: HashSet<usize>,
}

/// A shorter key of letters alone is nothing but a name of a field.
const NAME_BYTES_MAX: usize = 16;
/// Deeper, the path of a value is told no further.
const PATH_KEYS_MAX: usize = 32;

impl Pseudonyms {
    /// What changes in the document that `nodes` are of.
    pub(super) fn tree(&mut self, text: &str, nodes: &[Node], depth: u8) -> Vec<Edit> {
        let tree = Tree::of(text, nodes);
        let depth_before = self.path.len();
        let mut edits = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            while open.last().is_some_and(|last| nodes[*last].next <= at) {
                open.pop();
            }
            if self.is_listing {
                let keys = open.iter().chain([&at]).filter_map(|it| tree.own_key(*it));
                self.path.truncate(depth_before);
                self.path
                    .extend(keys.take(PATH_KEYS_MAX).map(Cow::into_owned));
            }
            if let Some(key) = &node.key {
                edits.extend(self.key(text, key.clone()));
            }
            let meaning = tree.meaning(at);
            let is_open = matches!(node.form, Form::Object | Form::List);
            if is_open
                && meaning.is_secret()
                && node.next > at + 1
                && !tree.access_keys.contains(&at)
            {
                self.note(What::Secret, &text[node.range.clone()]);
                edits.push(edit(node.range.clone(), format!("\"{REMOVED}\"")));
                at = node.next;
                continue;
            }
            edits.extend(match node.form {
                Form::Text => self.string(text, node, meaning, depth),
                Form::Number => self
                    .number(&text[node.range.clone()], meaning)
                    .map(|it| edit(node.range.clone(), it)),
                _ => None,
            });
            if is_open {
                open.push(at);
            }
            at += 1;
        }
        self.path.truncate(depth_before);
        edits
    }

    /// A key may itself be an address or a name.
    fn key(&mut self, text: &str, range: std::ops::Range<usize>) -> Option<Edit> {
        let key = unescaped(&text[range.clone()]);
        let is_word = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b' ');
        if key.len() < NAME_BYTES_MAX && key.bytes().all(is_word) {
            return None;
        }
        let with = self.text(&key, Meaning::Vocabulary, NESTING_MAX / 2)?;
        Some(edit(range, escaped(&with)))
    }

    fn string(&mut self, text: &str, node: &Node, meaning: Meaning, depth: u8) -> Option<Edit> {
        let written = &text[node.range.clone()];
        if written.is_empty() {
            return None;
        }
        let value = unescaped(written);
        let with = self.value(&value, meaning, depth)?;
        Some(edit(node.range.clone(), escaped(&with)))
    }

    /// A value under a key of that meaning.
    pub(super) fn value(&mut self, value: &str, meaning: Meaning, depth: u8) -> Option<String> {
        let is_json = value.starts_with(['{', '[']) && super::json::scan(value, 0).is_ok();
        if !is_json || meaning.is_secret() {
            let exchanged = self.exchanged(meaning, value);
            if let Some((what, with)) = exchanged {
                self.note(what, value);
                return (with != value).then_some(with);
            }
        }
        let is_word = meaning == Meaning::Vocabulary && !value.contains(char::is_whitespace);
        if is_word && self.learnt.has(value) {
            return None;
        }
        self.text(value, meaning, depth.saturating_sub(1))
    }

    /// Under the key of a user or thing, numbers are names, too.
    fn number(&mut self, token: &str, meaning: Meaning) -> Option<String> {
        let whole = token.strip_suffix(".0").unwrap_or(token);
        let is_whole = is_number(whole);
        let names = &self.names;
        let (what, with) = match meaning {
            Meaning::Secret | Meaning::Header => (What::Secret, "0".to_owned()),
            Meaning::User if is_whole => (What::User, names.number(Kind::User, whole)),
            Meaning::Thing if is_whole => (What::Thing, names.number(Kind::Thing, whole)),
            Meaning::Phone if is_whole => (
                What::Phone,
                names.phone(whole).trim_start_matches('+').to_owned(),
            ),
            Meaning::Place => (What::Place, "0".to_owned()),
            Meaning::Account if is_whole && whole.len() == 12 => {
                (What::Account, names.account(whole))
            }
            Meaning::Address if is_whole => (
                What::Address,
                super::spot::addresses::in_odd_notation(whole, names)?,
            ),
            _ if is_whole && is_card(whole) => (What::Secret, "0".to_owned()),
            _ => return None,
        };
        self.note(what, whole);
        (with != token).then_some(with)
    }
}

impl<'t> Tree<'t> {
    fn of(text: &'t str, nodes: &'t [Node]) -> Self {
        let mut tree = Self {
            text,
            nodes,
            named: HashMap::new(),
            holders: Vec::with_capacity(nodes.len()),
            access_keys: HashSet::new(),
        };
        for (at, node) in nodes.iter().enumerate() {
            let list = node
                .parent
                .filter(|it| node.key.is_none() && nodes[*it].form == Form::List);
            tree.holders.push(list.map_or(at, |it| tree.holders[it]));
            if node.form == Form::Object {
                tree.note_entry(at);
            }
            if node.form == Form::Object && tree.is_access_key(at) {
                tree.access_keys.insert(at);
            }
        }
        tree
    }

    /// Of `{"key":"owner","value":"Ada"}`, in any order, that the value is an owner's.
    fn note_entry(&mut self, object: usize) {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let mut at = object + 1;
        while at < self.nodes[object].next {
            let key = self
                .own_key(at)
                .map(|it| it.to_lowercase())
                .unwrap_or_default();
            let before = |words: &[&str]| {
                words
                    .iter()
                    .find_map(|it| key.strip_suffix(it).map(str::to_owned))
            };
            // `{"key":{"S":"owner"},"value":{"S":"Ada"}}`
            let inner = if self.nodes[at].form == Form::Object {
                at + 1
            } else {
                at
            };
            let is_text = inner < self.nodes[at].next && self.nodes[inner].form == Form::Text;
            if let Some(of) = before(&NAMING).filter(|_| is_text) {
                names.push((of, inner));
            } else if let Some(of) = before(&NAMED) {
                values.push((of, at));
            }
            at = self.nodes[at].next;
        }
        // `ParameterKey` names `ParameterValue`, and `name` any value.
        for (of, value) in values {
            let Some((_, name)) = names.iter().find(|(it, _)| *it == of) else {
                continue;
            };
            let name = unescaped(&self.text[self.nodes[*name].range.clone()]);
            let meaning = Meaning::of(name.rsplit(':').next().unwrap_or(&name), "");
            self.named.insert(value, meaning);
        }
    }

    fn own_key(&self, at: usize) -> Option<Cow<'t, str>> {
        let key = self.nodes[at].key.clone()?;
        Some(unescaped(&self.text[key]))
    }

    /// What is in a list has the list's key; and the object around it, which may itself be in a list.
    fn meaning(&self, at: usize) -> Meaning {
        let holder = self.holders[at];
        if let Some(meaning) = self.named.get(&holder) {
            return *meaning;
        }
        let key = self.own_key(holder).unwrap_or_default();
        let around = self.nodes[holder].parent.map(|it| self.holders[it]);
        if let Some(around) = around {
            if let Some(meaning) = self
                .named
                .get(&around)
                .filter(|it| **it != Meaning::Nothing)
            {
                return *meaning;
            }
            if self.access_keys.contains(&around) && !OF_ACCESS_KEYS.contains(&&*key.to_lowercase())
            {
                return Meaning::Secret;
            }
        }
        let parent = around.and_then(|it| self.own_key(it)).unwrap_or_default();
        // Who took on a role is told elsewhere; this is the role.
        if parent == "sessionIssuer" && key == "userName" && self.is_of_role(at) {
            return Meaning::Nothing;
        }
        let meaning = Meaning::of(&key, &parent);
        match meaning {
            // `{"name":"Ada Lovelace"}` may be anything, but looks like nobody else.
            Meaning::Vocabulary if key.eq_ignore_ascii_case("name") && self.is_full_name(at) => {
                Meaning::User
            }
            meaning => meaning,
        }
    }

    /// Whether it is what AWS logs of a key that it made: all but the secret.
    fn is_access_key(&self, at: usize) -> bool {
        let Some(key) = self.own_key(at) else {
            return false;
        };
        let is_named = ["accesskey", "credentials"].contains(&&*key.to_lowercase());
        let mut child = at + 1;
        while is_named && child < self.nodes[at].next {
            let is_id = self
                .own_key(child)
                .is_some_and(|it| it.eq_ignore_ascii_case("accessKeyId"));
            if is_id {
                return true;
            }
            child = self.nodes[child].next;
        }
        false
    }

    fn is_of_role(&self, at: usize) -> bool {
        let Some(parent) = self.nodes[at].parent else {
            return false;
        };
        let mut child = parent + 1;
        while child < self.nodes[parent].next {
            let is_type = self.own_key(child).is_some_and(|it| it == "type");
            if is_type && &self.text[self.nodes[child].range.clone()] == "Role" {
                return true;
            }
            child = self.nodes[child].next;
        }
        false
    }

    fn is_full_name(&self, at: usize) -> bool {
        let value = unescaped(&self.text[self.nodes[at].range.clone()]);
        let is_name = |word: &str| {
            let mut chars = word.chars();
            chars.next().is_some_and(char::is_uppercase)
                && chars.all(|c| c.is_lowercase() || matches!(c, '-' | '\'' | '.'))
        };
        (2..=4).contains(&value.split(' ').count()) && value.split(' ').all(is_name)
    }
}

fn unescaped(written: &str) -> Cow<'_, str> {
    if !written.contains('\\') {
        return Cow::Borrowed(written);
    }
    // With an escape that is none, it is read as it stands.
    Unescaped::of(written).map_or(Cow::Borrowed(written), |it| Cow::Owned(it.text))
}
