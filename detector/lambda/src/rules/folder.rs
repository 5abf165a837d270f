//! Rule files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use detector_core::rule::{self, Database, RuleFile};

/// Why rule files cannot be had. Lowercase, no final stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct NoRules {
    pub path: String,
    pub why: String,
}

/// The `.yml` and `.yaml` files in `folder`, at any depth, in the order of their paths, and after them those in which
/// their lists have their values; hidden ones are left out.
///
/// # Errors
/// Everything that cannot be read.
pub fn read(folder: &Path) -> Result<Vec<RuleFile>, Vec<NoRules>> {
    let mut problems = Vec::new();
    let mut paths = Vec::new();
    list(folder, &is_rule_file, &mut paths, &mut problems);
    paths.sort();
    let mut files = Vec::new();
    let mut take = |path: &Path, files: &mut Vec<RuleFile>| {
        let shown = path.display().to_string();
        match fs::read(path).map(|bytes| text_of(&shown, bytes)) {
            Ok(Ok(text)) => files.push(RuleFile { path: shown, text }),
            Ok(Err(problem)) => problems.push(problem),
            Err(error) => problems.push(no_rules(path, error)),
        }
    };
    for path in paths {
        take(&path, &mut files);
    }
    // One that is not there is told of where it is named.
    for list in rule::list_files(&files).iter().map(Path::new) {
        if list.exists() {
            take(list, &mut files);
        }
    }
    if files.is_empty() && problems.is_empty() {
        let why = "there is no .yml or .yaml file in it: put the rules there, or set RULES";
        problems.push(no_rules(folder, why));
    }
    match problems.is_empty() {
        true => Ok(files),
        false => Err(problems),
    }
}

/// The databases of places in `folder`, at any depth, in the order of their paths.
///
/// # Errors
/// Everything that cannot be read.
pub fn databases(folder: &Path) -> Result<Vec<Database>, Vec<NoRules>> {
    let mut problems = Vec::new();
    let mut paths = Vec::new();
    list(folder, &is_database_file, &mut paths, &mut problems);
    paths.sort();
    let mut databases = Vec::new();
    for path in paths {
        match fs::read(&path) {
            Ok(bytes) => databases.push(Database {
                path: path.display().to_string(),
                bytes: bytes.into(),
            }),
            Err(error) => problems.push(no_rules(&path, error)),
        }
    }
    match problems.is_empty() {
        true => Ok(databases),
        false => Err(problems),
    }
}

/// The text of a rule file.
pub(super) fn text_of(path: &str, bytes: Vec<u8>) -> Result<String, NoRules> {
    String::from_utf8(bytes).map_err(|error| {
        let sound = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..sound].iter().filter(|b| **b == b'\n');
        NoRules {
            path: format!("{path}:{}", lines.count() + 1),
            why: "the file is not UTF-8 text from here on, save it as UTF-8".to_owned(),
        }
    })
}

/// Whether it is the name of a database of places.
pub(super) fn is_database_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !name.starts_with('.') && rule::is_database(name)
}

/// Whether it is the name of a file that may hold the values of a list.
pub(super) fn is_list_file(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.ends_with(".txt") || lower.ends_with(".csv")
}

/// Whether it is the name of a rule file.
pub(super) fn is_rule_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !name.starts_with('.') && rule::is_rule_file(name)
}

fn list(
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
    problems: &mut Vec<NoRules>,
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return problems.push(no_rules(folder, error)),
    };
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => {
                problems.push(no_rules(folder, error));
                continue;
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            list(&path, wanted, found, problems);
        } else if wanted(&name) {
            found.push(path);
        }
    }
}

fn no_rules(path: &Path, why: impl ToString) -> NoRules {
    NoRules {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_files_are_found_at_any_depth_in_order() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("b.yml", b"b");
        write("a/c.YAML", b"c");
        write(".hidden/d.yml", b"d");
        write("a/.e.yml", b"e");
        write("notes.txt", b"f");
        write("a/expected.yaml", b"g");
        let files = read(root.path()).unwrap();
        let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["c", "b"]);

        write("a/l.txt", b"one");
        write("a/c.YAML", b"lists: {l: {file: l.txt}, m: {file: m.txt}}");
        let files = read(root.path()).unwrap();
        let last = files.last().unwrap();
        assert!(last.path.ends_with("a/l.txt") && last.text == "one");

        write("z.yml", b"one\ntwo\xff");
        let [problem] = &read(root.path()).unwrap_err()[..] else {
            panic!("one problem");
        };
        assert!(problem.path.ends_with("z.yml:2"), "{problem}");
    }

    #[test]
    fn no_folder_and_no_file_are_told_of() {
        let root = tempfile::tempdir().unwrap();
        let said = |path: &Path| read(path).unwrap_err()[0].to_string();
        assert!(said(root.path()).contains("no .yml"));
        assert!(said(&root.path().join("rulez")).contains("rulez: "));
    }
}
