//! INPUT arguments go in, the list of files to read comes out, in a fixed order.

pub(crate) mod suggestion; // what a mistyped path meant
pub(crate) mod rules; // rule paths -> RuleSet
pub(crate) mod whole; // a small gzip file -> inflated bytes, at once
pub(crate) mod reader; // a file -> inflated bytes
pub(crate) mod block; // a stretch of them -> records
pub(crate) mod stream; // an input -> numbered blocks
pub(crate) mod crew; // the workers

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;
use walkdir::WalkDir;

use crate::input::rules::is_hidden;

/// Extensions of a log, lowercase; a file without an extension is read as well.
const LOG_EXTENSIONS: [&str; 6] = ["json", "ndjson", "jsonl", "log", "txt", "gz"];

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
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) inputs: Vec<Input>,
    /// Files in folders whose names are not those of logs.
    pub(crate) skipped: u64,
    /// Arguments that could not be turned into files, and why.
    pub(crate) failures: Vec<String>,
    /// Bytes on disk, where every input is a plain file.
    pub(crate) bytes_total: Option<u64>,
}

/// Lists what `arguments` name. A path that does not exist is a failure in the plan; standard input given twice is
/// wrong usage.
pub(crate) fn plan(arguments: &[PathBuf]) -> anyhow::Result<Plan> {
    let mut plan = Plan {
        bytes_total: Some(0),
        ..Plan::default()
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
    fn add_file(&mut self, path: PathBuf) {
        let bytes = fs::metadata(&path)
            .ok()
            .filter(|meta| meta.is_file())
            .map(|meta| meta.len());
        self.bytes_total = self.bytes_total.zip(bytes).map(|(sum, more)| sum + more);
        self.inputs.push(Input::File(path));
    }

    fn add_folder(&mut self, folder: &Path) {
        let (read_before, skipped_before) = (self.inputs.len(), self.skipped);
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
                Ok(_) => self.skipped += 1,
                // A link back to a folder above holds nothing that is not read anyway.
                Err(error) if error.loop_ancestor().is_some() => self.skipped += 1,
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
                self.skipped - skipped_before
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

fn is_log(path: &Path) -> bool {
    let Some(extension) = path.extension() else {
        return true;
    };
    let extension = extension.to_string_lossy().to_lowercase();
    let inner = path
        .file_stem()
        .and_then(|stem| Path::new(stem).extension());
    let archive = extension == "gz" && inner.is_some_and(|inner| inner == "tar");
    LOG_EXTENSIONS.contains(&extension.as_str()) && !archive
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
        ] {
            assert!(is_log(Path::new(name)), "{name}");
        }
        for name in ["expected.yaml", "README.md", "a.tar.gz", "a.zip", "a.zst"] {
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
        assert_eq!((plan.skipped, plan.bytes_total), (1, Some(15)));
    }
}
