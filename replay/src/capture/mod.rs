//! `replay capture`: log events of a log group into a file that `replay run` reads.

mod pseudonym; // stand-ins for what identifies people
mod payload; // log events -> lines
mod part; // what is captured so far
mod pages; // log events from the service
mod from; // a file instead of a log group
mod check; // what of a file still looks like a person

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use detector_core::time::Timestamp;

use crate::args::{CaptureArgs, When};
use crate::capture::pseudonym::{KEY_BYTES_MIN, Pseudonyms};
use crate::outcome::{Outcome, say};
use crate::output::progress::{Progress, Visibility};
use crate::output::quantity::{bytes, counted};
use crate::output::{Place, place};
use crate::service;
use pages::{NoPage, Pages};
use part::{Part, Request, State};

/// Stands in a state for a key that is kept nowhere.
const RANDOM_KEY: &str = "random";

pub(crate) fn run(args: &CaptureArgs) -> anyhow::Result<Outcome> {
    if !args.check.is_empty() {
        return check::run(&args.check, args.quiet);
    }
    let output = args.output.as_deref().context("--output is needed")?;
    let mut names = pseudonyms(args)?;
    if let (Some(from), Some(names)) = (&args.from, &mut names) {
        return from::run(from, output, names, args.quiet);
    }
    let request = request(args, names.as_ref())?;
    let mut part = open(args, output, request)?;
    let runtime = service::runtime()?;
    let config = runtime.block_on(service::config(args.endpoint_url.as_deref()))?;
    let mut progress = Progress::new(None, visibility(args));
    let mut pages = Pages::new(aws_sdk_cloudwatchlogs::Client::new(&config));
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = all(&mut part, &mut pages, &mut names, &mut progress) => ended.map(|()| Outcome::Done),
            _ = tokio::signal::ctrl_c() => Ok(Outcome::Interrupted),
        }
    });
    progress.finish();
    let State {
        events,
        bytes: size,
        ..
    } = part.state;
    if !matches!(ended, Ok(Outcome::Done)) {
        let place = match (part.lines_path(), part.state.request.key.as_deref()) {
            (None, _) => "the same command begins anew".to_owned(),
            (Some(lines), Some(RANDOM_KEY)) => format!(
                "in `{}`; the same command begins anew, for its key is kept nowhere: with --key FILE it could go on",
                lines.display()
            ),
            (Some(lines), _) => format!(
                "in `{}`; the same command goes on from there",
                lines.display()
            ),
        };
        say(&format!(
            "stopped: {} so far, {place}",
            counted(events, "event")
        ));
        return ended;
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
    ended
}

/// Says what was replaced, and what was not.
fn tell(names: Option<&Pseudonyms>) {
    for line in names.map_or_else(Vec::new, |names| names.tally().lines()) {
        say(&line);
    }
}

fn visibility(args: &CaptureArgs) -> Visibility {
    match args.quiet || args.no_progress {
        true => Visibility::Hidden,
        false => Visibility::Terminal,
    }
}

/// The keeper of stand-ins, if there are to be any.
fn pseudonyms(args: &CaptureArgs) -> anyhow::Result<Option<Pseudonyms>> {
    if !args.pseudonymise {
        return Ok(None);
    }
    let key = match &args.key {
        Some(path) => {
            fs::read(path).with_context(|| format!("cannot read the key `{}`", path.display()))?
        }
        None => {
            let mut key = [0; 32];
            getrandom::fill(&mut key)
                .map_err(|error| anyhow!("no random key to be had: {error}"))?;
            key.to_vec()
        }
    };
    let names = Pseudonyms::new(&key).with_context(|| {
        let path = args.key.as_deref().unwrap_or(Path::new("the key"));
        format!(
            "`{}` is no key: it has {} bytes, and at least {KEY_BYTES_MIN} are needed; `openssl rand -out {} 32` makes one",
            path.display(),
            key.len(),
            path.display()
        )
    })?;
    Ok(Some(names))
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
    let place = place(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    let output = match place {
        Place::Special => return Part::into_special(path, begun(request)?),
        Place::File(output) => output,
    };
    let left = Part::left_behind(&output, &request)?;
    if let Some(state) = left {
        if request.key.as_deref() != Some(RANDOM_KEY) {
            if !args.quiet {
                say(&format!(
                    "note: goes on with an interrupted capture: {} so far",
                    counted(state.events, "event")
                ));
            }
            return Part::open(&output, state);
        }
        say("note: an interrupted capture begins anew, for its key was kept nowhere");
    }
    Part::open(&output, begun(request)?)
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
