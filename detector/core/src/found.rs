//! The outcome of a recording: alerts, and which of them are one attack.

use detector_alert::incident::{Incident, Told, join};
use detector_event::time::Timestamp;
use detector_incident::GAP_MS;
use detector_incident::link::Linking;
use detector_rule::RuleSet;
use detector_window::{SpillError, Spilled, Windows};

use crate::tally::Tally;

/// The outcome of everything seen.
#[derive(Debug)]
pub struct Found<'r> {
    /// Sorted by `opened_at`, rule id, group.
    pub told: Vec<Box<Told<'r>>>,
    /// The places of each incident's alerts, in their order.
    pub incidents: Vec<Vec<usize>>,
    pub tally: Tally,
}

impl<'r> Found<'r> {
    /// Evaluates all windows.
    pub(crate) fn of(
        (rules, linking): (&'r RuleSet, &Linking),
        windows: Windows<'r>,
        spilled: &mut dyn Spilled,
        mut tally: Tally,
    ) -> Result<Self, SpillError> {
        let mut told = Vec::new();
        let latest = tally.latest.unwrap_or_default();
        tally.doubts = windows.finish(spilled, &mut |rule, episode| {
            if rules.correlations[rule.0 as usize].pages {
                told.push(Box::new(Told::new(rules, rule, episode, latest)));
            }
        })?;
        told.sort_by(|one, other| one.alert.reporting_order(&other.alert));
        let incidents = join(&mut told, linking, GAP_MS);
        Ok(Self {
            told,
            incidents,
            tally,
        })
    }

    /// The incidents, in the order of their openings.
    pub fn incidents(&self) -> Vec<Incident> {
        let latest: Timestamp = self.tally.latest.unwrap_or_default();
        let incident = |places: &Vec<usize>| {
            let alerts: Vec<&Told<'_>> = places.iter().map(|at| &*self.told[*at]).collect();
            Incident::of(&alerts, latest, GAP_MS)
        };
        self.incidents.iter().map(incident).collect()
    }
}
