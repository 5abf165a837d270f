//! The text of an `expected.yaml` goes in, what a recording must show comes out, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use detector_core::rule::Level;
use detector_core::time::Timestamp;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;

/// Fields of an alert that an expectation may name besides `rule`, `group` and `opened_at`.
pub(crate) const COMPARED: [&str; 7] = [
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
    /// Every alert to the millisecond, where this recording is judged so.
    pub(crate) alerts: Option<Vec<ExpectedAlert>>,
    /// Alerts that are right though they are no attack's.
    #[serde(default)]
    pub(crate) pages: Vec<Page>,
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
    /// The alerts that it must have at least, in its incident.
    #[serde(default)]
    pub(crate) found_by: Vec<Page>,
    /// Its incident must have this level at least.
    pub(crate) level: Option<String>,
    /// It may be told as so many incidents; 1 where not given.
    pub(crate) incidents: Option<usize>,
}

/// An alert by its rule and, where that matters, its group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    pub(crate) rule: String,
    pub(crate) group: Option<BTreeMap<String, String>>,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        let group = self.group.iter().flatten();
        group
            .into_iter()
            .try_for_each(|(field, value)| write!(f, " {field}={value}"))
    }
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
    /// Reads and checks the file at `path`; `rules` are the names of all correlation rules, and without them an
    /// expectation may name any.
    ///
    /// # Errors
    /// It cannot be read, is no expectation, or contradicts itself or the rules.
    pub(crate) fn read(path: &Path, rules: Option<&BTreeSet<&str>>) -> anyhow::Result<Self> {
        let text = match fs::metadata(path) {
            Ok(meta) if !meta.is_file() => bail!("`{}` is no regular file", path.display()),
            _ => fs::read_to_string(path),
        };
        let text = text.with_context(|| format!("cannot read `{}`", path.display()))?;
        Self::of(&text, rules).with_context(|| format!("`{}`", path.display()))
    }

    fn of(text: &str, rules: Option<&BTreeSet<&str>>) -> anyhow::Result<Self> {
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
        read.check_pages(rules)?;
        for alert in read.alerts.iter_mut().flatten() {
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

impl Expectation {
    fn check_pages(&self, rules: Option<&BTreeSet<&str>>) -> anyhow::Result<()> {
        let of_attacks = self.attacks.values().flat_map(|attack| &attack.found_by);
        for page in of_attacks.chain(&self.pages) {
            known(&page.rule, rules)?;
        }
        for (name, attack) in &self.attacks {
            if let Some(level) = &attack.level {
                ensure!(
                    rank(level) > 0,
                    "attack {name} has no known level: `{level}`"
                );
            }
            ensure!(
                self.alerts.is_some() || !attack.found_by.is_empty(),
                "attack {name} has no `found_by`: name the rules that must find it"
            );
        }
        Ok(())
    }
}

impl Expectation {
    /// The rules that must find the attack of that name, one for each alert.
    pub(crate) fn rules_of<'e>(&'e self, attack: &'e str) -> impl Iterator<Item = &'e str> {
        let found_by = self
            .attacks
            .get(attack)
            .into_iter()
            .flat_map(|of| &of.found_by);
        let listed = self.alerts.iter().flatten();
        let listed = listed.filter(move |alert| alert.attack.as_deref() == Some(attack));
        found_by
            .map(|page| &*page.rule)
            .chain(listed.map(|alert| &*alert.rule))
    }

    /// Every rule that it names.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        let found_by = self.attacks.values().flat_map(|attack| &attack.found_by);
        let pages = found_by.chain(&self.pages).map(|page| &*page.rule);
        pages.chain(self.alerts.iter().flatten().map(|alert| &*alert.rule))
    }
}

/// The place of a level among all; 0 for what is no level.
pub(crate) fn rank(name: &str) -> usize {
    let levels = [
        Level::Informational,
        Level::Low,
        Level::Medium,
        Level::High,
        Level::Critical,
    ];
    levels
        .iter()
        .position(|level| level.name() == name)
        .map_or(0, |at| at + 1)
}

fn known(rule: &str, rules: Option<&BTreeSet<&str>>) -> anyhow::Result<()> {
    ensure!(
        rules.is_none_or(|rules| rules.contains(rule)),
        "no correlation rule has the name `{rule}`"
    );
    Ok(())
}

impl ExpectedAlert {
    fn check(&self, rules: Option<&BTreeSet<&str>>) -> anyhow::Result<()> {
        known(&self.rule, rules)?;
        self.check_fields()
    }

    /// That only fields are named that can be compared.
    pub(crate) fn check_fields(&self) -> anyhow::Result<()> {
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
        Expectation::of(text, Some(&BTreeSet::from(["probing"])))
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_only_attack_is_meant_where_none_is_named() {
        let expectation = read(GOOD).unwrap();
        assert_eq!(expectation.attacks["bot"].events_ms, [0, 10, 20]);
        assert_eq!(
            expectation.alerts.unwrap()[0].attack.as_deref(),
            Some("bot")
        );
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
