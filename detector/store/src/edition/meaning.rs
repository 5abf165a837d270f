//! What the state of a rule means, said by name.
//!
//! A meaning is a list of names with values, in an order that is fixed: `timespan` `600000ms`. Values are written out
//! here and by each window type (`Window::parts`), never by way of `Debug`. The key of a rule is the hash of those on
//! which a state depends, name and value in turns, each with its length before it. So what stands here stands for ever:
//! another text is another key, and each group of the rule starts anew.

use detector_rule::{CorrelationRule, FieldSource, InputRule, NetworkPrefix, RuleSet};
use detector_window::key::Key;
use detector_window::version::STATE_VERSION;

use crate::key::RuleKey;

/// What a rule says that matters to what is stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// What the state of a group depends on.
    state: Vec<Said>,
    /// What only decides when that holds, and what an episode is.
    judgement: Vec<Said>,
    /// As [`WindowParts::absorbs_at`](detector_rule::WindowParts::absorbs_at).
    absorbs_at: Option<u64>,
}

/// A name and what is said by it; a name may stand several times.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    name: &'static str,
    value: String,
}

/// In what two meanings differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: &'static str,
    /// All that was said by this name, in order.
    pub from: Vec<String>,
    pub to: Vec<String>,
}

/// The name by which a meaning says the key of a correlation that the rule refers to.
pub const CHILD: &str = "correlation";

/// The name by which a meaning says what such a correlation is judged by.
pub const CHILD_JUDGEMENT: &str = "correlation's judgement";

impl Meaning {
    /// `child` gives key and edition of a correlation that the rule refers to, by its place.
    pub(crate) fn of(
        rules: &RuleSet,
        rule: &CorrelationRule,
        child: impl Fn(usize) -> (RuleKey, Key),
    ) -> Self {
        let parts = rule.window.parts();
        let mut state = Sayings::default();
        state.say("id", &*rule.meta.id);
        state.say("type", parts.kind);
        state.say("timespan", in_ms(rule.timespan_ms));
        for (name, value) in parts.state {
            state.say(name, value);
        }
        if rule.stands_for.is_some() {
            state.say("missing group-by", "is a value");
        }
        // Where its items lie goes by it.
        if !rule.group_by.is_empty() && rule.groups_by_places() {
            state.say("group-by", "is a place");
        }
        state.prefixes("prefix", &rule.prefixes);
        state.prefixes("prefix of field", &rule.value_prefixes);
        let mut judgement = Sayings::default();
        judgement.say("quiet", in_ms(rule.quiet_ms));
        for (name, value) in parts.judgement {
            judgement.say(name, value);
        }
        for input in &rule.inputs {
            state.say("rule", &*input.reference);
            if let InputRule::Correlation(at) = input.rule {
                let (key, edition) = child(at.0 as usize);
                state.say(CHILD, key.0.in_uuid_form());
                judgement.say(CHILD_JUDGEMENT, edition.in_uuid_form());
            }
            state.fields(rules, "group-by", &input.group_by);
            state.fields(rules, "field", &input.value);
        }
        Self {
            state: state.0,
            judgement: judgement.0,
            absorbs_at: parts.absorbs_at,
        }
    }

    /// What the items of the rule go by.
    pub fn key(&self) -> RuleKey {
        RuleKey(Key::of_texts(texts(&self.state)))
    }

    /// All of it, and how this program writes state: who writes the same items with another edition may write them
    /// otherwise.
    pub(crate) fn edition(&self) -> Key {
        let version = [STATE_VERSION.to_string()];
        let all = texts(&self.state).chain(texts(&self.judgement));
        Key::of_texts(all.chain(version.iter().map(String::as_str)))
    }

    /// As [`WindowParts::absorbs_at`](detector_rule::WindowParts::absorbs_at).
    pub fn absorbs_at(&self) -> Option<u64> {
        self.absorbs_at
    }

    /// What the state depends on and is said otherwise by `from`; none where both have one key.
    pub fn state_changes(&self, from: &Meaning) -> Vec<Change> {
        changes(&from.state, &self.state)
    }

    /// The same of what only judges.
    pub fn judgement_changes(&self, from: &Meaning) -> Vec<Change> {
        changes(&from.judgement, &self.judgement)
    }
}

#[derive(Default)]
struct Sayings(Vec<Said>);

impl Sayings {
    fn say(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.0.push(Said { name, value });
    }

    /// `0: 24 of IPv4, 64 of IPv6`, for those that have one.
    fn prefixes(&mut self, name: &'static str, prefixes: &[Option<NetworkPrefix>]) {
        for (at, prefix) in prefixes.iter().enumerate() {
            if let Some(NetworkPrefix { ipv4, ipv6 }) = prefix {
                self.say(name, format!("{at}: {ipv4} of IPv4, {ipv6} of IPv6"));
            }
        }
    }

    /// `route: percent, case`, where the rules say how a field is spelt.
    fn spelling(&mut self, rules: &RuleSet, path: &str) {
        if let Some(spelling) = rules.spelling.get(path) {
            self.say("spelling", format!("{path}: {}", spelling.written()));
        }
    }

    /// `0: sourceIPAddress`; of a field that is the first of several, each.
    fn fields(&mut self, rules: &RuleSet, name: &'static str, sources: &[FieldSource]) {
        for (at, source) in sources.iter().enumerate() {
            match source {
                FieldSource::Event(slot) => {
                    self.say(name, format!("{at}: {}", rules.fields.path(*slot)));
                    self.spelling(rules, rules.fields.path(*slot));
                }
                FieldSource::FirstOf(slots) => {
                    for slot in slots.iter() {
                        self.say(name, format!("{at} or: {}", rules.fields.path(*slot)));
                        self.spelling(rules, rules.fields.path(*slot));
                    }
                }
                FieldSource::ChildGroup(of_child) => {
                    self.say(name, format!("{at} is group-by: {of_child}"));
                }
                FieldSource::Nowhere => self.say(name, format!("{at} is nowhere")),
            }
        }
    }
}

fn in_ms(ms: i64) -> String {
    format!("{ms}ms")
}

fn texts(said: &[Said]) -> impl Iterator<Item = &str> {
    said.iter().flat_map(|said| [said.name, &said.value])
}

fn changes(from: &[Said], to: &[Said]) -> Vec<Change> {
    let mut names: Vec<&'static str> = Vec::new();
    for said in from.iter().chain(to) {
        if !names.contains(&said.name) {
            names.push(said.name);
        }
    }
    let values = |said: &[Said], name| -> Vec<String> {
        let of_name = said.iter().filter(|said| said.name == name);
        of_name.map(|said| said.value.clone()).collect()
    };
    let change = |name| Change {
        name,
        from: values(from, name),
        to: values(to, name),
    };
    let all = names.into_iter().map(change);
    let mut changes: Vec<Change> = all.filter(|change| change.from != change.to).collect();
    if changes.is_empty() && from != to {
        // The same by name, in another order: fields have moved from one rule to another.
        changes.push(change("rule"));
    }
    changes
}
