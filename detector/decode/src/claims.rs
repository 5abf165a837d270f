//! What the entries of a log may claim to be, by the name of its log group.
//!
//! Whoever writes to a log can write what looks like an entry of another one. Where AWS writes by itself, the log group says
//! what its entries are. Where an application writes, what it says stays its own word, in the log groups that are told of;
//! anywhere else, content is believed.

use crate::context::{Context, Shape};
use crate::origin::{self, API_GATEWAY_GROUPS, WAF_GROUPS};
use detector_event::event::LogSource;
use detector_event::time::Timestamp;

/// How far apart an application's time and that of its log may be, in a log group whose content is not believed.
const APART_MAX_MS: u64 = 15 * 60 * 1000;

/// Log groups of which something is known. Of no effect on those that are empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LogGroups<'t> {
    /// Beginnings of names: nothing but JSON.
    pub(crate) json: &'t [String],
    /// Patterns: an application's words.
    pub(crate) application: &'t [String],
    /// Patterns: their content tells what it is, though they are among those of applications.
    pub(crate) audit: &'t [String],
}

/// How the messages of a log are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) shape: Shape,
    /// What they are, whatever they claim; `None` where their content tells.
    pub(crate) holds: Option<LogSource>,
}

impl Reading {
    /// Whether what is said there stays an application's word.
    pub(crate) fn is_closed(self) -> bool {
        self.shape == Shape::Words || self.holds == Some(LogSource::Lambda)
    }
}

/// Where AWS itself writes JSON, and nobody else: how the names begin, and what the entries are.
const OF_AWS: [(&str, LogSource); 7] = [
    (WAF_GROUPS, LogSource::Waf),
    (API_GATEWAY_GROUPS, LogSource::ApiGateway),
    ("/aws/vendedlogs/apigateway", LogSource::ApiGateway),
    ("/aws/cognito/", LogSource::Cognito),
    ("/aws/vendedlogs/cognito", LogSource::Cognito),
    ("/aws/bedrock/modelinvocations", LogSource::Bedrock),
    ("/aws/vendedlogs/cloudfront", LogSource::CloudFront),
];

/// API Gateway writes a line of text there when it is first given leave to write logs.
const GREETING: &str = "/aws/apigateway/welcome";

impl LogGroups<'_> {
    /// As far as the name of the log group, or the stream's, tells.
    pub(crate) fn reading(&self, group: Option<&str>, stream: Option<&str>) -> Reading {
        let open = |shape| Reading { shape, holds: None };
        let of_aws = group.and_then(|name| {
            let mut known = OF_AWS.iter();
            known.find(|(beginning, _)| name.starts_with(beginning))
        });
        // What AWS delivers by itself is no function's, whatever its streams are called.
        if let Some((_, source)) = of_aws.filter(|_| group != Some(GREETING)) {
            return Reading {
                shape: Shape::JsonMessage,
                holds: Some(*source),
            };
        }
        let is_json = group.is_some_and(|name| {
            let mut beginnings = self.json.iter();
            beginnings.any(|beginning| name.starts_with(beginning.as_str()))
        });
        let is_audits = group.is_some_and(|name| is_among(name, self.audit));
        let is_closed = group.is_some_and(|name| is_among(name, self.application)) && !is_audits;
        if is_json {
            return Reading {
                shape: Shape::JsonMessage,
                holds: is_closed.then_some(LogSource::Lambda),
            };
        }
        if is_cloudtrails(group) {
            return open(Shape::JsonMessage);
        }
        if is_closed || !is_audits && origin::is_functions(group, stream) {
            return open(Shape::Words);
        }
        match is_cloudtrails(stream) {
            true => open(Shape::JsonMessage),
            false => open(Shape::Message),
        }
    }
}

fn is_cloudtrails(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.to_ascii_lowercase().contains("cloudtrail"))
}

/// Whether an application says a time at which its log cannot have got the line: who has a say in what it writes must
/// not be able to move it out of a window.
pub(crate) fn is_misdated(
    log_groups: LogGroups<'_>,
    source: LogSource,
    said: Option<Timestamp>,
    context: Context<'_>,
) -> bool {
    let (LogSource::Lambda, Some(said), Some(logged)) = (source, said, context.time) else {
        return false;
    };
    said.millis().abs_diff(logged.millis()) > APART_MAX_MS
        && log_groups
            .reading(context.log_group, context.log_stream)
            .is_closed()
}

/// Whether `name` is one of the patterns: a name, or how it begins and a `*`.
fn is_among(name: &str, patterns: &[String]) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        })
}
