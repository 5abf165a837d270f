//! `replay send`: a recording goes over a Kinesis stream, so that the service sees it as it would see the real thing.

mod limit; // what Kinesis takes at once
mod pace; // when each record is due
pub(crate) mod shift; // a recording moved in time
mod usable; // what a service would not use
mod carried; // pieces of an input -> records
mod spool; // records on disk
mod reading; // inputs -> spool
mod batch; // records -> requests
mod kinesis; // requests -> stream

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use detector_core::engine::{LATENESS_MAX_MS, SKEW_MAX_MS};
use detector_core::time::Timestamp;

use crate::args::{SendArgs, Speed};
use crate::outcome::{Outcome, say};
use crate::output::progress::{Progress, Visibility};
use crate::output::quantity::{bytes, count, counted, duration};
use crate::output::waiting::Notes;
use crate::{input, interrupt, rewrite, service};
use batch::{Batch, Entry};
use carried::fitting;
use kinesis::{Stream, Taken};
use pace::Pace;
use reading::Reading;
use shift::{Range, Shift};
use spool::Spooled;
use usable::{Departure, Usable};

/// At a pace, events that travel in one list are no further apart than this, in real time.
const LIST_SPAN_MAX: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &SendArgs) -> anyhow::Result<Outcome> {
    let plan = input::plan(&args.inputs)?.noting(Notes::unless(args.quiet));
    if !args.quiet {
        plan.tell_skipped();
    }
    let runtime = service::runtime()?;
    let config = runtime.block_on(service::config(args.endpoint_url.as_deref()))?;
    let random = args
        .seed
        .map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
    let mut progress = Progress::new(plan.bytes_total, visibility(args)).counting("records");
    let list_span_max_ms = args
        .speed
        .map_or(i64::MAX, |it| it.covers_ms(LIST_SPAN_MAX));
    let reading = reading::read(&plan, list_span_max_ms, args.until, &mut progress);
    progress.finish();
    let Reading {
        mut spooled,
        times,
        is_lossy,
    } = reading.context("cannot write records to the temporary folder")?;
    if spooled.records() == 0 {
        match args.until {
            None => say("error: no record to send"),
            Some(until) => say(&format!("error: no record to send up to --until {until}")),
        }
        return Ok(Outcome::InputUnread);
    }
    let pace = args
        .speed
        .map(|speed| paced(&mut spooled, speed))
        .transpose()?;
    let shift = shift(args, &spooled, pace)?;
    let usable = times.usable(Departure {
        starts_ms: now_ms()?,
        shift_seconds: shift.map_or(0, |shift| shift.seconds),
        pace,
    });
    if !args.quiet {
        warn(usable, args.until);
    }
    let mut sending = Sending {
        progress: Progress::new(Some(spooled.bytes), visibility(args)).counting("records"),
        stream: Stream::new(
            aws_sdk_kinesis::Client::new(&config),
            &args.stream,
            fastrand::Rng::with_seed(random.clone().u64(..)),
        ),
        random,
        started: Instant::now(),
        pace,
        shift,
    };
    let (sent, started) = (sending.stream.told.clone(), sending.started);
    let of = spooled.records() as u64;
    interrupt::says(move || say(&stopped(sent.load(Ordering::Relaxed), of, started)));
    let ended = runtime.block_on(sending.all(&mut spooled));
    let ended = ended.map(|()| Outcome::Done);
    sending.progress.finish();
    let outcome = close(args, &spooled, usable, &sending, ended)?;
    Ok(match outcome {
        Outcome::Done if is_lossy => Outcome::InputUnread,
        other => other,
    })
}

fn visibility(args: &SendArgs) -> Visibility {
    match args.quiet || args.no_progress {
        true => Visibility::Hidden,
        false => Visibility::Terminal,
    }
}

/// Says how far it came.
fn close(
    args: &SendArgs,
    spooled: &Spooled,
    usable: Usable,
    sending: &Sending<'_>,
    ended: anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let Taken {
        records,
        bytes: sent,
        retries,
    } = sending.stream.taken;
    let seconds = sending.started.elapsed().as_secs_f64();
    let is_done = matches!(ended, Ok(Outcome::Done));
    if is_done && !args.quiet {
        say(&format!(
            "sent {} with {} ({}) in {seconds:.1} s: {} records/s, {}{}",
            counted(records, "record"),
            counted(usable.events, "event"),
            bytes(sent),
            count((records as f64 / seconds.max(0.001)) as u64),
            match retries {
                1 => "1 retry".into(),
                _ => format!("{} retries", count(retries)),
            },
            match usable.too_late {
                0 => String::new(),
                late => format!("; {} too late", counted(late, "event")),
            }
        ));
    }
    if !is_done {
        say(&stopped(records, spooled.records() as u64, sending.started));
    }
    ended
}

/// How far it came.
fn stopped(sent: u64, of: u64, started: Instant) -> String {
    let seconds = started.elapsed().as_secs_f64();
    format!(
        "stopped: {} of {} sent in {seconds:.1} s; of a request that was under way, more may have arrived (what is sent again counts once)",
        count(sent),
        counted(of, "record"),
    )
}

/// Puts the records in order of time.
fn paced(spooled: &mut Spooled, speed: Speed) -> anyhow::Result<Pace> {
    spooled.sort();
    let first = (0..spooled.records()).find_map(|number| spooled.carried(number));
    match first {
        Some(first) => Ok(Pace { speed, first }),
        None => {
            bail!("--speed needs times, and no event of the recording has one: send it without")
        }
    }
}

fn shift(args: &SendArgs, spooled: &Spooled, pace: Option<Pace>) -> anyhow::Result<Option<Shift>> {
    if !args.now && args.shift.is_none() {
        return Ok(None);
    }
    let option = if args.now { "--now" } else { "--shift" };
    let Some(range) = spooled.events else {
        bail!("{option} needs times, and no event of the recording has one: send it without");
    };
    let seconds = match args.shift {
        Some(seconds) => seconds,
        None => until_now(spooled, range, args.until, pace)?,
    };
    let shift = Shift::new(range, seconds)?;
    say(&format!("times shifted by {seconds:+} s"));
    Ok(Some(shift))
}

/// Tells what the service would not use, before it is sent.
fn warn(usable: Usable, until: Option<Timestamp>) {
    let Usable {
        events,
        too_late,
        ahead,
        untimed,
    } = usable;
    let of = |part| match part == events {
        true => format!("all {}", counted(events, "event")),
        false => format!("{} of {}", count(part), counted(events, "event")),
    };
    let lateness = duration(LATENESS_MAX_MS);
    if let Some(until) = until
        && (1..events).contains(&too_late)
    {
        say(&format!(
            "note: {} happened more than {lateness} before --until {until}: a service with the default LATENESS does not use them",
            of(too_late)
        ));
    } else if too_late > 0 {
        say(&format!(
            "warning: {} will be too late, and not used, by a service that takes what is up to {lateness} late \
             (LATENESS, as it is by default). Instead: a shorter recording; --now --until MOMENT, to let it end with the \
             attack; --now --speed 1, in its own time; or a service with a longer LATENESS",
            of(too_late)
        ));
    }
    if ahead > 0 {
        say(&format!(
            "warning: {} will lie in the future by more than {}: the service takes their arrival for their time",
            of(ahead),
            duration(SKEW_MAX_MS)
        ));
    }
    if untimed > 0 {
        say(&format!(
            "warning: {} without a time: no rule counts them",
            of(untimed)
        ));
    }
}

/// From the recording's last event to the moment at which it is sent, in whole seconds.
fn until_now(
    spooled: &Spooled,
    range: Range,
    until: Option<Timestamp>,
    pace: Option<Pace>,
) -> anyhow::Result<i64> {
    let mut end_ms = now_ms()?;
    if let Some(pace) = pace {
        let last = (0..spooled.records())
            .rev()
            .find_map(|it| spooled.carried(it));
        end_ms += i64::try_from(pace.due(last).as_millis())?;
    }
    // What cannot be cut may have events beyond it.
    let last = until.map_or(range.last, |until| range.last.min(until));
    Ok((end_ms - last.millis()).div_euclid(1000))
}

/// The present, in milliseconds since 1970.
fn now_ms() -> anyhow::Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.context("the clock stands before 1970")?;
    i64::try_from(now.as_millis()).map_err(|_| anyhow!("the clock is out of range"))
}

struct Sending<'a> {
    progress: Progress,
    stream: Stream<'a>,
    random: fastrand::Rng,
    started: Instant,
    pace: Option<Pace>,
    shift: Option<Shift>,
}

impl Sending<'_> {
    async fn all(&mut self, spooled: &mut Spooled) -> anyhow::Result<()> {
        let mut batch = Batch::default();
        for number in 0..spooled.records() {
            let due = self.pace.map(|pace| pace.due(spooled.carried(number)));
            if let Some(due) = due
                && due > self.started.elapsed()
            {
                self.put(std::mem::take(&mut batch)).await?;
                tokio::time::sleep(due.saturating_sub(self.started.elapsed())).await;
            }
            let read = spooled.read(number);
            for data in self.moved(read)? {
                if !batch.has_room(&data) {
                    self.put(std::mem::take(&mut batch)).await?;
                }
                batch.push(Entry::new(data, &mut self.random));
            }
        }
        self.put(batch).await
    }

    /// The record as it goes out.
    fn moved(&mut self, read: io::Result<Vec<u8>>) -> anyhow::Result<Vec<Vec<u8>>> {
        let data = read.context("cannot read records back from the temporary folder")?;
        let Some(shift) = &mut self.shift else {
            return Ok(vec![data]);
        };
        match rewrite::record(&data, shift) {
            None => Ok(vec![data]),
            // Gzip may have grown.
            Some(moved) => fitting(&moved).context("a record with its times shifted"),
        }
    }

    async fn put(&mut self, batch: Batch) -> anyhow::Result<()> {
        self.stream.put(batch).await?;
        let Taken { records, bytes, .. } = self.stream.taken;
        self.progress.reached(bytes, records);
        Ok(())
    }
}
