//! Which source file of a crate uses which, read from its `use` lines and qualified paths: files go in, arrows between
//! files come out. Names that are handed on (`pub use`) count for the file that defines them; `mod` lines and tests do
//! not count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use syn::ext::IdentExt;
use syn::visit::Visit;

/// The arrows of one crate: using file, used file, and a path that says so.
pub(crate) struct ImportGraph {
    arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, String>>,
}

type ModuleIx = usize;

#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<ModuleIx>,
    children: BTreeMap<String, ModuleIx>,
    /// What `use` lines bring in, by the name it has here.
    names: BTreeMap<String, Vec<String>>,
    /// Paths before `::*`.
    globs: Vec<Vec<String>>,
    /// Qualified paths in code.
    paths: BTreeSet<Vec<String>>,
    /// Items that are defined here.
    items: BTreeSet<String>,
}

impl ImportGraph {
    /// Reads the crate whose root is `root`: `src/lib.rs`, `src/main.rs`, or a test.
    pub(crate) fn of(root: &Path) -> Self {
        let mut modules = Modules::default();
        let folder = root.parent().expect("a file in a folder").to_owned();
        modules.read_file(root, &folder, None);
        Self {
            arrows: modules.arrows(),
        }
    }

    /// The same between rooms: the folders and files that stand directly in `top`.
    pub(crate) fn of_rooms(&self, top: &Path) -> Self {
        let room = |file: &Path| {
            let inner = file.strip_prefix(top).unwrap_or(file);
            let first = inner.iter().next().unwrap_or_default();
            Path::new(first).with_extension("")
        };
        let mut arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, String>> = BTreeMap::new();
        for (from, used) in &self.arrows {
            let to = arrows.entry(room(from)).or_default();
            for (file, path) in used {
                if room(file) != room(from) {
                    to.entry(room(file))
                        .or_insert_with(|| format!("{} {path}", from.display()));
                }
            }
        }
        Self { arrows }
    }

    pub(crate) fn files(&self) -> usize {
        self.arrows.len()
    }

    /// A shortest circle through each file that is on one, each circle once.
    pub(crate) fn circles(&self) -> Vec<Vec<&Path>> {
        let mut found: Vec<Vec<&Path>> = Vec::new();
        for start in self.arrows.keys() {
            if found.iter().any(|circle| circle.contains(&start.as_path())) {
                continue;
            }
            found.extend(self.shortest_circle(start));
        }
        found
    }

    /// What leads from one file to the next.
    pub(crate) fn path_between(&self, from: &Path, to: &Path) -> &str {
        &self.arrows[from][to]
    }

    fn shortest_circle<'g>(&'g self, start: &'g Path) -> Option<Vec<&'g Path>> {
        let mut came_from: BTreeMap<&Path, &Path> = BTreeMap::new();
        let mut waiting = VecDeque::from([start]);
        while let Some(file) = waiting.pop_front() {
            for next in self.arrows.get(file).into_iter().flat_map(|to| to.keys()) {
                if next == start {
                    let mut circle = vec![file];
                    while circle[circle.len() - 1] != start {
                        circle.push(came_from[circle[circle.len() - 1]]);
                    }
                    circle.reverse();
                    return Some(circle);
                }
                if !came_from.contains_key(next.as_path()) {
                    came_from.insert(next, file);
                    waiting.push_back(next);
                }
            }
        }
        None
    }
}

#[derive(Default)]
struct Modules(Vec<Module>);

impl Modules {
    /// `folder` holds the files of the module's children.
    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<ModuleIx>) -> ModuleIx {
        let text = fs::read_to_string(file).expect("a source file");
        let syntax =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.read_items(&syntax.items, file, folder, parent)
    }

    fn read_items(
        &mut self,
        items: &[syn::Item],
        file: &Path,
        folder: &Path,
        parent: Option<ModuleIx>,
    ) -> ModuleIx {
        let own = self.0.len();
        let mut reader = Reader::default();
        for item in items {
            if !is_test(attributes(item)) {
                reader.visit_item(item);
                reader.module.items.extend(name_of(item));
            }
        }
        reader.module.file = file.to_owned();
        reader.module.parent = parent;
        self.0.push(reader.module);
        for item in items {
            let syn::Item::Mod(module) = item else {
                continue;
            };
            if is_test(&module.attrs) {
                continue;
            }
            let name = module.ident.unraw().to_string();
            let folder = folder.join(&name);
            let child = match &module.content {
                Some((_, items)) => self.read_items(items, file, &folder, Some(own)),
                None => {
                    let (file, folder) = place_of(module, file, folder);
                    self.read_file(&file, &folder, Some(own))
                }
            };
            self.0[own].children.insert(name, child);
        }
        own
    }

    fn arrows(&self) -> BTreeMap<PathBuf, BTreeMap<PathBuf, String>> {
        let mut arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, String>> = BTreeMap::new();
        for (ix, module) in self.0.iter().enumerate() {
            let to = arrows.entry(module.file.clone()).or_default();
            let paths = module.names.values().chain(&module.globs);
            for path in paths.chain(&module.paths) {
                if let Some(used) = self.file_of(ix, path, 0)
                    && *used != module.file
                {
                    to.entry(used.clone()).or_insert_with(|| path.join("::"));
                }
            }
        }
        arrows
    }

    /// The file that defines what `path` says in the module `from`; none where that is another crate's.
    fn file_of(&self, from: ModuleIx, path: &[String], depth: usize) -> Option<&PathBuf> {
        // A name that stands for itself leads nowhere.
        if depth > 20 {
            return None;
        }
        let mut at = from;
        let mut rest = path;
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" => at = 0,
                "self" => {}
                "super" => at = self.0[at].parent?,
                _ => break,
            }
            rest = &rest[1..];
        }
        while let Some(first) = rest.first() {
            let module = &self.0[at];
            if let Some(child) = module.children.get(first) {
                at = *child;
                rest = &rest[1..];
                continue;
            }
            if module.items.contains(first) {
                return Some(&module.file);
            }
            if let Some(path) = module.names.get(first).filter(|names| **names != rest) {
                let whole: Vec<String> = path.iter().chain(&rest[1..]).cloned().collect();
                return self.file_of(at, &whole, depth + 1);
            }
            let by_glob = module
                .globs
                .iter()
                .filter_map(|glob| {
                    let whole: Vec<String> = glob.iter().chain(rest).cloned().collect();
                    self.file_of(at, &whole, depth + 1)
                })
                .next();
            // An item of a macro, or a name of another crate.
            return by_glob;
        }
        Some(&self.0[at].file)
    }
}

/// The file of a module that is declared in `parent`, and the folder of its own modules.
fn place_of(module: &syn::ItemMod, parent: &Path, folder: PathBuf) -> (PathBuf, PathBuf) {
    let said = module.attrs.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(path),
                ..
            }) if pair.path.is_ident("path") => Some(path.value()),
            _ => None,
        }
    });
    if let Some(path) = said {
        let file = parent.parent().expect("a file in a folder").join(path);
        let folder = match file.ends_with("mod.rs") {
            true => file.parent().expect("a file in a folder").to_owned(),
            false => file.with_extension(""),
        };
        return (file, folder);
    }
    let beside = folder.with_extension("rs");
    match beside.exists() {
        true => (beside, folder),
        false => (folder.join("mod.rs"), folder),
    }
}

/// Collects what one module says, nested modules apart.
#[derive(Default)]
struct Reader {
    module: Module,
}

impl Reader {
    fn read_tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.unraw().to_string());
                self.read_tree(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.unraw().to_string();
                if name == "self" {
                    let last = before.last().expect("`self` stands in braces").clone();
                    self.module.names.insert(last, before.clone());
                } else {
                    let path = before.iter().cloned().chain([name.clone()]).collect();
                    self.module.names.insert(name, path);
                }
            }
            syn::UseTree::Rename(rename) => {
                let path = before
                    .iter()
                    .cloned()
                    .chain([rename.ident.unraw().to_string()]);
                self.module
                    .names
                    .insert(rename.rename.unraw().to_string(), path.collect());
            }
            syn::UseTree::Glob(_) => self.module.globs.push(before.clone()),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_tree(tree, before);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) && !matches!(item, syn::Item::Mod(_)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            syn::visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.read_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            let segments = path
                .segments
                .iter()
                .map(|segment| segment.ident.unraw().to_string());
            self.module.paths.insert(segments.collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|condition| condition == "test")
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}
