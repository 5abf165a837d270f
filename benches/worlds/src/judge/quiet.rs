//! A world without attack: its state, and what is found in it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::anyhow;
use detector_core::engine::Engine;
use detector_core::rule::{CorrelationIx, CorrelationRule, InputRule, RuleSet};
use detector_core::window::Windows;

use super::blame::{Blamed, Causes};
use super::finding::Finding;
use super::states::{Counted, Given, Place, States};
use crate::folder::{self, Made};
use crate::people::World;

#[derive(Debug)]
pub struct Quiet<'e> {
    pub(super) engine: &'e Engine,
    pub world: World,
    pub(super) states: States,
    pub counted: Counted,
    /// All, also those that are told to nobody.
    pub(super) findings: Vec<Finding>,
    /// By finding.
    pub(super) blamed: Vec<Blamed>,
    /// Groups with findings that parents see.
    pub(super) children: BTreeSet<Place>,
}

/// The correlations that see `child`.
pub(super) fn parents(rules: &RuleSet, child: u32) -> impl Iterator<Item = u32> {
    let is_child =
        move |input: &InputRule| matches!(input, InputRule::Correlation(of) if of.0 == child);
    let sees = move |rule: &CorrelationRule| rule.inputs.iter().any(|input| is_child(&input.rule));
    let all = (0..).zip(&rules.correlations);
    all.filter(move |(_, rule)| sees(rule)).map(|(at, _)| at)
}

/// All episodes of these groups.
pub(super) fn evaluate(engine: &Engine, mut given: Given<'_>) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut take =
        |rule: CorrelationIx, episode| findings.push(Finding::of(engine, rule, &episode));
    let finished = Windows::new(engine.rules()).finish(&mut given, &mut take);
    finished.map_err(|error| anyhow!("window state cannot be read back: {error}"))?;
    Ok(findings)
}

impl<'e> Quiet<'e> {
    /// Reads the world in the folder.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read(engine: &'e Engine, folder: &Path, threads: usize) -> anyhow::Result<Self> {
        let world = Made::read(folder)?.world();
        let (states, counted) = States::of(engine, &folder::days(folder)?, threads)?;
        let rules = engine.rules();
        let findings = evaluate(engine, states.all())?;
        let causes = folder::causes(folder)?;
        let causes = Causes::new(&causes);
        let blamed = findings.iter().map(|finding| match finding.pages {
            true => causes.of(finding),
            false => Blamed {
                kind: String::new(),
                is_announced: false,
            },
        });
        let blamed = blamed.collect();
        let is_child = |finding: &&Finding| parents(rules, finding.place.0).next().is_some();
        let children = findings
            .iter()
            .filter(is_child)
            .map(|finding| finding.place)
            .collect();
        Ok(Self {
            engine,
            world,
            states,
            counted,
            findings,
            blamed,
            children,
        })
    }

    /// What is told of the world.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.pages)
    }
}
