//! Paths go in, the recording folders under them come out: those with an `expected.yaml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use detector_core::rule::EXPECTED;
use walkdir::WalkDir;

use super::expectation::Expectation;
use super::golden::Golden;
use crate::input::rules::{ALLOWLIST, Lists, is_hidden};
use crate::input::suggestion;
use crate::outcome::say;

/// A recording and what it must show.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) folder: PathBuf,
    /// The name of the folder above: the detector that it is about.
    pub(crate) family: String,
    pub(crate) name: String,
    pub(crate) expectation: Expectation,
    pub(crate) golden: Golden,
    pub(crate) allowlist: Option<PathBuf>,
    pub(crate) lists: Lists,
}

/// Every scenario under `paths`, in the order of the folders. What cannot be understood is reported all at once;
/// `rules` as for [`Expectation::read`].
///
/// # Errors
/// A path does not exist, holds no scenario, or an `expected.yaml` is broken.
pub(crate) fn find(
    paths: &[PathBuf],
    rules: Option<&BTreeSet<&str>>,
) -> anyhow::Result<Vec<Scenario>> {
    let mut folders = BTreeSet::new();
    for path in paths {
        let before = folders.len();
        folders.extend(folders_under(path)?);
        if folders.len() == before {
            bail!("no folder with an {EXPECTED} in `{}`", path.display());
        }
    }
    let mut scenarios = Vec::new();
    let mut problems = Vec::new();
    for folder in folders {
        let read = Expectation::read(&folder.join(EXPECTED), rules);
        match read.and_then(|read| Ok((read, Golden::read(&folder)?))) {
            Ok((expectation, golden)) => scenarios.push(Scenario {
                golden,
                family: name_of(folder.parent()),
                name: name_of(Some(&folder)),
                lists: match rules {
                    Some(_) => Lists::AllKnown,
                    None => Lists::AsFarAsKnown,
                },
                allowlist: Some(folder.join(ALLOWLIST)).filter(|path| path.is_file()),
                folder,
                expectation,
            }),
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    if let Some(last) = problems.pop() {
        problems
            .iter()
            .for_each(|problem| say(&format!("error: {problem}")));
        bail!("{last}");
    }
    Ok(scenarios)
}

fn folders_under(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.exists() {
        bail!("{}", suggestion::missing(path));
    }
    let mut folders = Vec::new();
    let entries = WalkDir::new(path)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list `{}`", path.display()))?;
        if entry.file_name() == EXPECTED {
            folders.extend(entry.path().parent().map(Path::to_owned));
        }
    }
    Ok(folders)
}

fn name_of(path: Option<&Path>) -> String {
    let name = path.and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Scenario {
    /// Bytes of its files, as far as they are known.
    pub(crate) fn bytes(&self) -> u64 {
        let entries = WalkDir::new(&self.folder)
            .into_iter()
            .filter_map(Result::ok);
        let sizes = entries.filter_map(|entry| entry.metadata().ok());
        sizes.map(|meta| meta.len()).sum()
    }
}
