//! The text of an `expected.yaml` goes in, what a recording must show comes out, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use detector_core::time::Timestamp;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;

/// Fields of an alert that an expectation may name besides `rule`, `group` and `opened_at`.
const COMPARED: [&str; 7] = [
    "held_until",
    "first_event_time",
    "last_event_time",
    "count",
    "distinct",
    "shown",
    "status",
];

/// What a recording must show, and that it shows nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// What the recording is, for the reader.
    pub(crate) about: String,
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) attacks: BTreeMap<String, Attack>,
    pub(crate) alerts: Vec<ExpectedAlert>,
    /// Records, or parts of one, that cannot be read.
    #[serde(default)]
    pub(crate) unreadable: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Holds at least one attack.
    Attack,
    /// Looks like an attack and is none. An alert that is right all the same may be listed.
    NearMiss,
    /// Ordinary traffic, from which alerts a day are counted.
    Quiet,
}

/// One attack of a recording.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attack {
    pub(crate) first_event: Moment,
    /// When each of its events happened, in milliseconds after the first; empty where nobody counted them.
    #[serde(default)]
    pub(crate) events_ms: Vec<i64>,
    /// It must be found by the time of so many of its events.
    pub(crate) within_events: Option<usize>,
    pub(crate) within_seconds: Option<i64>,
}

/// Fields of the alert contract; `rule` is the rule's name.
#[derive(Debug, Deserialize)]
pub(crate) struct ExpectedAlert {
    pub(crate) rule: String,
    /// The attack it tells of; may be left out where there is only one.
    pub(crate) attack: Option<String>,
    pub(crate) group: BTreeMap<String, String>,
    pub(crate) opened_at: Moment,
    /// Compared where given.
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Value>,
}

/// A moment written in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = Timestamp::from_rfc3339(&text);
        moment.map(Moment).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no moment, write it as 2026-05-03T12:02:38.815Z"
            ))
        })
    }
}

impl Expectation {
    /// Reads and checks the file at `path`; `rules` are the names of all correlation rules.
    ///
    /// # Errors
    /// It cannot be read, is no expectation, or contradicts itself or the rules.
    pub(crate) fn read(path: &Path, rules: &BTreeSet<&str>) -> anyhow::Result<Self> {
        let text = match fs::metadata(path) {
            Ok(meta) if !meta.is_file() => bail!("`{}` is no regular file", path.display()),
            _ => fs::read_to_string(path),
        };
        let text = text.with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::of(&text, rules).with_context(|| format!("`{}`", path.display()))
    }

    fn of(text: &str, rules: &BTreeSet<&str>) -> anyhow::Result<Self> {
        let mut read: Self = yaml_serde::from_str(text)?;
        ensure!(
            !read.about.trim().is_empty(),
            "`about` is empty: say what the recording is"
        );
        match (read.kind, read.attacks.is_empty()) {
            (Kind::Attack, true) => bail!("an attack needs an entry in `attacks`"),
            (Kind::NearMiss | Kind::Quiet, false) => {
                bail!("only `kind: attack` has `attacks`")
            }
            _ => {}
        }
        for attack in read.attacks.values_mut() {
            attack.events_ms.sort_unstable();
        }
        let only = match read.attacks.len() {
            1 => read.attacks.keys().next().cloned(),
            _ => None,
        };
        for alert in &mut read.alerts {
            alert.check(rules)?;
            alert.attack = alert.attack.take().or_else(|| only.clone());
            if let Some(attack) = &alert.attack
                && !read.attacks.contains_key(attack)
            {
                bail!(
                    "an alert of `{}` names no known attack: `{attack}`",
                    alert.rule
                );
            }
        }
        Ok(read)
    }
}

impl ExpectedAlert {
    fn check(&self, rules: &BTreeSet<&str>) -> anyhow::Result<()> {
        ensure!(
            rules.contains(self.rule.as_str()),
            "no correlation rule has the name `{}`",
            self.rule
        );
        if let Some(unknown) = self
            .rest
            .keys()
            .find(|key| !COMPARED.contains(&key.as_str()))
        {
            bail!(
                "an alert has no field `{unknown}` to compare; known are rule, attack, group, opened_at, {}",
                COMPARED.join(", ")
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
about: somebody tries
kind: attack
attacks:
  bot:
    first_event: 2026-05-03T12:00:00.000Z
    events_ms: [0, 20, 10]
alerts:
  - rule: probing
    group: {sub: a}
    opened_at: 2026-05-03T12:00:01.000Z
    count: 3
";

    fn read(text: &str) -> Result<Expectation, String> {
        Expectation::of(text, &BTreeSet::from(["probing"])).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_only_attack_is_meant_where_none_is_named() {
        let expectation = read(GOOD).unwrap();
        assert_eq!(expectation.alerts[0].attack.as_deref(), Some("bot"));
        assert_eq!(expectation.attacks["bot"].events_ms, [0, 10, 20]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (from, to, said) in [
            (
                "rule: probing",
                "rule: prodding",
                "no correlation rule has the name `prodding`",
            ),
            ("count: 3", "cuont: 3", "no field `cuont`"),
            (
                "kind: attack",
                "kind: quiet",
                "only `kind: attack` has `attacks`",
            ),
            ("about: somebody tries", "about: ' '", "`about` is empty"),
            ("12:00:01.000Z", "12.00", "is no moment"),
            (
                "    group",
                "    attack: other\n    group",
                "no known attack: `other`",
            ),
            ("kind", "surprise: 1\nkind", "unknown field `surprise`"),
        ] {
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(said), "{to}: {error}");
        }
    }
}
