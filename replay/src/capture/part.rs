//! What is captured so far: `FILE.part` has the lines, `FILE.part.json` says how far they go. Both are brought up to date
//! after each page, so that a capture that was interrupted, in whatever way, goes on after the last whole page.
//!
//! What is no regular file (a device, a pipe) is written into at once: it has no place for a state, and nothing may take
//! its name.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::own_file;

/// A state is far smaller: a token of the service is the longest in it.
const STATE_BYTES_MAX: u64 = 1 << 20;

/// What was asked for. Only the same request goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) log_group: String,
    /// As on the command line.
    pub(crate) since: String,
    pub(crate) until: Option<String>,
    pub(crate) filter: Option<String>,
    /// Tells the key; `None` where nothing is pseudonymised.
    pub(crate) key: Option<String>,
}

/// How far a capture has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) request: Request,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// Where the service goes on.
    pub(crate) next_token: Option<String>,
    /// All pages are there.
    pub(crate) is_complete: bool,
    pub(crate) bytes: u64,
    pub(crate) events: u64,
}

pub(crate) struct Part {
    /// The file to be; `None` where the lines go into what is no regular file.
    output: Option<PathBuf>,
    lines: File,
    pub(crate) state: State,
    /// Events so far, for whoever is told of an interruption.
    pub(crate) events: Arc<AtomicU64>,
}

/// What an earlier capture into the same file has left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    /// It can be gone on with.
    State(State),
    /// It is of no use, for a reason such as `of another --since`.
    Useless(String),
}

impl State {
    pub(crate) fn new(request: Request, start_ms: i64, end_ms: i64) -> Self {
        Self {
            request,
            start_ms,
            end_ms,
            next_token: None,
            is_complete: false,
            bytes: 0,
            events: 0,
        }
    }
}

impl Part {
    /// What an interrupted capture into `output` has left.
    ///
    /// # Errors
    /// What lies there is somebody else's, a link, or cannot be read.
    pub(crate) fn left_behind(output: &Path, request: &Request) -> anyhow::Result<Left> {
        let (lines, path) = (lines_path(output), state_path(output));
        let beside = with_suffix(&path, BESIDE);
        let read = |path: &Path| -> anyhow::Result<Option<File>> {
            let file = own_file::left_behind(path);
            file.with_context(|| {
                format!(
                    "cannot go on with `{}`, nor begin anew beside it: choose another --output",
                    path.display()
                )
            })
        };
        let lines_bytes = match read(&lines)? {
            Some(file) => Some(file.metadata()?.len()),
            None => None,
        };
        read(&beside)?;
        let Some(mut file) = read(&path)? else {
            let why = || Left::Useless("without a state".into());
            return Ok(lines_bytes.map_or(Left::Nothing, |_| why()));
        };
        let mut text = Vec::new();
        Read::by_ref(&mut file)
            .take(STATE_BYTES_MAX)
            .read_to_end(&mut text)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let Ok(state) = serde_json::from_slice::<State>(&text) else {
            return Ok(Left::Useless("with a damaged state".into()));
        };
        if let Some(what) = difference(&state.request, request) {
            return Ok(Left::Useless(format!("of another {what}")));
        }
        Ok(match lines_bytes.unwrap_or(0) < state.bytes {
            true => Left::Useless("with fewer lines than there ought to be".into()),
            false => Left::State(state),
        })
    }

    /// Removes what an earlier capture has left, and says its names.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove_left(output: &Path) -> anyhow::Result<Vec<String>> {
        let mut removed = Vec::new();
        let (lines, state) = (lines_path(output), state_path(output));
        let beside = with_suffix(&state, BESIDE);
        for path in [lines, state, beside] {
            let context = || format!("cannot remove `{}`", path.display());
            if own_file::remove(&path).with_context(context)? {
                removed.push(format!("`{}`", path.display()));
            }
        }
        Ok(removed)
    }

    /// Writes into what is no regular file. Nothing goes on there after an interruption.
    pub(crate) fn into_special(lines: File, state: State) -> Self {
        Self {
            output: None,
            lines,
            events: Arc::default(),
            state,
        }
    }

    /// Goes on after the last whole page that `state` tells of; an empty state begins anew.
    ///
    /// # Errors
    /// The files cannot be written, or another capture writes to them.
    pub(crate) fn open(output: &Path, state: State) -> anyhow::Result<Self> {
        let path = lines_path(output);
        let opened = match own_file::left_behind(&path) {
            Ok(None) => own_file::create(&path),
            Ok(Some(file)) => Ok(file),
            Err(error) => Err(error),
        };
        let mut lines = opened.with_context(|| format!("cannot write `{}`", path.display()))?;
        if let Err(fs::TryLockError::WouldBlock) = lines.try_lock() {
            bail!("another capture is writing to `{}`", path.display());
        }
        // What was written of a page before an interruption comes again.
        lines.set_len(state.bytes)?;
        lines.seek(SeekFrom::End(0))?;
        let part = Self {
            output: Some(output.to_owned()),
            lines,
            events: Arc::new(AtomicU64::new(state.events)),
            state,
        };
        part.save()?;
        Ok(part)
    }

    /// Adds a page.
    pub(crate) fn add(
        &mut self,
        lines: &[u8],
        events: u64,
        next_token: Option<String>,
    ) -> anyhow::Result<()> {
        let written = self
            .lines
            .write_all(lines)
            .and_then(|()| self.lines.flush());
        written.with_context(|| match self.lines_path() {
            Some(path) => format!("cannot write `{}`", path.display()),
            None => "cannot write".to_owned(),
        })?;
        self.state.bytes += lines.len() as u64;
        self.state.events += events;
        self.events.store(self.state.events, Ordering::Relaxed);
        self.state.is_complete = next_token.is_none();
        self.state.next_token = next_token;
        self.save()
    }

    /// Where the lines wait for the file's name; `None` where they are written at once.
    pub(crate) fn lines_path(&self) -> Option<PathBuf> {
        self.output.as_deref().map(lines_path)
    }

    /// Forgets all pages.
    ///
    /// # Errors
    /// They have been written into what is no regular file, or the files cannot be written.
    pub(crate) fn restart(&mut self) -> anyhow::Result<()> {
        if self.output.is_none() {
            bail!(
                "what was written into a device or a pipe cannot be taken back: capture into a file"
            );
        }
        let State {
            request,
            start_ms,
            end_ms,
            ..
        } = self.state.clone();
        self.state = State::new(request, start_ms, end_ms);
        self.events.store(0, Ordering::Relaxed);
        self.lines.set_len(0)?;
        self.lines.seek(SeekFrom::Start(0))?;
        self.save()
    }

    /// Gives the file its name.
    pub(crate) fn publish(self) -> anyhow::Result<()> {
        let Some(output) = &self.output else {
            return Ok(());
        };
        let context = || format!("cannot write `{}`", output.display());
        self.lines.sync_all().with_context(context)?;
        let lines = lines_path(output);
        if !own_file::is_at(&self.lines, &lines).with_context(context)? {
            return Err(anyhow!(
                "another file has taken the place of `{}`",
                lines.display()
            ))
            .with_context(context);
        }
        fs::rename(lines, output).with_context(context)?;
        let state = state_path(output);
        fs::remove_file(&state).with_context(|| format!("cannot remove `{}`", state.display()))
    }

    /// Leaves nothing of a capture that has not got anything.
    pub(crate) fn give_up(self) -> anyhow::Result<()> {
        match &self.output {
            Some(output) => Self::remove_left(output).map(drop),
            None => Ok(()),
        }
    }

    /// Replaces the state at once, so that it is never half written.
    fn save(&self) -> anyhow::Result<()> {
        let Some(output) = &self.output else {
            return Ok(());
        };
        let path = state_path(output);
        let temporary = with_suffix(&path, BESIDE);
        let text = serde_json::to_vec_pretty(&self.state)?;
        own_file::replace(&path, &temporary, &text)
            .with_context(|| format!("cannot write `{}`", path.display()))
    }
}

/// The first thing in which two requests differ.
fn difference(left: &Request, wanted: &Request) -> Option<&'static str> {
    [
        (left.log_group != wanted.log_group, "log group"),
        (left.since != wanted.since, "--since"),
        (left.until != wanted.until, "--until"),
        (left.filter != wanted.filter, "--filter"),
        (left.key != wanted.key, "--pseudonymise or --key"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// A state that is being written.
const BESIDE: &str = ".tmp";

fn lines_path(output: &Path) -> PathBuf {
    with_suffix(output, ".part")
}

fn state_path(output: &Path) -> PathBuf {
    with_suffix(output, ".part.json")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            log_group: "g".into(),
            since: "2h".into(),
            until: None,
            filter: None,
            key: None,
        }
    }

    #[test]
    fn an_interrupted_capture_goes_on_after_the_last_whole_page() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.ndjson");
        let left = || Part::left_behind(&output, &request()).unwrap();
        assert_eq!(left(), Left::Nothing);
        let mut part = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        part.add(b"one\n", 1, Some("t".into())).unwrap();
        drop(part);
        let lines = lines_path(&output);
        fs::write(&lines, b"one\nhalf a pa").unwrap();
        let Left::State(state) = left() else {
            panic!("it can be gone on with");
        };
        assert_eq!((state.next_token.as_deref(), state.events), (Some("t"), 1));
        let mut part = Part::open(&output, state).unwrap();
        part.add(b"two\n", 2, None).unwrap();
        assert!(part.state.is_complete && part.state.events == 3);
        part.publish().unwrap();
        assert_eq!(fs::read(&output).unwrap(), b"one\ntwo\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_begins_anew_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.ndjson");
        let mut part = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        part.add(b"a long page\n", 1, Some("t".into())).unwrap();
        part.restart().unwrap();
        assert_eq!(part.state, State::new(request(), 1, 2));
        part.add(b"one\n", 1, None).unwrap();
        part.publish().unwrap();
        assert_eq!(fs::read(&output).unwrap(), b"one\n");
    }

    #[test]
    fn another_request_or_damage_is_of_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.ndjson");
        let mut part = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        part.add(b"one\n", 1, Some("t".into())).unwrap();
        drop(part);
        let why = |request: &Request| match Part::left_behind(&output, request).unwrap() {
            Left::Useless(why) => why,
            other => panic!("{other:?}"),
        };
        let other = Request {
            filter: Some("x".into()),
            ..request()
        };
        assert_eq!(why(&other), "of another --filter");
        fs::write(lines_path(&output), b"on").unwrap();
        assert_eq!(why(&request()), "with fewer lines than there ought to be");
        fs::write(state_path(&output), b"{").unwrap();
        assert_eq!(why(&request()), "with a damaged state");
        fs::remove_file(state_path(&output)).unwrap();
        assert_eq!(why(&request()), "without a state");
        assert_eq!(Part::remove_left(&output).unwrap().len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_captures_do_not_write_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.ndjson");
        let first = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        let second = Part::open(&output, State::new(request(), 1, 2))
            .err()
            .unwrap();
        assert!(second.to_string().starts_with("another capture is writing"));
        drop(first);
        Part::open(&output, State::new(request(), 1, 2)).unwrap();
    }
}
