//! What a mistyped path meant: the nearest name among those that stand where the path goes wrong.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Names less alike than this are not suggested.
const LIKENESS_MIN: f64 = 0.75;

/// The most entries of a folder that are looked at.
const SIBLINGS_MAX: usize = 10_000;

/// Says that `path` does not exist, and which existing path is nearest to it.
pub(crate) fn missing(path: &Path) -> String {
    let said = format!("no such file or folder `{}`", path.display());
    match nearest(path) {
        Some(meant) => format!("{said}; did you mean `{}`?", shown(&meant)),
        None => said,
    }
}

/// Puts the nearest sibling in place of the first component that does not exist.
fn nearest(path: &Path) -> Option<PathBuf> {
    let mut standing = PathBuf::new();
    let mut components = path.components();
    let wrong = loop {
        let component = components.next()?;
        if !standing.join(component).exists() {
            break component;
        }
        standing.push(component);
    };
    let Component::Normal(wrong) = wrong else {
        return None;
    };
    let meant = standing.join(nearest_name(&standing, &wrong.to_string_lossy())?);
    let rest = components.as_path();
    let whole = meant.join(rest);
    let whole_stands = !rest.as_os_str().is_empty() && whole.exists();
    Some(if whole_stands { whole } else { meant })
}

fn nearest_name(folder: &Path, wrong: &str) -> Option<String> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .take(SIBLINGS_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') || wrong.starts_with('.'))
        .collect();
    names.sort();
    let wrong = wrong.to_lowercase();
    names
        .into_iter()
        .map(|name| (likeness(&name.to_lowercase(), &wrong), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

/// 1 for equal names; a forgotten extension counts little.
fn likeness(name: &str, wrong: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(name, wrong);
    let stem = name.split('.').next().unwrap_or(name);
    whole.max(0.95 * strsim::normalized_damerau_levenshtein(stem, wrong))
}

fn shown(path: &Path) -> String {
    let slash = if path.is_dir() { "/" } else { "" };
    format!("{}{slash}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_component_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("fixtures/burst")).unwrap();
        fs::write(root.join("fixtures/burst/a.ndjson"), "").unwrap();
        let meant = |path: &str| nearest(&root.join(path));
        assert_eq!(meant("fixturs"), Some(root.join("fixtures")));
        assert_eq!(
            meant("fixturs/burst/a.ndjson"),
            Some(root.join("fixtures/burst/a.ndjson"))
        );
        assert_eq!(
            meant("fixtures/burst/a"),
            Some(root.join("fixtures/burst/a.ndjson"))
        );
        assert_eq!(meant("unlike"), None);
        let said = missing(&root.join("fixturs/"));
        assert!(said.ends_with("/fixtures/`?"), "{said}");
    }
}
