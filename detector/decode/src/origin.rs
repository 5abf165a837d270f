//! What an event says of itself: source, time, id, account and region.
//!
//! A source is told by content first and by the name of its log group second, since that name is the operator's own;
//! only what Lambda's own log groups hold is the function's word, whatever it looks like.

use crate::context::Context;
use crate::fields::DecodeFields;
use crate::text::moment::{logged_at, of_text};
use crate::text::{identity, tool_line};
use detector_event::event::LogSource;
use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_event::time::Timestamp;

/// How the names of log groups begin in which AWS itself writes.
pub(crate) const WAF_GROUPS: &str = "aws-waf-logs-";
pub(crate) const API_GATEWAY_GROUPS: &str = "/aws/apigateway/";

/// What Bedrock calls an entry of its invocation log.
const MODEL_INVOCATION: &str = "ModelInvocationLog";

/// The source of the JSON object in `slots`.
pub(crate) fn source(slots: &Slots<'_>, f: &DecodeFields, log_group: Option<&str>) -> LogSource {
    if is_function_log(log_group) {
        return LogSource::Lambda;
    }
    let has = |slot| slots.is_present(slot);
    let event_source = slots.str(f.event_source);
    if matches!(event_source, Some("USER_ACTIVITY" | "USER_AUTH_EVENTS")) && has(f.message) {
        return LogSource::Cognito;
    }
    // Notifications to functions (`aws:s3`) have the same keys and are not audit entries.
    let is_call = event_source.is_some_and(|s| !s.starts_with("aws:")) && has(f.event_name);
    // Insights events name no call at the top.
    let is_insight = has(f.event_id) && has(f.event_time) && has(f.event_version);
    if is_call && (has(f.event_time) || has(f.event_version))
        || is_insight && event_source.is_none()
    {
        return LogSource::CloudTrail;
    }
    if has(f.webacl) || has(f.http_request) && has(f.terminating_rule) {
        return LogSource::Waf;
    }
    if slots.str(f.schema_type) == Some(MODEL_INVOCATION) && has(f.request_id) {
        return LogSource::Bedrock;
    }
    if has(f.edge_location) && has(f.day) && has(f.clock) {
        return LogSource::CloudFront;
    }
    if has(f.request_id) && is_access(slots, f) {
        return LogSource::ApiGateway;
    }
    match log_group {
        Some(name) if name.starts_with(WAF_GROUPS) => LogSource::Waf,
        Some(name) if name.starts_with(API_GATEWAY_GROUPS) => LogSource::ApiGateway,
        _ => LogSource::Lambda,
    }
}

/// Whether an object with a request id is an access log's: it has the request's time in API Gateway's words, or a method
/// or route with some of what belongs to an answer. An application may well write a method beside its own fields.
fn is_access(slots: &Slots<'_>, f: &DecodeFields) -> bool {
    let count = |among: &[SlotId]| among.iter().filter(|slot| slots.is_present(**slot)).count();
    let is_timed = count(&[f.request_time, f.request_time_epoch]) > 0;
    let asked = count(&[f.http_method, f.route_key, f.resource_path]);
    let answered = count(&[
        f.status,
        f.protocol,
        f.response_length,
        f.integration_status,
        f.extended_request_id,
    ]);
    is_timed || asked > 0 && answered > 0 && !is_applications(slots, f)
}

/// Whether an object has what applications write of an event, and nobody else.
pub(crate) fn is_applications(slots: &Slots<'_>, f: &DecodeFields) -> bool {
    let marks = [f.app_event].into_iter().chain(f.levels.iter().copied());
    marks.into_iter().any(|slot| slots.is_present(slot))
}

/// Whether Lambda made the log group, so that only the function writes to it.
fn is_function_log(log_group: Option<&str>) -> bool {
    log_group.is_some_and(|name| name.starts_with("/aws/lambda/"))
}

/// Whether a function writes there, as far as the names of the log group and stream tell.
pub(crate) fn is_functions(group: Option<&str>, stream: Option<&str>) -> bool {
    is_function_log(group) || stream.is_some_and(tool_line::is_function_stream)
}

/// Clears the slots in which `source` writes a placeholder for "absent".
pub(crate) fn clear_placeholders(source: LogSource, slots: &mut Slots<'_>, f: &DecodeFields) {
    match source {
        LogSource::ApiGateway | LogSource::CloudFront => slots.clear_placeholder("-"),
        LogSource::CloudTrail => {
            for slot in [f.error_code, f.error_message] {
                if slots.str(slot) == Some("") {
                    slots.clear(slot);
                }
            }
        }
        LogSource::Cognito | LogSource::Lambda | LogSource::Waf | LogSource::Bedrock => {}
    }
}

/// The day and the time of day of an access log, in UTC.
fn edge_time(day: Option<&str>, clock: Option<&str>) -> Option<Timestamp> {
    of_text(&format!("{}T{}Z", day?, clock?))
}

/// Puts WAF header values where rules ask for them by name, in any letter case.
pub(crate) fn place_headers(slots: &mut Slots<'_>, f: &DecodeFields, asked: &[(Box<str>, SlotId)]) {
    if asked.is_empty() {
        return;
    }
    let names = slots.values(f.header_name).count();
    if names != slots.values(f.header_value).count() {
        // A header without a name or value would shift those after it; WAF writes none.
        return;
    }
    for (wanted, slot) in asked {
        let found: Vec<_> = slots
            .values(f.header_name)
            .zip(slots.values(f.header_value))
            .filter(|(name, _)| matches!(name, Value::Text(n) if n.eq_ignore_ascii_case(wanted)))
            .map(|(_, value)| value.clone())
            .collect();
        for value in found {
            slots.push(*slot, value);
        }
    }
}

/// When an application says that something happened.
pub(crate) fn time_said(slots: &Slots<'_>, f: &DecodeFields) -> Option<Timestamp> {
    let mut said = f.times.iter().filter_map(|slot| slots.first(*slot));
    said.find_map(|value| logged_at(Some(value)))
}

/// What is known of one event besides its fields.
#[derive(Debug, Default)]
pub(crate) struct Origin<'e> {
    pub(crate) time: Option<Timestamp>,
    /// `None` where the content has to name it.
    pub(crate) id: Option<&'e str>,
    pub(crate) account: Option<&'e str>,
    pub(crate) region: Option<&'e str>,
}

impl<'e> Origin<'e> {
    pub(crate) fn of(
        source: LogSource,
        slots: &'e Slots<'_>,
        f: &DecodeFields,
        context: Context<'e>,
    ) -> Self {
        let text = |slot| slots.str(slot).filter(|s| !s.is_empty());
        let id = |slot| text(slot).filter(|id| !identity::is_none(id));
        let time = |slot| logged_at(slots.first(slot));
        let own = match source {
            LogSource::CloudTrail => Origin {
                time: time(f.event_time),
                id: id(f.event_id),
                account: text(f.recipient_account).or_else(|| text(f.identity_account)),
                region: text(f.aws_region),
            },
            LogSource::Cognito => Origin {
                time: time(f.event_timestamp),
                id: id(f.message_event_id),
                account: None,
                // `us-west-2_EXAMPLE`
                region: text(f.message_user_pool)
                    .and_then(|pool| pool.split_once('_'))
                    .map(|(region, _)| region),
            },
            LogSource::Waf => {
                // `arn:aws:wafv2:<region>:<account>:…`; WAF Classic writes a bare id.
                let mut arn = text(f.webacl).unwrap_or_default().split(':').skip(3);
                Origin {
                    time: time(f.timestamp),
                    id: id(f.http_request_id),
                    region: arn.next().filter(|s| !s.is_empty()),
                    account: arn.next().filter(|s| !s.is_empty()),
                }
            }
            LogSource::ApiGateway => Origin {
                time: time(f.request_time_epoch).or_else(|| of_text(text(f.request_time)?)),
                // A client of a REST API can choose `requestId` (header x-amzn-RequestId), and so make a flood look like
                // one event; it cannot choose the extended one, which only some log formats have.
                id: id(f.extended_request_id).or_else(|| id(f.request_id)),
                ..Origin::default()
            },
            LogSource::Bedrock => Origin {
                time: time(f.timestamp),
                id: id(f.request_id),
                account: text(f.account_id),
                region: text(f.region),
            },
            LogSource::CloudFront => Origin {
                time: edge_time(text(f.day), text(f.clock)),
                id: id(f.edge_request_id),
                ..Origin::default()
            },
            LogSource::Lambda => Origin {
                time: context.time_said.or_else(|| time_said(slots, f)),
                ..Origin::default()
            },
        };
        Origin {
            time: own.time.or(context.time).or(context.arrival),
            id: own.id.or(context.id.filter(|id| !identity::is_none(id))),
            account: own.account.or(context.account),
            region: own.region.or(context.region),
        }
    }
}
