//! Detection rules that alert by themselves: each becomes a correlation over itself, of one event.

use std::sync::Arc;

use detector_event::event::LogSource;
use detector_event::field::FieldTable;

use crate::draft::{
    AlertDraft, AlertWish, ConditionDraft, CorrelationDraft, DetectionDraft, SigmaType,
};
use crate::kind::{Form, WindowKind};
use crate::model::{Comparison, FieldSource, Threshold};
use crate::yaml::reference::Reference;

/// The window of an event that alerts by itself.
const TIMESPAN_MS: i64 = 5 * 60_000;
/// One alert an hour, however long it goes on.
const QUIET_MS: i64 = 60 * 60_000;
/// The type of Sigma that such a correlation is of.
const TYPE: &str = "event_count";
/// What such alerts are grouped by where the rule does not say: the first of [`actor_fields`] that has a value.
pub(crate) const ACTOR: &str = "actor";

/// The correlation that a detection rule stands for. `None`: it does not alert by itself, which is for rules that others
/// refer to, unless they ask for it.
pub(crate) fn own_correlation(
    draft: &DetectionDraft,
    is_referred_to: bool,
    types: &[WindowKind],
) -> Option<CorrelationDraft> {
    let alert = match &draft.alert {
        AlertWish::Unsaid if is_referred_to => return None,
        AlertWish::Never => return None,
        AlertWish::Unsaid => &AlertDraft::default(),
        AlertWish::Asked(alert) => alert,
    };
    let sigma = types.iter().find_map(|kind| match kind.form {
        Form::Type { takes, link } if kind.name == TYPE => Some(SigmaType {
            name: kind.name,
            takes,
            link,
        }),
        _ => None,
    })?;
    let reference = |text: &str| Reference {
        text: text.to_owned(),
        line: draft.meta.line,
    };
    let name = draft.meta.name.as_deref().unwrap_or(&draft.meta.id);
    Some(CorrelationDraft {
        meta: draft.meta.clone(),
        inputs: vec![reference(name)],
        group_by: alert.group_by.clone().unwrap_or_default(),
        timespan_ms: TIMESPAN_MS,
        quiet_ms: Some(alert.quiet_ms.unwrap_or(QUIET_MS)),
        sigma,
        condition: ConditionDraft::Count(Threshold(vec![(Comparison::Gte, 1)])),
        value_fields: Vec::new(),
        aliases: Vec::new(),
        prefixes: Vec::new(),
        thresholds: None,
        extension: None,
        show: alert.show.clone(),
        entities: draft.entities.clone(),
        generate: None,
    })
}

/// Whether such a rule says by what its alerts are grouped.
pub(crate) fn is_grouped(draft: &DetectionDraft) -> bool {
    matches!(&draft.alert, AlertWish::Asked(alert) if alert.group_by.is_some())
}

/// Where events of these sources say who acts.
pub(crate) fn actor(sources: &[LogSource], fields: &mut FieldTable) -> FieldSource {
    let paths = sources.iter().flat_map(|source| actor_fields(*source));
    let mut slots = Vec::new();
    for path in paths {
        let slot = fields.slot(path);
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    FieldSource::FirstOf(Arc::from(slots))
}

/// The fields that name who acts, the first that has a value first. Of a role, it is the role and not its session.
fn actor_fields(source: LogSource) -> &'static [&'static str] {
    match source {
        LogSource::CloudTrail => &[
            "userIdentity.sessionContext.sessionIssuer.arn",
            "userIdentity.arn",
            "userIdentity.principalId",
            "userIdentity.userName",
            "userIdentity.invokedBy",
        ],
        LogSource::Cognito => &["message.userName", "message.ipAddress"],
        LogSource::ApiGateway => &["ip"],
        LogSource::Lambda => &["sub", "source_ip"],
        LogSource::Waf => &["httpRequest.clientIp"],
        LogSource::Bedrock => &["requestMetadata.sub", "identity.arn"],
        LogSource::CloudFront => &["c-ip"],
    }
}
