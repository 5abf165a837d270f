//! What a rule's alerts tell besides their counts: `vedette.show`, the fields whose values they show, and
//! `vedette.entities`, what these are to an attack.

use crate::draft::EntityDraft;
use crate::model::{EntityKind, EntityRole};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::text_list;
use crate::yaml::yaml_tree::Node;

/// Fields that one rule can show.
const FIELDS_MAX: usize = 4;

/// Reads `show: [user, sub]`.
pub(crate) fn read_show(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Vec<Reference> {
    let Some(fields) = text_list(node, "`vedette.show`", out) else {
        return Vec::new();
    };
    let message = match fields.len() {
        0 => "`vedette.show` is empty, name the fields to show or remove the key".to_owned(),
        1..=FIELDS_MAX => return fields,
        named => format!("`vedette.show` names {named} fields, the most is {FIELDS_MAX}"),
    };
    out.error(key.line, message);
    Vec::new()
}

/// Reads `entities: {actor: {address: source_ip}, tried: {user: [name, mail]}}`.
pub(crate) fn read_entities(key: &Node, node: &Node, out: &mut Reporter<'_>) -> Vec<EntityDraft> {
    let roles = EntityRole::ALL.map(EntityRole::name);
    let Some(entries) = node.map().filter(|entries| !entries.is_empty()) else {
        let message = format!(
            "`vedette.entities` maps {} to kinds and fields, as `actor: {{address: source_ip}}`, not {}",
            roles.join(", "),
            node.shown()
        );
        out.error(key.line, message);
        return Vec::new();
    };
    let mut entities = Vec::new();
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        match EntityRole::ALL.into_iter().find(|role| role.name() == name) {
            Some(role) => read_kinds(role, (key, value), &mut entities, out),
            None => out.error(
                key.line,
                format!(
                    "unknown key `vedette.entities.{name}`{}; known are {}",
                    suggestion(name, roles),
                    roles.join(", ")
                ),
            ),
        }
    }
    entities
}

fn read_kinds(
    role: EntityRole,
    (key, node): (&Node, &Node),
    entities: &mut Vec<EntityDraft>,
    out: &mut Reporter<'_>,
) {
    let what = format!("`vedette.entities.{}`", role.name());
    let Some(entries) = node.map().filter(|entries| !entries.is_empty()) else {
        let message = format!(
            "{what} maps kinds to fields, as `{}: name_of_field`, not {}",
            role.kinds()[0].name(),
            node.shown()
        );
        return out.error(key.line, message);
    };
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        let known = role.kinds().iter().map(|kind| kind.name());
        let Some(kind) = role.kinds().iter().find(|kind| kind.name() == name) else {
            let known: Vec<&str> = known.collect();
            let is_scope = EntityRole::Scope.kinds().iter().any(|k| k.name() == name);
            let hint = match is_scope {
                true => ": many share it, so put it under `scope`".to_owned(),
                false => suggestion(name, EntityKind::ALL.map(EntityKind::name)),
            };
            let message = format!(
                "{what} has no kind `{name}`{hint}; it has {}",
                known.join(", ")
            );
            out.error(key.line, message);
            continue;
        };
        let fields = text_list(value, &format!("{what}.{name}"), out).unwrap_or_default();
        entities.extend(fields.into_iter().map(|field| EntityDraft {
            role,
            kind: *kind,
            field,
        }));
    }
}
