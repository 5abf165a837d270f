//! Log events of a log group into a file, page by page; an interrupted capture goes on where it was.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use detector_core::time::Timestamp;

use crate::args::{CaptureArgs, When};
use crate::capture::pages::{NoPage, Pages};
use crate::capture::part::{Left, Part, Request, State};
use crate::capture::payload;
use crate::capture::pseudonym::Pseudonyms;
use crate::capture::told::tell;
use crate::interrupt;
use crate::outcome::{Outcome, say};
use crate::output::place::{Place, open_special, place};
use crate::output::progress::{Progress, Visibility};
use crate::output::quantity::{bytes, counted};
use crate::output::waiting::Notes;
use crate::own_file;
use crate::service;

/// Stands in a state for a key that is kept nowhere.
const RANDOM_KEY: &str = "random";

pub(super) fn run(
    args: &CaptureArgs,
    output: &Path,
    mut names: Option<Pseudonyms>,
) -> anyhow::Result<Outcome> {
    let runtime = service::runtime()?;
    let config = runtime.block_on(service::config(args.endpoint_url.as_deref()))?;
    let request = request(args, names.as_ref())?;
    let mut part = open(args, output, request)?;
    let mut progress = Progress::new(None, visibility(args));
    let mut pages = Pages::new(aws_sdk_cloudwatchlogs::Client::new(&config));
    let (events, place) = (Arc::clone(&part.events), place_of_rest(&part));
    let stopped = move || {
        let events = counted(events.load(Ordering::Relaxed), "event");
        say(&format!("stopped: {events} so far, {place}"));
    };
    interrupt::says(stopped.clone());
    let ended = runtime.block_on(all(&mut part, &mut pages, &mut names, &mut progress));
    progress.finish();
    let State {
        events,
        bytes: size,
        ..
    } = part.state;
    if let Err(error) = ended {
        match events {
            // Nothing is there to go on with, and nothing is to be in the way.
            0 => part.give_up()?,
            _ => stopped(),
        }
        return Err(error);
    }
    part.publish()?;
    if !args.quiet {
        say(&format!(
            "captured {} ({}) into `{}`",
            counted(events, "event"),
            bytes(size),
            output.display()
        ));
        tell(names.as_ref());
    }
    Ok(Outcome::Done)
}

/// Where the lines are that an interrupted capture has got, and what the same command does with them.
fn place_of_rest(part: &Part) -> String {
    let Some(lines) = part.lines_path() else {
        return "the same command begins anew".into();
    };
    let lines = lines.display();
    match part.state.request.key.as_deref() {
        Some(RANDOM_KEY) => format!(
            "in `{lines}`; the same command begins anew, for its key is kept nowhere: with --key FILE it could go on"
        ),
        _ => format!("in `{lines}`; the same command goes on from there"),
    }
}

fn visibility(args: &CaptureArgs) -> Visibility {
    match args.quiet || args.no_progress {
        true => Visibility::Hidden,
        false => Visibility::Terminal,
    }
}

fn request(args: &CaptureArgs, names: Option<&Pseudonyms>) -> anyhow::Result<Request> {
    let key = names.map(|names| match args.key {
        Some(_) => names.fingerprint(),
        None => RANDOM_KEY.into(),
    });
    Ok(Request {
        log_group: args.log_group.clone().context("--log-group is needed")?,
        since: args.since.clone().context("--since is needed")?,
        until: args.until.clone(),
        filter: args.filter.clone(),
        key,
    })
}

/// Goes on with what was left behind, or begins.
fn open(args: &CaptureArgs, path: &Path, request: Request) -> anyhow::Result<Part> {
    let context = || format!("cannot write `{}`", path.display());
    let output = match place(path).with_context(context)? {
        Place::File(output) => output,
        place => {
            let lines =
                open_special(path, &place, Notes::unless(args.quiet)).with_context(context)?;
            return Ok(Part::into_special(lines, begun(request)?));
        }
    };
    if let Ok(meta) = fs::symlink_metadata(&output) {
        own_file::is_own(&meta).with_context(context)?;
    }
    // A capture that cannot begin takes nothing of an earlier one away.
    let begun = begun(request.clone())?;
    let useless = match Part::left_behind(&output, &request)? {
        Left::Nothing => return Part::open(&output, begun),
        Left::State(_) if request.key.as_deref() == Some(RANDOM_KEY) => {
            "with a key that was kept nowhere".into()
        }
        Left::State(state) => {
            if !args.quiet {
                say(&format!(
                    "note: goes on with an interrupted capture: {} so far",
                    counted(state.events, "event")
                ));
            }
            return Part::open(&output, state);
        }
        Left::Useless(why) => why,
    };
    // Whoever holds it is still at work.
    drop(Part::open(&output, begun.clone())?);
    let removed = Part::remove_left(&output)?;
    say(&format!(
        "note: begins anew; removed {}, left behind by a capture {useless}",
        removed.join(" and ")
    ));
    Part::open(&output, begun)
}

/// The state of a capture of which nothing is there yet.
fn begun(request: Request) -> anyhow::Result<State> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ms = i64::try_from(now.context("the clock stands before 1970")?.as_millis());
    let now = now_ms.ok().and_then(Timestamp::from_millis);
    let now = now.context("the clock is out of range")?;
    let moment = |text: &str| {
        let when = When::parse(text).map_err(|why| anyhow!("`{text}`: {why}"))?;
        when.before(now)
            .with_context(|| format!("`{text}` lies before 1970"))
    };
    let start = moment(&request.since)?;
    let end = request.until.as_deref().map_or(Ok(now), moment)?;
    if start >= end {
        bail!("nothing lies between --since {start} and --until {end}");
    }
    Ok(State::new(request, start.millis(), end.millis()))
}

async fn all(
    part: &mut Part,
    pages: &mut Pages,
    names: &mut Option<Pseudonyms>,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    while !part.state.is_complete {
        let page = match pages.next(&part.state).await {
            Ok(page) => page,
            Err(NoPage::Failed(error)) => return Err(error),
            Err(NoPage::TokenExpired) => {
                say(
                    "note: the service no longer knows where to go on (it remembers for a day): the capture begins anew",
                );
                part.restart()?;
                continue;
            }
        };
        let lines = payload::lines(&part.state.request.log_group, &page.events, names);
        part.add(&lines, page.events.len() as u64, page.next_token)?;
        progress.reached(part.state.bytes, part.state.events);
    }
    Ok(())
}
