//! Tells the program which commit it is built from: of the checkout, of the archive that `git archive` made, or of
//! neither. Of a checkout it also says whether what the program is made of has been changed since.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What the program is made of, from the root of the workspace.
const MADE_OF: [&str; 6] = [
    ":/Cargo.toml",
    ":/Cargo.lock",
    ":/rust-toolchain.toml",
    ":/replay/src",
    ":(top,glob)detector/*/src/**",
    ":(top,glob)*/**/Cargo.toml",
];

/// `git archive` writes the commit into it (.gitattributes).
const OF_ARCHIVE: &str = "commit";

/// Hexadecimal digits of a commit that are shown.
const DIGITS: usize = 12;

fn main() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={OF_ARCHIVE}");
    let version = env!("CARGO_PKG_VERSION");
    let version = match checkout(package).or_else(|| archive(package)) {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    };
    println!("cargo::rustc-env=VEDETTE_VERSION={version}");
}

/// The commit that is checked out, where this workspace is a repository and no folder in another one.
fn checkout(package: &Path) -> Option<String> {
    let root = git(package, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&root).canonicalize().ok()? != package.parent()?.canonicalize().ok()? {
        return None;
    }
    let commit = git(package, &["rev-parse", "HEAD"])?;
    let mut status = vec!["status", "--porcelain", "--"];
    status.extend(MADE_OF);
    let is_changed = !git(package, &status)?.is_empty();
    watch(package);
    let commit = &commit[..DIGITS.min(commit.len())];
    Some(match is_changed {
        true => format!("{commit}, changed"),
        false => commit.to_owned(),
    })
}

/// Runs again after a commit and a change of what the program is made of, which are built anew then in any case.
fn watch(package: &Path) {
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(package, &["rev-parse", "--git-path", name]);
        // One that is not there would be taken for changed each time.
        if let Some(path) = path
            .map(|path| package.join(path))
            .filter(|path| path.exists())
        {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let workspace = package.join("..");
    for name in [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "replay/src",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(name).display());
    }
    for entry in fs::read_dir(workspace.join("detector"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let source = entry.path().join("src");
        if source.exists() {
            println!("cargo::rerun-if-changed={}", source.display());
        }
    }
}

/// The commit that `git archive` has written down.
fn archive(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join(OF_ARCHIVE)).ok()?;
    let is_commit =
        |text: &&str| text.len() >= DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(text.trim())
        .filter(is_commit)
        .map(|commit| commit[..DIGITS].to_owned())
}

/// What git prints, without the last line's end. It writes nothing, so that builds may run side by side.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let command = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output();
    let output = command.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}
