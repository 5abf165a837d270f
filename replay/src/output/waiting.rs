//! Says on standard error what a command waits for, where it waits for longer than a moment: a pipe without a writer looks
//! like a program that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use crate::notes::Notes;
use crate::output::quantity::bytes;
use crate::output::say::say;

/// Nobody wonders before.
const MOMENT: Duration = Duration::from_secs(2);

/// A source that gives more and more may be one without an end.
const LONG: Duration = Duration::from_secs(10);

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Something is waited for until this is dropped.
pub(crate) struct Waiting {
    _alive: Option<Arc<()>>,
}

impl Waiting {
    /// Says once that the command waits until `what`.
    pub(crate) fn until(what: String, notes: Notes) -> Self {
        let begun = Instant::now();
        let mut what = Some(what);
        Self::with(notes, move || {
            let what = (begun.elapsed() >= MOMENT).then(|| what.take()).flatten()?;
            Some(format!("waits until {what}"))
        })
    }

    /// Asks `news` now and then what there is to say.
    fn with(notes: Notes, mut news: impl FnMut() -> Option<String> + Send + 'static) -> Self {
        if notes == Notes::Hushed {
            return Self { _alive: None };
        }
        let alive = Arc::new(());
        let watched = Arc::downgrade(&alive);
        let look = move || {
            while watched.strong_count() > 0 {
                if let Some(news) = news() {
                    say(&format!("note: {news}; Ctrl-C ends it"));
                }
                thread::sleep(LOOK_EVERY);
            }
        };
        // Without a thread nothing is said; nothing else depends on it.
        let spawned = thread::Builder::new().name("waiting".into()).spawn(look);
        Self {
            _alive: spawned.ok().map(|_| alive),
        }
    }
}

/// Watches over a source of bytes that comes from another program or has no end.
pub(crate) struct Watched<R> {
    source: R,
    read_bytes: Arc<AtomicU64>,
    _waiting: Waiting,
}

impl<R> Watched<R> {
    pub(crate) fn new(source: R, name: &str, notes: Notes) -> Self {
        let read_bytes = Arc::new(AtomicU64::new(0));
        let (count, name) = (Arc::clone(&read_bytes), name.to_owned());
        let (begun, mut last, mut silent_since) = (Instant::now(), 0, Instant::now());
        let (mut is_silence_told, mut is_length_told) = (false, false);
        let waiting = Waiting::with(notes, move || {
            let read = count.load(Ordering::Relaxed);
            if read != last {
                (last, silent_since) = (read, Instant::now());
            }
            let so_far = bytes(read);
            if !is_silence_told && silent_since.elapsed() >= MOMENT {
                is_silence_told = true;
                return Some(format!("waits for input from `{name}` ({so_far} so far)"));
            }
            if !is_length_told && last > 0 && begun.elapsed() >= LONG {
                is_length_told = true;
                return Some(format!("reads `{name}` until it ends ({so_far} so far)"));
            }
            None
        });
        Self {
            source,
            read_bytes,
            _waiting: waiting,
        }
    }
}

impl<R: std::io::Read> std::io::Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.read_bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
