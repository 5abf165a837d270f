//! What the documents show is so: the e-mail in the README is the one that a recording raises, commands name what
//! exists, links and their anchors lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use detector_core::alert::message::{Message, Place};
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::rule::RuleFile;
use detector_core::store::drive::drive;
use detector_core::store::{Announcement, Batch, Deltas, MemoryStore, Plan};
use detector_core::window::load_rules;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace's folder")
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files under `folder` with that extension, but for build output and hidden folders.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder that can be listed") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The insides of the document's blocks of that kind.
fn blocks<'d>(document: &'d str, kind: &str) -> Vec<&'d str> {
    let fence = format!("```{kind}\n");
    let blocks = document.split(&*fence).skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap_or(block))
        .collect()
}

struct Nobody;
impl Observer for Nobody {}

/// After the recordings, in milliseconds.
const LATEST_MS: i64 = 1_800_000_000_000;

/// The e-mails, subject first, that the service sends when that recording reaches it in one batch.
fn emails(recording: &Path) -> Vec<String> {
    let rules = ["yml", "yaml"].map(|extension| files(&root().join("rules"), extension));
    let rules: Vec<RuleFile> = rules
        .into_iter()
        .flatten()
        .map(|path| RuleFile {
            text: text_of(&path),
            path: path.to_string_lossy().into(),
        })
        .collect();
    let engine = Engine::new(load_rules(&rules).expect("the rules that ship"));
    let mut worker = engine.worker(Mode::Set);
    for path in files(recording, "gz") {
        let bytes = fs::read(&path).expect("a file of the recording");
        worker.record(&bytes, None, &mut Nobody);
    }
    let mut deltas = Deltas::default();
    worker.drain_state(&mut |rule, group, state| deltas.add((rule, group), state, 0, LATEST_MS));
    let plan = Plan::new(engine.rules(), engine.store_times());
    let mut told = Vec::new();
    let mut publish = |announcement: &Announcement| {
        let rules = (engine.rules(), engine.linking());
        let message = Message::of_announcement(rules, announcement, Place::default());
        let (subject, email) = (message.headline(), message.email());
        told.push(format!("Subject: {subject}\n\n{email}"));
        true
    };
    let batch = Batch::of_records(&plan, deltas, None);
    let report = drive(batch, &MemoryStore::default(), &mut publish);
    assert!(report.is_complete(), "{report:?}");
    told
}

/// Whether `shown` is `whole`, but for lines that a `…` stands for.
fn is_shown(shown: &[&str], whole: &[&str]) -> bool {
    match (shown.split_first(), whole.split_first()) {
        (None, None) => true,
        (Some((&"…", shown)), _) => (0..=whole.len()).any(|at| is_shown(shown, &whole[at..])),
        (Some((line, shown)), Some((other, whole))) => line == other && is_shown(shown, whole),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[test]
fn the_email_of_the_readme_is_what_its_recording_raises() {
    let recording = "fixtures/cross_owner_access/attack";
    let readme = text_of(&root().join("README.md"));
    assert!(readme.contains(&format!("({recording})")), "another one");
    let shown = blocks(&readme, "text").into_iter();
    let shown: Vec<&str> = shown.filter(|text| text.starts_with("Subject: ")).collect();
    let [shown] = shown[..] else {
        panic!("{} e-mails in the README", shown.len())
    };
    let shown: Vec<&str> = shown.lines().collect();
    let mails = emails(&root().join(recording));
    let is_sent = |mail: &String| is_shown(&shown, &mail.lines().collect::<Vec<_>>());
    assert!(
        mails.iter().any(is_sent),
        "the README must have one of these:\n{}",
        mails.join("\n")
    );
}

/// The commands of the document's `sh` blocks.
fn commands(document: &str) -> Vec<String> {
    let lines = blocks(document, "sh").into_iter().flat_map(str::lines);
    lines
        .map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned())
        .filter(|command| !command.is_empty() && !command.starts_with('#'))
        .collect()
}

#[test]
fn commands_name_what_exists() {
    let wanted = [
        "cargo run --profile trial -p replay -- run fixtures/",
        ".ci/test",
    ];
    let readme = commands(&text_of(&root().join("README.md")));
    for wanted in wanted {
        assert!(readme.contains(&wanted.to_owned()), "no `{wanted}`");
    }
    // Documents whose commands are given at the root of the repository.
    for document in ["README.md", "rules/README.md", "replay/README.md"] {
        let commands = commands(&text_of(&root().join(document)));
        assert!(!commands.is_empty(), "{document} has no commands");
        for command in &commands {
            for word in command.split_whitespace() {
                let ours = ["fixtures/", "rules/", ".ci/", "benches/", "infra/"];
                if ours.iter().any(|start| word.starts_with(start)) {
                    assert!(
                        root().join(word).exists(),
                        "{document}, `{command}`: {word}"
                    );
                }
            }
        }
    }
}

/// The document's lines that are not in blocks of code.
fn prose(document: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    document.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// What links to the document's headings name after `#`, as GitHub makes it.
fn anchors(document: &str) -> BTreeSet<String> {
    let headings = prose(document).filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                '-' | '_' => Some(c),
                _ => c.is_alphanumeric().then_some(c),
            });
            kept.collect()
        })
        .collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut links = 0;
    for path in files(&root(), "md") {
        let document = text_of(&path);
        // A link's text may go over the end of a line; what it leads to does not.
        let prose = prose(&document).collect::<Vec<_>>().join("\n");
        for link in prose.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or(link);
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().expect("a folder").join(file),
            };
            assert!(target.exists(), "{}: no {link}", path.display());
            if !anchor.is_empty() {
                let known = anchors(&text_of(&target));
                assert!(known.contains(anchor), "{}: no {link}", path.display());
            }
            links += 1;
        }
    }
    assert!(links > 50, "{links} links");
}

/// A page, in lines; the README stays below.
const PAGE_LINES: usize = 200;

#[test]
fn the_readme_is_one_page() {
    let lines = text_of(&root().join("README.md")).lines().count();
    assert!(
        lines < PAGE_LINES,
        "{lines} lines: what is used elsewhere goes there"
    );
}

#[test]
fn each_crate_says_what_goes_in_what_comes_out_and_what_it_never_does() {
    let mut crates = 0;
    for manifest in files(&root().join("detector"), "toml") {
        let folder = manifest.parent().expect("a crate's folder");
        if !manifest.ends_with("Cargo.toml") {
            continue;
        }
        let readme = text_of(&folder.join("README.md"));
        for begins in ["**In:** ", "**Out:** ", "**Never:** "] {
            let is_said = readme.lines().any(|line| line.starts_with(begins));
            assert!(is_said, "{}: no {begins}", folder.display());
        }
        crates += 1;
    }
    assert!(crates >= 9, "{crates} crates");
}
