//! What is captured so far: `FILE.part` has the lines, `FILE.part.json` says how far they go. Both are brought up to date
//! after each page, so that a capture that was interrupted, in whatever way, goes on after the last whole page.
//!
//! What is no regular file (a device, a pipe) is written into at once: it has no place for a state, and nothing may take
//! its name.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::output::open_special;

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
    /// The state of an interrupted capture into `output`, if there is one.
    ///
    /// # Errors
    /// There is one, of another request or not to be understood.
    pub(crate) fn left_behind(output: &Path, request: &Request) -> anyhow::Result<Option<State>> {
        let path = state_path(output);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read `{}`", path.display()))?,
        };
        let advice = || {
            format!(
                "remove `{}` and `{}` to begin anew, or choose another --output",
                path.display(),
                lines_path(output).display()
            )
        };
        let Ok(state) = serde_json::from_slice::<State>(&text) else {
            bail!("`{}` is damaged; {}", path.display(), advice());
        };
        let Some(what) = difference(&state.request, request) else {
            return Ok(Some(state));
        };
        bail!(
            "an interrupted capture of another {what} is in the way; {}",
            advice()
        );
    }

    /// Writes into what is no regular file. Nothing goes on there after an interruption.
    ///
    /// # Errors
    /// It does not open.
    pub(crate) fn into_special(path: &Path, state: State) -> anyhow::Result<Self> {
        let opened = open_special(path);
        Ok(Self {
            output: None,
            lines: opened.with_context(|| format!("cannot write `{}`", path.display()))?,
            state,
        })
    }

    /// Goes on after the last whole page that `state` tells of; an empty state begins anew.
    ///
    /// # Errors
    /// The files cannot be written, or the lines are fewer than they ought to be.
    pub(crate) fn open(output: &Path, state: State) -> anyhow::Result<Self> {
        let path = lines_path(output);
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut lines = opened.with_context(|| format!("cannot write `{}`", path.display()))?;
        let bytes = lines.metadata().map(|meta| meta.len())?;
        if bytes < state.bytes {
            bail!(
                "`{}` has {bytes} bytes and ought to have {}: remove it and `{}` to begin anew",
                path.display(),
                state.bytes,
                state_path(output).display()
            );
        }
        // What was written of a page before an interruption comes again.
        lines.set_len(state.bytes)?;
        lines.seek(SeekFrom::End(0))?;
        let part = Self {
            output: Some(output.to_owned()),
            lines,
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
        fs::rename(lines_path(output), output).with_context(context)?;
        let state = state_path(output);
        fs::remove_file(&state).with_context(|| format!("cannot remove `{}`", state.display()))
    }

    /// Replaces the state at once, so that it is never half written.
    fn save(&self) -> anyhow::Result<()> {
        let Some(output) = &self.output else {
            return Ok(());
        };
        let path = state_path(output);
        let temporary = with_suffix(&path, ".tmp");
        let text = serde_json::to_vec_pretty(&self.state)?;
        let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &path));
        written.with_context(|| format!("cannot write `{}`", path.display()))
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
        assert_eq!(Part::left_behind(&output, &request()).unwrap(), None);
        let mut part = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        part.add(b"one\n", 1, Some("t".into())).unwrap();
        drop(part);
        let lines = lines_path(&output);
        fs::write(&lines, b"one\nhalf a pa").unwrap();
        let state = Part::left_behind(&output, &request()).unwrap().unwrap();
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
    fn another_request_or_damage_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.ndjson");
        let mut part = Part::open(&output, State::new(request(), 1, 2)).unwrap();
        part.add(b"one\n", 1, Some("t".into())).unwrap();
        let other = Request {
            filter: Some("x".into()),
            ..request()
        };
        let error = Part::left_behind(&output, &other).unwrap_err().to_string();
        assert!(error.contains("another --filter") && error.contains("a.ndjson.part.json"));
        fs::write(lines_path(&output), b"on").unwrap();
        let state = Part::left_behind(&output, &request()).unwrap().unwrap();
        assert!(Part::open(&output, state).is_err());
        fs::write(state_path(&output), b"{").unwrap();
        let error = Part::left_behind(&output, &request()).unwrap_err();
        assert!(error.to_string().contains("damaged"));
    }
}
