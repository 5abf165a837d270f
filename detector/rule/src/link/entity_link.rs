//! Where alerts of a rule have its entities: in what they are grouped by, or in what they show.

use crate::draft::EntityDraft;
use crate::model::{EntityKind, EntityRole, EntitySource, RuleEntity};
use crate::yaml::near_name::suggestion;
use crate::yaml::reference::Reference;

/// The entities of a rule. What is wrong with one goes to `problems`, by line.
pub(crate) fn entities(
    drafts: &[EntityDraft],
    (group_by, show): (&[Reference], &[Reference]),
    problems: &mut Vec<(u32, String)>,
) -> Vec<RuleEntity> {
    let is_it = |field: &Reference, draft: &EntityDraft| field.text == draft.field.text;
    let mut found = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let group = group_by.iter().position(|field| is_it(field, draft));
        let is_shown = show.iter().any(|field| is_it(field, draft));
        let source = match group {
            Some(place) => EntitySource::Group(place),
            None if is_shown => EntitySource::Shown,
            None => {
                let known = group_by.iter().chain(show).map(|field| field.text.as_str());
                let message = format!(
                    "`vedette.entities` names `{}`, which the rule neither groups by nor shows{}: add it to `vedette.show`",
                    draft.field.text,
                    suggestion(&draft.field.text, known)
                );
                problems.push((draft.field.line, message));
                continue;
            }
        };
        found.push(RuleEntity {
            role: draft.role,
            kind: draft.kind,
            field: draft.field.text.as_str().into(),
            source,
        });
    }
    found
}

/// Of a detection rule that alerts by itself and does not say by what it is grouped: the actor is who acts. What is an
/// address is known as one by its value.
pub(crate) fn of_actor(field: &str) -> RuleEntity {
    RuleEntity {
        role: EntityRole::Actor,
        kind: EntityKind::Principal,
        field: field.into(),
        source: EntitySource::Group(0),
    }
}
