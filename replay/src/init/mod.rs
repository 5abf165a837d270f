//! `replay init`: what rules have to know of a service, as a recording shows it.
//!
//! It fills in what is certain, says what it saw of the rest, and guesses nothing. What it is given it never changes.

mod text; // a value -> YAML
mod values; // different values, and how often each was seen
mod hours; // events -> when people are there
mod line; // an event -> a line, and back
mod seen; // events -> what a service has
mod prefixes; // names -> how they begin
mod found; // what a service has -> what each setting can have
mod known; // rules -> the settings that they have and ask for
mod proposed; // what is no setting -> comments
mod page; // all of it -> the file

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use detector_core::engine::Mode;
use detector_core::rule::{RuleFile, RuleSet};
use detector_core::window::load_rules;

use crate::args::InitArgs;
use crate::init::known::Known;
use crate::init::line::{Lines, Looked, write_event};
use crate::init::seen::Shown;
use crate::input;
use crate::input::crew::order::Stop;
use crate::input::crew::{Crew, Limits};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::output::place::{Place, place};
use crate::output::progress::Progress;
use crate::output::waiting::Notes;
use crate::run;

pub(crate) fn run(args: &InitArgs) -> anyhow::Result<Outcome> {
    let source = &args.source;
    refuse_to_overwrite(args.output.as_deref())?;
    let Some(known) = Known::read(&source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    // What is wrong with the rules themselves is known before a long recording is read.
    if !known.takes(&page::page(&known, &Shown::default())) {
        return Ok(Outcome::RulesBroken);
    }
    let plan = input::plan(&source.inputs)?.noting(Notes::unless(source.quiet));
    if !source.quiet {
        plan.tell_skipped();
    }
    let mut output = Output::open_noting(args.output.as_deref(), plan.notes)?;
    let engine = source.engine(looked_at());
    let crew = Crew {
        mode: Mode::HitsOnly,
        threads: source.threads(),
        write_hit: write_event,
        limits: Limits::default(),
    };
    let fields = &engine.rules().fields;
    let mut shown = Shown::default();
    let mut lines = Lines {
        paths: fields
            .slots()
            .map(|it| fields.path(it).to_owned())
            .collect(),
        each: |event: &Looked<'_>| shown.note(event),
        begun: Vec::new(),
    };
    let mut progress = Progress::new(plan.bytes_total, run::visibility(source));
    let read = crew.read(&engine, plan, &mut lines, &mut progress);
    progress.finish();
    if let Some(Stop::Hits(error) | Stop::State(error)) = read.stopped {
        return Err(error).context("cannot count what was read");
    }
    shown.events = read.recording.events;
    let page = page::page(&known, &shown);
    if !known.takes(&page) {
        return Ok(Outcome::RulesBroken);
    }
    output.write_all(page.as_bytes())?;
    refuse_to_overwrite(args.output.as_deref())?;
    run::close(&read.recording, source.quiet, output.finish())
}

/// What is there may hold somebody's decisions.
fn refuse_to_overwrite(output: Option<&Path>) -> anyhow::Result<()> {
    let Some(output) = output else {
        return Ok(());
    };
    if let Ok(Place::File(file)) = place(output)
        && file.exists()
    {
        bail!(
            "`{}` is there already, and what somebody decided in it would be lost: name another file, compare, and put it in its place",
            output.display()
        );
    }
    Ok(())
}

fn looked_at() -> RuleSet {
    let file = RuleFile {
        path: "looked_at.yml".into(),
        text: include_str!("looked_at.yml").into(),
    };
    load_rules(&[file]).expect("the program's own rules are sound")
}
