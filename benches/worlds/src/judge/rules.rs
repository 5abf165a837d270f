//! Rule files go in, an engine comes out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use detector_core::engine::Engine;
use detector_core::rule::{RuleFile, is_rule_file, list_files};
use detector_core::window::load_rules;

/// Compiles the rules under a folder, with the files that their lists name.
///
/// # Errors
/// The folder cannot be read, or a rule is broken.
pub fn engine(folder: &Path) -> anyhow::Result<Engine> {
    let mut paths = Vec::new();
    find(folder, &mut paths)
        .with_context(|| format!("cannot read rules in `{}`", folder.display()))?;
    paths.sort();
    let read = |path: &PathBuf| -> anyhow::Result<RuleFile> {
        Ok(RuleFile {
            path: path.display().to_string(),
            text: fs::read_to_string(path)
                .with_context(|| format!("cannot read `{}`", path.display()))?,
        })
    };
    let mut files: Vec<RuleFile> = paths.iter().map(read).collect::<anyhow::Result<_>>()?;
    let lists = list_files(&files);
    for list in lists.iter().map(PathBuf::from).filter(|list| list.exists()) {
        files.push(read(&list)?);
    }
    match load_rules(&files) {
        Ok(rules) => Ok(Engine::new(rules)),
        Err(problems) => bail!(
            "the rules are broken, `replay check` says all of it: {}",
            problems
                .first()
                .map(ToString::to_string)
                .unwrap_or_default()
        ),
    }
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path
            .file_name()
            .is_some_and(|name| is_rule_file(&name.to_string_lossy()))
        {
            found.push(path);
        }
    }
    Ok(())
}
