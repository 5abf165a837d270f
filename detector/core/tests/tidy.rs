//! The house rules that a program can check: sizes of files, functions and folders, and what the layers may depend on.
//! Which files may import which: `circles.rs`. What the documents say: `documents.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Files and functions (`file::function`) that may be longer, and how long. This list may only shrink.
const EXCEPTIONS: &[(&str, usize)] = &[];

/// No async runtime, AWS SDK or network client may reach the core, not even through another crate.
const FORBIDDEN_IN_CORE: &[&str] = &["tokio", "async-std", "smol", "hyper", "reqwest"];
const FORBIDDEN_PREFIXES_IN_CORE: &[&str] = &["aws-", "aws_", "lambda_", "tokio-"];

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace's folder")
}

/// All files under `folder` with that extension, but for build output and hidden folders.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder that can be listed") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
}

/// Our Rust files but for tests, by their path from the root.
fn sources() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for folder in ["detector", "replay", "benches"] {
        files(&root().join(folder), "rs", &mut paths);
    }
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).expect("a path under the root");
            let name = name.to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).expect("a source file"))
        })
        .filter(|(name, _)| !name.contains("/tests/") && !name.ends_with("/tests.rs"))
        .collect()
}

/// The lines before the unit tests at the foot of the file.
fn without_tests(text: &str) -> Vec<&str> {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .collect()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Name and length of every function, read from `rustfmt`'s layout: the body ends with a brace in the column of its
/// signature.
fn functions(lines: &[&str]) -> Vec<(String, usize)> {
    const BEFORE_FN: [&str; 7] = [
        "pub ",
        "pub(crate) ",
        "pub(super) ",
        "const ",
        "async ",
        "unsafe ",
        "extern \"C\" ",
    ];
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut signature = line.trim_start();
        while let Some(rest) = BEFORE_FN
            .iter()
            .find_map(|word| signature.strip_prefix(word))
        {
            signature = rest;
        }
        let Some(signature) = signature.strip_prefix("fn ") else {
            continue;
        };
        let body = lines[at..]
            .iter()
            .position(|line| line.ends_with('{') || line.ends_with('}') || line.ends_with(';'));
        let Some(body) = body.filter(|&body| lines[at + body].ends_with('{')) else {
            continue; // a declaration or a body on one line
        };
        let closing = format!("{}}}", " ".repeat(indentation(line)));
        let length = lines[at + body..]
            .iter()
            .position(|line| *line == closing)
            .map_or(1, |end| body + end + 1);
        let name = signature.split(['(', '<']).next().unwrap_or(signature);
        found.push((name.to_owned(), length));
    }
    found
}

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (name, text) in sources() {
        let lines = without_tests(&text);
        if lines.len() > FILE_LINES_MAX {
            long.push((name.clone(), lines.len()));
        }
        for (function, length) in functions(&lines) {
            if length > FUNCTION_LINES_MAX {
                long.push((format!("{name}::{function}"), length));
            }
        }
    }
    let excepted = |name: &str| EXCEPTIONS.iter().find(|(known, _)| *known == name);
    let too_long: Vec<_> = long
        .iter()
        .filter(|(name, length)| excepted(name).is_none_or(|(_, allowed)| length > allowed))
        .collect();
    assert!(too_long.is_empty(), "split by concept: {too_long:?}");
    let outlived: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|(known, _)| !long.iter().any(|(name, _)| name == known))
        .collect();
    assert!(outlived.is_empty(), "no longer needed: {outlived:?}");
}

#[test]
fn lengths_of_functions_are_measured() {
    let text = "pub fn one(\n    a: u8,\n) -> u8 {\n    a\n}\n\nimpl T {\n    fn two() {\n        x();\n    }\n    fn three();\n}";
    let lines: Vec<&str> = text.lines().collect();
    let expected = [("one".to_owned(), 5), ("two".to_owned(), 3)];
    assert_eq!(functions(&lines), expected);
}

#[test]
fn core_has_no_async_runtime_or_aws_sdk_in_its_tree() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "detector-core", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let tree = String::from_utf8(output.stdout).expect("UTF-8 from cargo");
    let crates: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    for layer in LAYERS {
        let name = format!("detector-{layer}");
        assert!(crates.contains(&&*name), "no {name} in the tree: {tree}");
    }
    let forbidden: Vec<_> = crates
        .iter()
        .filter(|name| {
            FORBIDDEN_IN_CORE.contains(name)
                || FORBIDDEN_PREFIXES_IN_CORE
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        })
        .collect();
    assert!(forbidden.is_empty(), "in the core's tree: {forbidden:?}");
}

/// The crates below the shells, in the order in which a record meets them: each depends on those before it alone.
const LAYERS: [&str; 9] = [
    "event", "decode", "rule", "matching", "window", "incident", "store", "alert", "core",
];

/// The crates of ours that a manifest names.
fn ours(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines();
    lines
        .filter_map(|line| line.strip_prefix("detector-")?.split('.').next())
        .collect()
}

#[test]
fn layers_depend_upwards_only_and_are_guarded() {
    let folders = fs::read_dir(root().join("detector")).expect("the detector's crates");
    let mut found: Vec<String> = folders
        .map(|entry| entry.expect("a crate").file_name().to_string_lossy().into())
        // The shell, and what is no part of the workspace.
        .filter(|name| name != "lambda" && name != "fuzz")
        .collect();
    found.sort();
    let mut known = LAYERS.to_vec();
    known.sort_unstable();
    assert_eq!(found, known, "a crate that is no layer, or none");
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace");
    for (at, layer) in LAYERS.iter().enumerate() {
        let folder = root().join("detector").join(layer);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let downwards: Vec<&str> = ours(&manifest)
            .into_iter()
            .filter(|used| !LAYERS[..at].contains(used))
            .collect();
        assert!(downwards.is_empty(), "{layer} depends on {downwards:?}");
        let lib = fs::read_to_string(folder.join("src/lib.rs")).expect("lib.rs");
        let lint = "#![warn(clippy::disallowed_methods)]";
        assert!(lib.contains(lint), "{layer} may read clocks and files");
        let profile = format!("[profile.dev.package.detector-{layer}]\nopt-level = 1\n");
        assert!(workspace.contains(&profile), "no {profile}");
        assert!(folder.join("README.md").exists(), "{layer} has no README");
    }
}

/// In a folder with more, nothing is found by looking.
const FOLDER_FILES_MAX: usize = 15;

#[test]
fn folders_are_small() {
    let mut paths = Vec::new();
    for folder in ["detector", "replay", "benches"] {
        files(&root().join(folder), "rs", &mut paths);
    }
    let mut sizes: BTreeMap<&Path, usize> = BTreeMap::new();
    for path in &paths {
        *sizes.entry(path.parent().expect("a folder")).or_default() += 1;
    }
    sizes.retain(|_, files| *files > FOLDER_FILES_MAX);
    assert!(sizes.is_empty(), "make rooms: {sizes:?}");
}
