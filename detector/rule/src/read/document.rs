//! One YAML document to one draft of a rule.
//!
//! Each document is read by itself, so that a broken one hides nothing of the others. A mistake that Vedette can
//! name better than the Sigma parser is named first; what parser and linter still find is added to lines of which
//! nothing has been said.

mod verdict; // what the Sigma parser and its linter say

use detector_event::field::FieldTable;

use crate::draft::{
    Attributes, BrokenDraft, DetectionDraft, Drafts, FilterDraft, RuleKind, Target,
};
use crate::model::log_source::SourceScope;
use crate::read::allowlist_reader::read_allowlist;
use crate::read::correlation::read_correlation;
use crate::read::detection::DetectionCompiler;
use crate::read::metadata::read_meta;
use crate::read::section_check::{check_section, check_top_level};
use crate::read::shared::{KEYS, Shared};
use crate::read::threats::{note_reference, read_threats};
use crate::yaml::documents::{DocumentText, may_be_key};
use crate::yaml::identity::Identity;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::{INPUTS_MAX, text_list};
use crate::yaml::yaml_tree::{self, Node};

use verdict::parsed;

/// Reads one document into `drafts`; what is wrong with it goes to `out`.
pub(crate) fn read_document(
    document: &DocumentText<'_>,
    reading: &mut (FieldTable, Shared),
    drafts: &mut Drafts,
    out: &mut Reporter<'_>,
) {
    let root = match yaml_tree::parse(document.text, document.first_line) {
        Ok(Some(root)) => root,
        Ok(None) => return,
        Err(problem) => {
            out.error_at(problem.line, problem.column, problem.message);
            return note_unread(document, drafts, out);
        }
    };
    if root.map().is_none() {
        return out.error(
            root.line,
            format!(
                "a rule is a mapping of keys to values, not {}",
                root.shown()
            ),
        );
    }
    if root.entry("allowlist").is_some() {
        return read_allowlist(&root, drafts, out);
    }
    if let Some((key, _)) = KEYS.iter().find_map(|key| root.entry(key)) {
        return note_shared(key, document, drafts, out);
    }
    if root.entry("threats").is_some() {
        return read_threats(&root, drafts, out);
    }
    note_reference(&root, drafts, out);
    let identity = Identity::read(&root, out.path());
    let sound = drafts.sound();
    read_rule(document, &root, reading, drafts, out);
    match drafts.new_since(sound) {
        Some(target) => drafts.identities.push((identity, target)),
        None => note_broken(root.line, Some(&root), identity, drafts),
    }
}

/// A document that was read before any rule: that nobody misses it, and that it was.
fn note_shared(
    key: &Node,
    document: &DocumentText<'_>,
    drafts: &mut Drafts,
    out: &mut Reporter<'_>,
) {
    let text = key.text().unwrap_or_default().to_owned();
    let line = key.line;
    if !may_be_key(&text, document) {
        out.error(
            line,
            format!("write the key as it is, `{text}:`, or the document is not found"),
        );
    }
    drafts.shared.push(Reference { text, line });
}

/// Keeps the names of a document that cannot be read.
pub(crate) fn note_unread(document: &DocumentText<'_>, drafts: &mut Drafts, out: &Reporter<'_>) {
    let identity = Identity::guess(document.text, document.first_line, out.path());
    note_broken(document.first_line, None, identity, drafts);
}

/// Keeps of a broken document what others may refer to, and what it refers to itself.
fn note_broken(line: u32, root: Option<&Node>, identity: Identity, drafts: &mut Drafts) {
    let section = |key: &str| root.and_then(|root| root.get(key));
    let named = |node: &Node| {
        let alone = std::slice::from_ref(node);
        let items = node.list().unwrap_or(alone).iter();
        items
            .filter_map(|item| {
                Some(Reference {
                    text: item.text()?.to_owned(),
                    line: item.line,
                })
            })
            .collect::<Vec<_>>()
    };
    let rules = section("correlation").and_then(|section| section.get("rules"));
    let target = match section("filter") {
        Some(_) => Target::Filter,
        None => Target::Broken(drafts.broken.len()),
    };
    let filtered = section("filter").and_then(|section| section.get("rules"));
    let filtered = filtered.filter(|node| {
        let any = node
            .text()
            .is_some_and(|text| text.eq_ignore_ascii_case("any"));
        !any
    });
    let mut inputs = rules.or(filtered).map(named).unwrap_or_default();
    inputs.truncate(INPUTS_MAX);
    let name = identity.names.last();
    drafts.broken.push(BrokenDraft {
        path: identity.path.clone(),
        line,
        label: name.map_or(String::new(), |name| name.text.clone()),
        inputs,
    });
    drafts.identities.push((identity, target));
}

fn read_rule(
    document: &DocumentText<'_>,
    root: &Node,
    reading: &mut (FieldTable, Shared),
    drafts: &mut Drafts,
    out: &mut Reporter<'_>,
) {
    let mark = out.mark();
    let Some(kind) = check_top_level(root, out) else {
        return;
    };
    match kind {
        RuleKind::Detection => check_section(root, "detection", out),
        RuleKind::Filter => check_section(root, "filter", out),
        RuleKind::Correlation => {}
    }
    let attributes = Attributes::read(root, kind, drafts.types, out);
    // Everything is read before anything is given up, so that one mistake hides no other.
    match kind {
        RuleKind::Correlation => {
            let mut draft = read_correlation(root, attributes, drafts.types, out);
            let thresholds = draft.as_mut().and_then(|draft| draft.thresholds.as_mut());
            if let Some(thresholds) = thresholds {
                thresholds.look_up(&mut reading.1.lists, out);
            }
            parsed((document.text, document.first_line), root, mark, out);
            let sound = out.errors_since(mark) == 0;
            drafts.correlations.extend(draft.filter(|_| sound));
        }
        RuleKind::Detection => {
            let draft = read_detection(document, root, attributes, (mark, reading), out);
            drafts.detections.extend(draft);
        }
        RuleKind::Filter => {
            let draft = read_filter(document, root, attributes, (mark, reading), out);
            drafts.filters.extend(draft);
        }
    }
}

/// `None`: something is wrong since the mark and has been reported.
fn read_detection(
    document: &DocumentText<'_>,
    root: &Node,
    attributes: Attributes,
    (mark, (fields, shared)): (usize, &mut (FieldTable, Shared)),
    out: &mut Reporter<'_>,
) -> Option<DetectionDraft> {
    let scope = SourceScope::read(root, out);
    let sources = scope.as_ref().map(|scope| scope.sources(root, out));
    let meta = read_meta(root, &attributes, out);
    let collection = parsed((document.text, document.first_line), root, mark, out)?;
    let compiler = DetectionCompiler {
        fields,
        sources: sources.as_deref().unwrap_or_default(),
        same_element: &attributes.same_element,
        shared,
        out,
    };
    let section = &collection.rules.first()?.detection;
    let condition = compiler.compile(root.get("detection")?, section);
    let draft = DetectionDraft {
        meta: meta?,
        scope: scope?,
        sources: sources?,
        condition: condition?,
        allow: attributes.allow,
        alert: attributes.alert,
        entities: attributes.entities,
    };
    (out.errors_since(mark) == 0).then_some(draft)
}

/// As [`read_detection`].
fn read_filter(
    document: &DocumentText<'_>,
    root: &Node,
    attributes: Attributes,
    (mark, (fields, shared)): (usize, &mut (FieldTable, Shared)),
    out: &mut Reporter<'_>,
) -> Option<FilterDraft> {
    let targets = filter_targets(root, out);
    let scope = SourceScope::read(root, out);
    let meta = read_meta(root, &attributes, out);
    let collection = parsed((document.text, document.first_line), root, mark, out)?;
    let compiler = DetectionCompiler {
        fields,
        sources: &[],
        same_element: &[],
        shared,
        out,
    };
    let section = &collection.filters.first()?.detection;
    let condition = compiler.compile(root.get("filter")?, section);
    let draft = FilterDraft {
        meta: meta?,
        scope,
        targets: targets?.named,
        condition: condition?,
    };
    (out.errors_since(mark) == 0).then_some(draft)
}

struct FilterTargets {
    named: Option<Vec<Reference>>,
}

fn filter_targets(root: &Node, out: &mut Reporter<'_>) -> Option<FilterTargets> {
    let line = root.line_of("/filter/rules");
    // An empty or missing list would, to the parser, mean every rule.
    let Some(rules) = root.get("filter").and_then(|section| section.get("rules")) else {
        out.error(
            line,
            "a filter needs `rules`: a list of rule ids or names, or `any`",
        );
        return None;
    };
    if rules
        .text()
        .is_some_and(|text| text.eq_ignore_ascii_case("any"))
    {
        return Some(FilterTargets { named: None });
    }
    let named = text_list(rules, "`rules`", out)?;
    if named.is_empty() {
        out.error(
            line,
            "the filter's `rules` is empty, name a rule or write `any`",
        );
        return None;
    }
    Some(FilterTargets { named: Some(named) })
}
