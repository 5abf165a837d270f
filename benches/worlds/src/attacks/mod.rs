//! What must be found: attacks of all kinds, noisy to patient, each as a recording of its own.

mod assault; // one attack as it happens
mod guess; // tries of passwords and codes, by source, pace and names
mod sign_in; // T1: guessing and spraying
mod codes; // T1: codes, resets, enumeration, pumping
mod taken; // T1: accounts that are in other hands, consoles
mod sign_up; // T2: accounts
mod vehicles; // T2: vehicles
mod access; // T3: vehicles of others
mod gates; // T3: tokens, grants, operators
mod leaks; // T4: what answers and logs show
mod texts; // T4: texts of the kinds that frameworks send
mod probing; // T4: drawn errors, and attacks on the detector

use std::collections::BTreeSet;

pub use assault::Assault;

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
struct List(Vec<Attack>);

impl List {
    fn add(
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

    fn unseen(&mut self, name: &str, about: &str) {
        self.0.push(Attack {
            name: name.into(),
            about: about.into(),
            launch: None,
        });
    }
}

/// All variants, in their order.
pub fn all() -> Vec<Attack> {
    let mut list = List::default();
    sign_in::add(&mut list);
    codes::add(&mut list);
    taken::add(&mut list);
    sign_up::add(&mut list);
    vehicles::add(&mut list);
    access::add(&mut list);
    gates::add(&mut list);
    leaks::add(&mut list);
    probing::add(&mut list);
    list.0
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
