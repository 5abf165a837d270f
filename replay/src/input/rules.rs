//! Rule paths go in, the text of every rule file comes out, or the checked [`RuleSet`].

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use detector_core::places::Places;
use detector_core::rule::{
    DATABASE_BYTES_MAX, Database, LIST_FILE_BYTES_MAX, RuleFile, RuleProblem, RuleSet, Severity,
    is_database, is_rule_file, list_files, nearest,
};
use detector_core::window::{TYPES, load_rules};
use walkdir::{DirEntry, WalkDir};

use crate::input::{bounded, suggestion};
use crate::outcome::say;

/// The largest rule file that is read, in bytes.
const RULE_FILE_BYTES_MAX: u64 = 16 << 20;

/// Names standard input.
const STDIN: &str = "-";

/// Where rules are looked for unless the command line says otherwise.
const RULES_DEFAULT: &str = "rules/";

/// Lists that stand in for those of the rules, for the recording beside which they lie.
pub(crate) const ALLOWLIST: &str = "allowlist.yaml";

/// How far the name of rules may be from what was typed. Generous: only rule files and their folders are looked at.
const EDITS_MAX: usize = 2;

/// The most entries of a folder that are looked at.
const SIBLINGS_MAX: usize = 10_000;

/// What lies under some paths.
pub(crate) struct Read {
    /// Rule files, whether they could be read or not.
    pub(crate) found: usize,
    /// Those whose text could be read, if only in part, and after them the files in which their lists have their values.
    pub(crate) files: Vec<RuleFile>,
    /// What says where addresses are.
    pub(crate) databases: Vec<Database>,
    /// What is wrong with the others.
    pub(crate) problems: Vec<RuleProblem>,
}

/// Loads the rules under `paths`. `None` where a rule file is broken: every problem has then been printed.
pub(crate) fn load(paths: &[PathBuf]) -> anyhow::Result<Option<RuleSet>> {
    let Read {
        files,
        databases,
        mut problems,
        ..
    } = read(paths, "give --rules PATH")?;
    let loaded = load_rules(&files).map_err(|refused| problems.extend(refused));
    if let (Ok(rules), true) = (loaded, problems.is_empty()) {
        if !rules.detections.is_empty() {
            without_places(&rules, &databases)
                .iter()
                .for_each(|line| say(line));
            return Ok(Some(RuleSet { databases, ..rules }));
        }
        say("error: the rule files hold no detection rule; nothing was read");
        return Ok(None);
    }
    problems.sort();
    for problem in &problems {
        say(&problem.to_string());
    }
    say("error: the rules are broken; nothing was read");
    Ok(None)
}

/// Says which rules ask where addresses are, while nothing says so.
pub(crate) fn without_places(rules: &RuleSet, databases: &[Database]) -> Option<String> {
    let asking = rules.asking_for_places();
    (databases.is_empty() && !asking.is_empty()).then(|| {
        format!(
            "warning: no database says where addresses are, so these rules miss what they ask of that: {}; put an .mmdb file beside the rules, or give it by --rules",
            asking.join(", ")
        )
    })
}

/// Whether the rules must have every list for which a file has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    AllKnown,
    AsFarAsKnown,
}

/// The same with the lists of one more file, `allowlist`, in place of those of the same name.
pub(crate) fn load_with_lists(
    paths: &[PathBuf],
    (allowlist, lists): (&Path, Lists),
) -> anyhow::Result<Option<RuleSet>> {
    let Some(mut rules) = load(paths)? else {
        return Ok(None);
    };
    let Read {
        files,
        mut problems,
        ..
    } = read(&[allowlist.to_owned()], "")?;
    for file in &files {
        let stood_in = match lists {
            Lists::AllKnown => rules.stand_in(file, TYPES),
            Lists::AsFarAsKnown => rules.stand_in_where_known(file, TYPES),
        };
        problems.extend(stood_in.err().into_iter().flatten());
    }
    problems
        .iter()
        .for_each(|problem| say(&problem.to_string()));
    Ok(problems.is_empty().then_some(rules))
}

/// Reads every rule file under `paths` once, in the order of the paths. `advice` says how to name other paths.
///
/// `-` is standard input. A file is read whatever its name; in a folder, at any depth, `.yml` and `.yaml` files are,
/// hidden ones excepted. A file that cannot be read is one problem among others, so that it hides none of them.
pub(crate) fn read(paths: &[PathBuf], advice: &str) -> anyhow::Result<Read> {
    let mut read = Read {
        found: 0,
        files: Vec::new(),
        databases: Vec::new(),
        problems: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for path in paths {
        if path == Path::new(STDIN) {
            read.stdin()?;
            continue;
        }
        for file in expand(path, advice)? {
            let identity = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if !seen.insert(identity) {
                continue;
            }
            if is_places(&file) {
                read.database(&file);
            } else {
                read.found += 1;
                read.file(&file, RULE_FILE_BYTES_MAX);
            }
        }
    }
    // One that is not there is told of where it is named.
    for list in list_files(&read.files).iter().map(Path::new) {
        if list.exists() {
            read.file(list, LIST_FILE_BYTES_MAX as u64);
        }
    }
    Ok(read)
}

impl Read {
    fn file(&mut self, path: &Path, bytes_max: u64) {
        let shown = path.display().to_string();
        match bounded::read(path, bytes_max, "the rules") {
            Ok(bytes) => self.text(shown, bytes, bytes_max),
            Err(error) => {
                let message = format!("the file cannot be read: {error}");
                self.problem(shown, 1, message);
            }
        }
    }

    fn database(&mut self, path: &Path) {
        let shown = path.display().to_string();
        let most = DATABASE_BYTES_MAX as u64;
        match bounded::read(path, most, "the rules") {
            Ok(bytes) if bytes.len() as u64 > most => {
                self.problem(shown, 1, format!("the file has more than {most} bytes"));
            }
            Ok(bytes) => {
                let database = Database {
                    path: shown.clone(),
                    bytes: bytes.into(),
                };
                match Places::read(std::slice::from_ref(&database)) {
                    Ok(_) => self.databases.push(database),
                    Err(message) => {
                        let message = message
                            .strip_prefix(&format!("{shown}: "))
                            .unwrap_or(&message)
                            .to_owned();
                        self.problem(shown, 1, message);
                    }
                }
            }
            Err(error) => self.problem(shown, 1, format!("the file cannot be read: {error}")),
        }
    }

    fn stdin(&mut self) -> anyhow::Result<()> {
        self.found += 1;
        let mut bytes = Vec::new();
        let mut bounded = io::stdin().lock().take(RULE_FILE_BYTES_MAX + 1);
        bounded
            .read_to_end(&mut bytes)
            .context("rules: standard input cannot be read")?;
        self.text(STDIN.into(), bytes, RULE_FILE_BYTES_MAX);
        Ok(())
    }

    /// Takes the bytes of a file as its text, as far as they are; one more than the most are given where there are more.
    fn text(&mut self, shown: String, bytes: Vec<u8>, bytes_max: u64) {
        if bytes.len() as u64 > bytes_max {
            let message = format!("the file has more than {bytes_max} bytes");
            return self.problem(shown, 1, message);
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            let sound = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let line = 1 + bytes.iter().take(sound).filter(|b| **b == b'\n').count();
            self.problem(
                shown.clone(),
                u32::try_from(line).unwrap_or(u32::MAX),
                "the file is not UTF-8 text from here on, save it as UTF-8".to_owned(),
            );
            // UTF-16 is known by its first bytes; read as UTF-8 it would only give nonsense.
            if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                return String::new();
            }
            // The rules before and after are read all the same, so that references to them are found.
            String::from_utf8_lossy(&bytes).into_owned()
        });
        if !(text.is_empty() && self.problems.iter().any(|p| p.path == shown)) {
            self.files.push(RuleFile { path: shown, text });
        }
    }

    fn problem(&mut self, path: String, line: u32, message: String) {
        self.problems.push(RuleProblem {
            path,
            line,
            column: None,
            severity: Severity::Error,
            message,
        });
    }
}

/// Says that there are no rules at `path`, and where there may be some.
fn missing(path: &Path, advice: &str) -> String {
    let looser = || {
        let wrong = path.file_name()?.to_str()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let listed = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let mut names: Vec<String> = fs::read_dir(listed)
            .ok()?
            .take(SIBLINGS_MAX)
            .filter_map(|entry| entry.ok())
            .filter(|entry| holds_rules(&entry.path()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        let edits_max = |name: &str| EDITS_MAX.min(name.len() / 2);
        let name = nearest(wrong, names.iter().map(String::as_str), edits_max)?;
        let meant = folder.join(name);
        let slash = if meant.is_dir() { "/" } else { "" };
        Some(format!("{}{slash}", meant.display()))
    };
    match looser() {
        Some(meant) => format!(
            "no such file or folder `{}`; did you mean `{meant}`?",
            path.display()
        ),
        None if path == Path::new(RULES_DEFAULT) => {
            format!("no folder `{RULES_DEFAULT}` here, {advice}")
        }
        None => suggestion::missing(path),
    }
}

/// Whether a path is a rule file, or a folder with one right in it.
fn holds_rules(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return is_rules(path);
    };
    let mut entries = entries.take(SIBLINGS_MAX).filter_map(|entry| entry.ok());
    entries.any(|entry| is_rules(&entry.path()))
}

fn expand(path: &Path, advice: &str) -> anyhow::Result<Vec<PathBuf>> {
    if !path.exists() {
        bail!("rules: {}", missing(path, advice));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in entries {
        let entry = entry.with_context(|| format!("rules: cannot list `{}`", path.display()))?;
        let is_read = is_rules(entry.path()) || is_places(entry.path());
        if entry.file_type().is_file() && is_read {
            files.push(entry.into_path());
        }
    }
    if !files.iter().any(|path| is_rules(path)) {
        bail!("rules: no .yml or .yaml file in `{}`", path.display());
    }
    Ok(files)
}

fn is_rules(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    is_rule_file(&name.to_string_lossy())
}

fn is_places(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    is_database(&name.to_string_lossy())
}

pub(crate) fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}
