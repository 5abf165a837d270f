//! `replay alerts`: the messages that people and machines would get.

mod second_look; // what is known of alerts once it is known which there are

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;

use detector_core::alert::incident::Told;
use detector_core::alert::message::sequence::Course;
use detector_core::alert::message::{Before, Message};
use detector_core::alert::plain_json;
use detector_core::engine::{Engine, Mode};
use detector_core::found::Found;
use detector_core::incident::link::Link;
use detector_core::window::Windows;
use serde_json::{Value, json};

use crate::args::{AlertsArgs, Body};
use crate::input;
use crate::input::crew::findings::no_hits;
use crate::input::crew::{Crew, Limits};
use crate::input::rules;
use crate::outcome::{Outcome, say};
use crate::output::Output;
use crate::output::progress::Progress;
use crate::output::quantity::counted;
use crate::output::waiting::Notes;
use crate::run;
use second_look::Look;

pub(crate) fn run(args: &AlertsArgs) -> anyhow::Result<Outcome> {
    let Some(rules) = rules::load(&args.source.rules)? else {
        return Ok(Outcome::RulesBroken);
    };
    let plan = input::plan(&args.source.inputs)?.noting(Notes::unless(args.source.quiet));
    let output = Output::open_noting(args.output.as_deref(), plan.notes)?;
    let engine = args.source.engine(rules);
    let crew = Crew {
        mode: match args.as_arrived {
            true => Mode::AsArrived,
            false => Mode::Set,
        },
        threads: match args.as_arrived {
            true => NonZeroUsize::MIN,
            false => args.source.threads(),
        },
        write_hit: no_hits,
        limits: Limits::default(),
    };
    let mut progress = Progress::new(plan.bytes_total, run::visibility(&args.source));
    let (recording, found) = crew.find(&engine, plan, &mut progress)?;
    let look = match args
        .source
        .inputs
        .iter()
        .any(|input| input.as_os_str() == "-")
    {
        true => {
            if !args.source.quiet {
                say(
                    "note: standard input is read once: messages have final counts and no sample events",
                );
            }
            Look::nothing(&found.told)
        }
        false => second_look::look(&engine, &found.told, &args.source.inputs)?,
    };
    let messages = messages(&engine, &found, look);
    if !args.source.quiet {
        say(&told(
            messages.len(),
            found.incidents.len(),
            found.tally.events.iter().sum(),
        ));
    }
    let written = write(&messages, args, output);
    run::close(&recording, args.source.quiet, written)
}

/// `7 messages of 3 incidents, from 4120 events`
fn told(messages: usize, incidents: usize, events: u64) -> String {
    format!(
        "{} of {}, from {}",
        counted(messages as u64, "message"),
        counted(incidents as u64, "incident"),
        counted(events, "event")
    )
}

/// All messages, in the order of time.
fn messages<'r>(engine: &'r Engine, found: &Found<'r>, look: Look) -> Vec<Message<'r>> {
    let Look {
        mut traces,
        samples,
        place,
    } = look;
    let windows = Windows::new(engine.rules());
    let before = before(engine, found);
    let mut messages = Vec::new();
    for (places, before) in found.incidents.iter().zip(before) {
        let course = Course {
            rules: engine.rules(),
            alerts: places.iter().map(|at| (*found.told[*at]).clone()).collect(),
            traces: places
                .iter()
                .map(|at| std::mem::take(&mut traces[*at]))
                .collect(),
            delays_ms: places
                .iter()
                .map(|at| delay_ms(engine, &windows, &found.told[*at]))
                .collect(),
            before,
            place: place.clone(),
            latest: found.tally.latest.unwrap_or_default(),
        };
        messages.extend(course.messages(&samples));
    }
    messages.sort_by_key(|message| (message.sent_at, message.incident_id.clone(), message.number));
    messages
}

/// What later events can undo is known when none can come any more.
fn delay_ms(engine: &Engine, windows: &Windows<'_>, told: &Told<'_>) -> i64 {
    match windows.is_monotone(told.at) {
        true => 0,
        false => engine.lateness_max_ms() + told.rule.window.looks_ahead_ms(),
    }
}

/// Of each incident, the last one before it that shares who did it.
fn before(engine: &Engine, found: &Found<'_>) -> Vec<Option<Before>> {
    let incidents = found.incidents();
    let mut last: BTreeMap<Link, usize> = BTreeMap::new();
    let mut before = Vec::with_capacity(incidents.len());
    for (number, places) in found.incidents.iter().enumerate() {
        let links: Vec<Link> = places
            .iter()
            .map(|at| &found.told[*at])
            .flat_map(|told| {
                engine
                    .linking()
                    .links(told.rule, &told.episode, &told.entities)
                    .iter()
                    .cloned()
                    .collect::<Vec<_>>()
            })
            .collect();
        let of_actor = links.iter().filter(|link| !matches!(link, Link::Scope(..)));
        let earlier = of_actor.filter_map(|link| last.get(link)).max();
        before.push(earlier.and_then(|earlier| {
            let incident = &incidents[*earlier];
            Some(Before {
                incident_id: incident.incident_id.clone(),
                over_since: incident.over_since?,
                title: incident.story.first()?.title.as_str().into(),
            })
        }));
        last.extend(links.into_iter().map(|link| (link, number)));
    }
    before
}

fn write(messages: &[Message<'_>], args: &AlertsArgs, mut output: Output) -> anyhow::Result<()> {
    let is_wanted = |message: &&Message<'_>| match (&args.incident, &message.incident_id) {
        (None, _) => true,
        (Some(wanted), Some(id)) => id.starts_with(wanted.as_str()),
        (Some(_), None) => false,
    };
    for message in messages.iter().filter(is_wanted) {
        let message = message.clone().showing(&args.personal);
        match args.body {
            Body::Email => {
                writeln!(
                    output,
                    "Subject: {}\nDate: {}\n",
                    message.headline(),
                    message.sent_at
                )?;
                writeln!(output, "{}", message.email())?;
                writeln!(output, "{}", "-".repeat(72))?;
            }
            Body::Sms => writeln!(output, "{}", message.sms())?,
            Body::Json => line(&ours(&message), &mut output)?,
            Body::Ocsf => line(&message.ocsf(), &mut output)?,
            Body::Chat => line(&message.chat(), &mut output)?,
        }
    }
    output.finish()
}

fn line(value: &Value, output: &mut Output) -> anyhow::Result<()> {
    plain_json::write(value, &mut *output)?;
    writeln!(output)?;
    Ok(())
}

/// What the finding has under `unmapped`, and what stands around a message.
fn ours(message: &Message<'_>) -> Value {
    let mut line = message.ocsf()["unmapped"].take();
    line["sent_at"] = json!(message.sent_at.to_string());
    line["subject"] = json!(message.headline());
    line
}
