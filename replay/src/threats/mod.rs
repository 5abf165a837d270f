//! `replay threats`: what can go wrong, what is done about it, and which of that the recordings prove.

pub(crate) mod doubts; // the list beside its models and the day
mod json; // parts of a JSON text
mod model; // Threat Dragon's file -> elements and their threats
mod proof; // rules and recordings -> states
mod evidence; // logs -> mitigations at work
mod table; // all of it, and the JSON
mod answers; // what a persona is told
mod text; // the table as a person reads it
mod markdown; // and as a document
mod dragon; // back into the model
mod navigator; // as a layer of techniques

use std::io::Write;

use anyhow::{Context, bail};
use detector_core::alert::plain_json;
use detector_core::engine::Engine;
use detector_core::rule::{RuleProblem, Severity};

use crate::args::{ThreatsArgs, ThreatsFormat};
use crate::input::rules;
use crate::outcome::{Outcome, say};
use crate::output::Output;
use crate::run;
use crate::test::scenario::{self, Scenario};
use crate::test::{self, Tested};
use proof::State;
use table::{Material, Table};

pub(crate) fn run(args: &ThreatsArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let list = rules.threats.clone();
    let list = list.context(
        "the rules have no list of threats: write one as `threats.yaml`, see rules/README.md",
    )?;
    let paths = match args.models.is_empty() {
        true => doubts::beside(&list),
        false => args.models.clone(),
    };
    let today = match args.today {
        Some(day) => day,
        None => doubts::today()?,
    };
    let (models, mut problems) = doubts::read(&paths);
    problems.extend(doubts::of_models(&list, &models));
    problems.extend(doubts::of_day(&list, today));
    if !told(&problems, args.quiet) {
        return Ok(Outcome::RulesBroken);
    }
    let scenarios = scenario::find(&args.recordings, None)?;
    let mut output = Output::open(args.output.as_deref())?;
    let engine = Engine::new(rules);
    let Some(tested) = test::tested(&engine, &args.rules, scenarios, args.threads())? else {
        return Ok(Outcome::RulesBroken);
    };
    let logs = match args.logs.is_empty() {
        true => None,
        false => Some(evidence::counted(&engine, args)?),
    };
    let material = Material {
        list: &list,
        engine: &engine,
        models: &models,
        tested: &tested,
        logs: logs.as_ref().map(|(tally, _)| tally),
        today,
    };
    let mut table = Table::of(&material);
    table.questions = answers::of_list(&table, &material);
    if !args.quiet {
        tell_needless(&table, &list.path);
    }
    write(&table, &material, args, &mut output)?;
    output.finish()?;
    let mut is_unread = logs.is_some_and(|(_, outcome)| outcome == Outcome::InputUnread);
    for (scenario, verdict) in tested.scenarios.iter().zip(&tested.verdicts) {
        is_unread |= verdict.is_unread;
        if verdict.is_unread {
            say(&unread(scenario, &tested));
        }
    }
    Ok(match (is_unread, table.passed) {
        (true, _) => Outcome::InputUnread,
        (false, true) => Outcome::Done,
        (false, false) => {
            say(&format!("red: {}", table.red().join(", ")));
            Outcome::ExpectationFailed
        }
    })
}

fn unread(scenario: &Scenario, tested: &Tested) -> String {
    let of_it = tested.report.scenarios.iter();
    let folder = scenario.folder.display().to_string();
    let mut of_it = of_it.filter(|score| score.folder == folder);
    let why = of_it.next().and_then(|score| score.differences.last());
    let why = why.map_or_else(String::new, |difference| format!(": {difference}"));
    format!("error: {folder} could not be read{why}")
}

/// Says what is wrong; `false` where there is an error. Warnings that the report tells anyway are left out.
fn told(problems: &[RuleProblem], quiet: bool) -> bool {
    let is_error = |problem: &&RuleProblem| problem.severity == Severity::Error;
    for problem in problems {
        if is_error(&problem) || !quiet {
            say(&problem.to_string());
        }
    }
    problems.iter().find(is_error).is_none()
}

/// Acceptances of what is proven.
fn tell_needless(table: &Table, path: &str) {
    let proven = table.threats.iter().filter(|t| t.state == State::Proven);
    for threat in proven.filter(|threat| threat.accepted.is_some()) {
        say(&format!(
            "{path}: warning: `{}` is proven, so that nobody has to accept it: remove `accepted`",
            threat.id
        ));
    }
}

fn write(
    table: &Table,
    material: &Material<'_>,
    args: &ThreatsArgs,
    output: &mut Output,
) -> anyhow::Result<()> {
    match args.format {
        ThreatsFormat::Text => {
            let paint = run::style(args.color, output).paint;
            output.write_all(text::page(table, paint).as_bytes())?;
        }
        ThreatsFormat::Json => {
            plain_json::write_pretty(table, &mut *output)?;
            output.write_all(b"\n")?;
        }
        ThreatsFormat::Markdown => {
            output.write_all(markdown::document(table, material).as_bytes())?;
        }
        ThreatsFormat::ThreatDragon => {
            let [model] = material.models else {
                bail!(
                    "--format threat-dragon writes one model, and there are {}: name one by --model FILE",
                    material.models.len()
                );
            };
            output.write_all(dragon::written(model, table)?.as_bytes())?;
        }
        ThreatsFormat::Navigator => {
            plain_json::write_pretty(&navigator::layer(table, material), &mut *output)?;
            output.write_all(b"\n")?;
        }
    }
    Ok(())
}
