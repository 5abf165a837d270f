//! Variants of attacks, and what one did.

use std::collections::BTreeSet;

use super::assault::Assault;
use crate::chance::{chance, mix};
use crate::lines::{Line, Scribe};
use crate::people::World;

/// What is done, from `Assault::start` on.
type Launch = Box<dyn Fn(&mut Assault<'_>) + Send + Sync>;

/// One variant.
pub struct Attack {
    /// Its threat and a name, as `t1-botnet-20-unknown`.
    pub name: String,
    pub about: String,
    /// `None` where no log that is asked for can show it; `about` says which line would.
    launch: Option<Launch>,
}

/// What an attack did, beside its recording.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    pub name: String,
    pub about: String,
    /// Whether a log that is asked for can show it.
    pub is_visible: bool,
    pub start: i64,
    pub end: i64,
    /// What the attacker did, by number.
    pub events: u64,
    pub addresses: BTreeSet<String>,
    /// Subs.
    pub victims: BTreeSet<String>,
}

#[derive(Default)]
pub(super) struct List(pub(super) Vec<Attack>);

impl List {
    pub(super) fn add(
        &mut self,
        name: &str,
        about: &str,
        launch: impl Fn(&mut Assault<'_>) + Send + Sync + 'static,
    ) {
        self.0.push(Attack {
            name: name.into(),
            about: about.into(),
            launch: Some(Box::new(launch)),
        });
    }

    pub(super) fn unseen(&mut self, name: &str, about: &str) {
        self.0.push(Attack {
            name: name.into(),
            about: about.into(),
            launch: None,
        });
    }
}

impl Attack {
    /// The attack on that world: its lines in the order of arrival, what it did, and when each of its deeds was, sorted.
    pub fn launch(&self, world: &World) -> (Vec<Line>, Record, Vec<i64>) {
        let name = self
            .name
            .bytes()
            .fold(0, |so_far, byte| mix(&[so_far, u64::from(byte)]));
        let mut assault = Assault::new(world, name, Scribe::new(chance(&[world.seed, name])));
        if let Some(launch) = &self.launch {
            launch(&mut assault);
        }
        let Assault {
            start,
            mut scribe,
            mut deeds,
            addresses,
            victims,
            ..
        } = assault;
        deeds.sort_unstable();
        scribe.lines.sort_by_key(|line| line.arrival);
        let record = Record {
            name: self.name.clone(),
            about: self.about.clone(),
            is_visible: self.launch.is_some(),
            start: deeds.first().copied().unwrap_or(start),
            end: deeds.last().copied().unwrap_or(start),
            events: deeds.len() as u64,
            addresses,
            victims,
        };
        (scribe.lines, record, deeds)
    }
}
