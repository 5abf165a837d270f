//! INPUT arguments go in, the list of files to read comes out, in a fixed order.

pub(crate) mod suggestion; // what a mistyped path meant
pub(crate) mod bounded; // a path -> its bytes, not too many
pub(crate) mod rules; // rule paths -> RuleSet
pub(crate) mod whole; // a small gzip file -> inflated bytes, at once
pub(crate) mod form; // what packs a file
pub(crate) mod inflation; // how far packed data may inflate
pub(crate) mod reader; // a file -> inflated bytes
pub(crate) mod block; // a stretch of them -> records
pub(crate) mod stream; // an input -> numbered blocks
pub(crate) mod crew; // the workers

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use detector_core::rule::{EXACT, EXPECTED};
use walkdir::WalkDir;

use crate::input::rules::{ALLOWLIST, is_hidden};
use crate::outcome::say;
use crate::output::quantity::counted;
use crate::output::waiting::Notes;

/// Extensions of files that lie beside logs and are none, lowercase. Of all others, the content tells what they are.
const OTHER_EXTENSIONS: [&str; 30] = [
    "md", "rst", "html", "htm", "css", "js", "ts", "py", "rs", "sh", "rb", "java", "go", "toml",
    "yaml", "yml", "ini", "lock", "tf", "png", "jpg", "jpeg", "gif", "svg", "ico", "docx", "xlsx",
    "pptx", "sha256", "md5",
];

/// What `replay test` reads beside a recording: nobody has to be told that it is no log.
const OF_RECORDINGS: [&str; 3] = [EXPECTED, EXACT, ALLOWLIST];

/// What `capture` keeps beside a capture that is under way.
const PARTS: [&str; 3] = [".part", ".part.json", ".part.json.tmp"];

/// Something to read records from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

impl Input {
    pub(crate) fn name(&self) -> String {
        match self {
            Input::Stdin => "<stdin>".into(),
            Input::File(path) => path.display().to_string(),
        }
    }

    /// Whether reading may wait for another program: standard input, a pipe, a device.
    pub(crate) fn may_wait(&self) -> bool {
        match self {
            Input::Stdin => true,
            Input::File(path) => fs::metadata(path).is_ok_and(|meta| !meta.is_file()),
        }
    }
}

/// What the arguments come to.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    /// Files in folders whose names are not those of logs.
    pub(crate) skipped: Vec<PathBuf>,
    /// Arguments that could not be turned into files, and why.
    pub(crate) failures: Vec<String>,
    /// Bytes on disk, where every input is a plain file.
    pub(crate) bytes_total: Option<u64>,
    /// Whether to say what is waited for.
    pub(crate) notes: Notes,
}

/// Lists what `arguments` name. A path that does not exist is a failure in the plan; standard input given twice is
/// wrong usage.
pub(crate) fn plan(arguments: &[PathBuf]) -> anyhow::Result<Plan> {
    let mut plan = Plan {
        inputs: Vec::new(),
        skipped: Vec::new(),
        failures: Vec::new(),
        bytes_total: Some(0),
        notes: Notes::Said,
    };
    for argument in arguments {
        if argument.as_os_str() == "-" {
            if plan.inputs.contains(&Input::Stdin) {
                bail!("standard input (`-`) can be read only once");
            }
            plan.inputs.push(Input::Stdin);
            plan.bytes_total = None;
        } else if argument.is_dir() {
            plan.add_folder(argument);
        } else if argument.exists() {
            plan.add_file(argument.clone());
        } else {
            plan.failures.push(missing(argument));
        }
    }
    Ok(plan)
}

impl Plan {
    /// The same, with or without notes of what is waited for.
    pub(crate) fn noting(self, notes: Notes) -> Self {
        Self { notes, ..self }
    }

    /// Says on standard error what was skipped, for commands without a summary.
    pub(crate) fn tell_skipped(&self) {
        if let Some(told) = skipped(&self.skipped) {
            say(&format!("note: {told}"));
        }
    }

    fn add_file(&mut self, path: PathBuf) {
        let bytes = fs::metadata(&path)
            .ok()
            .filter(|meta| meta.is_file())
            .map(|meta| meta.len());
        self.bytes_total = self.bytes_total.zip(bytes).map(|(sum, more)| sum + more);
        self.inputs.push(Input::File(path));
    }

    fn add_folder(&mut self, folder: &Path) {
        let (read_before, skipped_before) = (self.inputs.len(), self.skipped.len());
        let failed_before = self.failures.len();
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
        let mut found = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if entry.file_type().is_file() && is_log(entry.path()) => {
                    found.push(entry.into_path());
                }
                Ok(entry) if OF_RECORDINGS.iter().any(|name| entry.file_name() == *name) => {}
                Ok(entry) => self.skipped.push(entry.into_path()),
                // A link back to a folder above holds nothing that is not read anyway.
                Err(error) if error.loop_ancestor().is_some() => {
                    self.skipped.extend(error.path().map(Path::to_owned));
                }
                Err(error) => self.failures.push(unlisted(folder, &error)),
            }
        }
        found.sort();
        for path in found {
            self.add_file(path);
        }
        if self.inputs.len() == read_before && self.failures.len() == failed_before {
            self.failures.push(format!(
                "no log file in folder `{}` ({} of other names skipped)",
                folder.display(),
                self.skipped.len() - skipped_before
            ));
        }
    }
}

/// A path that is not there, or that the caller may not look at.
fn missing(path: &Path) -> String {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("cannot open `{}`: permission denied", path.display())
        }
        _ => suggestion::missing(path),
    }
}

fn unlisted(folder: &Path, error: &walkdir::Error) -> String {
    let path = error.path().unwrap_or(folder).display();
    match error.io_error() {
        Some(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            format!("`{path}` is a link to nothing")
        }
        Some(cause) if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("cannot open `{path}`: permission denied")
        }
        _ => format!("cannot list `{path}`: {error}"),
    }
}

/// Tells of files that were skipped, if any.
pub(crate) fn skipped(paths: &[PathBuf]) -> Option<String> {
    const NAMED_MAX: usize = 3;
    let named: Vec<_> = paths
        .iter()
        .take(NAMED_MAX)
        .map(|path| path.display().to_string())
        .collect();
    let more = if paths.len() > NAMED_MAX { ", …" } else { "" };
    (!paths.is_empty()).then(|| {
        format!(
            "{} skipped, not the name of a log: {}{more}",
            counted(paths.len() as u64, "file"),
            named.join(", ")
        )
    })
}

fn is_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let is_other = OTHER_EXTENSIONS.contains(&extension.to_lowercase().as_str());
    !is_other && !PARTS.iter().any(|part| name.ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs() {
        for name in [
            "a.json",
            "a.JSON",
            "a.json.gz",
            "a.ndjson",
            "a.jsonl",
            "a.log",
            "a.txt",
            "000000",
            "part-1.gz",
            "stream-1-2026-05-03-12-00-00-0a1b",
            "my.stream-1-2026-05-03-12-00-00-0a1b",
            "a.log.1",
            "a.log.2026-05-03",
            "a.gzip",
            "a.csv",
            "a.zst",
            "a.zip",
        ] {
            assert!(is_log(Path::new(name)), "{name}");
        }
        for name in [
            "expected.yaml",
            "README.MD",
            "a.ndjson.part",
            "a.ndjson.part.json",
            "a.ndjson.part.json.tmp",
        ] {
            assert!(!is_log(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_folder_is_listed_by_path_without_hidden_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for name in [
            "c.json",
            "b/z.log",
            "a",
            ".hidden.json",
            "x.yaml",
            ".git/HEAD",
        ] {
            fs::write(root.join(name), "12345").unwrap();
        }
        let plan = plan(&[root.to_owned()]).unwrap();
        let names: Vec<_> = ["a", "b/z.log", "c.json"]
            .iter()
            .map(|name| Input::File(root.join(name)))
            .collect();
        assert_eq!(plan.inputs, names);
        assert_eq!(plan.skipped, [root.join("x.yaml")]);
        assert_eq!(plan.bytes_total, Some(15));
    }
}
