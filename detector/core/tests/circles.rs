//! No two files of a crate import each other, not even by way of others; nor do two rooms, the folders and files that
//! stand directly in `src`. So each can be read, tested and moved with what stands below it alone. Between crates, Cargo
//! sees to that.

mod import_graph;

use std::fs;
use std::path::{Path, PathBuf};

use import_graph::ImportGraph;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace's folder")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new(); // there need not be one
    };
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect();
    files.sort();
    files
}

/// The folders of our packages.
fn packages() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("detector")).expect("the detector's crates");
    let mut packages: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    packages.extend(["replay", "benches", "benches/worlds"].map(|name| root().join(name)));
    packages.sort();
    packages
}

/// The circles of a graph, one a line, each arrow with the path that draws it.
fn told(graph: &ImportGraph) -> Vec<String> {
    let circles = graph.circles();
    let told = circles.iter().map(|circle| {
        let next = circle.iter().cycle().skip(1);
        let arrows = circle.iter().zip(next).map(|(from, to)| {
            let name = from.strip_prefix(root()).unwrap_or(from);
            format!("{} uses `{}`", name.display(), graph.path_between(from, to))
        });
        arrows.collect::<Vec<_>>().join(", ")
    });
    told.collect()
}

#[test]
fn no_files_or_rooms_import_each_other() {
    let mut circles = Vec::new();
    let mut files = 0;
    for package in packages() {
        for root in rust_files(&package.join("src")) {
            if !root.ends_with("lib.rs") && !root.ends_with("main.rs") {
                continue;
            }
            let graph = ImportGraph::of(&root);
            files += graph.files();
            circles.extend(told(&graph));
            circles.extend(told(&graph.of_rooms(&package.join("src"))));
        }
        // Each of these is a crate of its own.
        for folder in ["src/bin", "tests", "."] {
            for root in rust_files(&package.join(folder)) {
                circles.extend(told(&ImportGraph::of(&root)));
            }
        }
    }
    assert!(files > 200, "only {files} files were read");
    assert!(circles.is_empty(), "{circles:#?}");
}

/// Writes the files of a crate, and tells its circles by file name.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("circles-{}", files.len()));
    let _ = fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder that can be made");
        fs::write(path, text).expect("a file that can be written");
    }
    let graph = ImportGraph::of(&folder.join("lib.rs"));
    let rooms = graph.of_rooms(&folder);
    let circles = told(&graph).into_iter().chain(told(&rooms));
    // Files of the repository are told by their path within it, and the folder of builds may be there.
    let shown = folder.strip_prefix(root()).unwrap_or(&folder);
    circles
        .map(|circle| circle.replace(&format!("{}/", shown.display()), ""))
        .collect()
}

#[test]
fn circles_are_found_by_whatever_path() {
    // A name that is handed on leads to the file that defines it.
    let handed_on = [
        ("lib.rs", "mod a;\nmod b;\npub use b::B;\n"),
        ("a.rs", "use crate::B;\npub struct A(B);\n"),
        ("b.rs", "pub struct B;\nfn f() -> super::a::A { todo!() }\n"),
    ];
    let found = circles_of(&handed_on);
    assert_eq!(found[0], "a.rs uses `crate::B`, b.rs uses `super::a::A`");
    // Files that do not import each other, in folders that do.
    let rooms = [
        ("lib.rs", "mod x;\nmod y;\n"),
        ("x/mod.rs", "pub mod high;\npub mod low;\n"),
        ("x/high.rs", "use crate::y::middle::*;\n"),
        ("x/low.rs", "pub struct Low;\n"),
        ("y/mod.rs", "pub mod middle;\n"),
        ("y/middle.rs", "pub fn f(_: crate::x::low::Low) {}\n"),
    ];
    let found = circles_of(&rooms);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("x/high.rs crate::y::middle"), "{found:?}");
}

#[test]
fn tests_and_declarations_draw_no_arrow() {
    let files = [
        ("lib.rs", "mod a;\nfn f() { a::f() }\n"),
        (
            "a.rs",
            "pub fn f() {}\n#[cfg(test)]\nmod tests { use super::*; use crate::f; }\n",
        ),
        ("b.rs", ""),
        ("c.rs", ""),
    ];
    assert_eq!(circles_of(&files), Vec::<String>::new());
}
