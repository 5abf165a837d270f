//! Ctrl-C and SIGTERM end the program at once, whatever it waits for; what it has written under a temporary name goes
//! with it.
//!
//! A thread of its own waits for the signals: the others may be in the middle of a read or a write that never ends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Of commands that say how far they came: that of wrong usage.
const STATUS: i32 = 2;

/// Says how far the program came.
type Parting = Box<dyn FnOnce() + Send>;

struct AtEnd {
    temporaries: BTreeSet<PathBuf>,
    parting: Option<Parting>,
}

static AT_END: Mutex<AtEnd> = Mutex::new(AtEnd {
    temporaries: BTreeSet::new(),
    parting: None,
});

fn with<T>(change: impl FnOnce(&mut AtEnd) -> T) -> T {
    change(&mut AT_END.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The name of a temporary file, which goes when the program is interrupted; dropped, it stays.
#[derive(Debug)]
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    pub(crate) fn new(path: &Path) -> Self {
        with(|end| end.temporaries.insert(path.to_owned()));
        Self(path.to_owned())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        with(|end| end.temporaries.remove(&self.0));
    }
}

/// From now on an interruption calls `parting` and ends in [`STATUS`], not by the signal.
pub(crate) fn says(parting: impl FnOnce() + Send + 'static) {
    with(|end| end.parting = Some(Box::new(parting)));
}

/// Begins to wait for signals. A second one ends the program even where the first is still being told of.
#[cfg(unix)]
pub(crate) fn watch() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    let is_second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&is_second))?;
        flag::register(signal, Arc::clone(&is_second))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            end(signal);
        }
    };
    thread::Builder::new().name("signals".into()).spawn(wait)?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn watch() -> std::io::Result<()> {
    Ok(())
}

/// Without words of its own, a program ends as if it had never caught the signal: shells know it by that.
#[cfg(unix)]
fn end(signal: i32) {
    let parting = with(|end| {
        for path in &end.temporaries {
            let _ = std::fs::remove_file(path);
        }
        end.parting.take()
    });
    if let Some(parting) = parting {
        parting();
        std::process::exit(STATUS);
    }
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}
