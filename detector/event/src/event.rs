//! One decoded audit entry, as the matcher and the windows see it.

use crate::slots::Slots;
use crate::time::Timestamp;

/// Where an event comes from; the Sigma log source it is routed by (product `aws`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogSource {
    CloudTrail,
    /// Cognito user-activity export (`userAuthEvents`); Cognito's calls in CloudTrail are [`LogSource::CloudTrail`].
    Cognito,
    ApiGateway,
    /// Lambda or application log, JSON or plain text.
    Lambda,
    Waf,
    /// Calls of models, as Bedrock's model invocation logging writes them.
    Bedrock,
    /// Access log of a CloudFront distribution, as of one that hosts a web application.
    CloudFront,
}

impl LogSource {
    pub const ALL: [LogSource; 7] = [
        LogSource::CloudTrail,
        LogSource::Cognito,
        LogSource::ApiGateway,
        LogSource::Lambda,
        LogSource::Waf,
        LogSource::Bedrock,
        LogSource::CloudFront,
    ];

    /// The Sigma `logsource.service`.
    pub fn service(self) -> &'static str {
        match self {
            LogSource::CloudTrail => "cloudtrail",
            LogSource::Cognito => "cognito",
            LogSource::ApiGateway => "apigateway",
            LogSource::Lambda => "lambda",
            LogSource::Waf => "waf",
            LogSource::Bedrock => "bedrock",
            LogSource::CloudFront => "cloudfront",
        }
    }
}

/// The bytes an event was read from.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// One well-formed JSON object.
    Json(&'a [u8]),
    /// A line that is not JSON; its slot `message` holds it.
    Text(&'a str),
}

/// One decoded audit entry.
#[derive(Debug)]
pub struct Event<'e, 'a> {
    pub source: LogSource,
    /// `None` where the entry carries no time: rules match it, windows cannot place it.
    pub time: Option<Timestamp>,
    /// The source's own id, or one derived from the bytes where it has none (`content:` and 32 hexadecimal digits).
    pub id: &'e str,
    pub account: Option<&'e str>,
    pub region: Option<&'e str>,
    /// When the record reached the stream, where that is recorded.
    pub arrival: Option<Timestamp>,
    pub slots: &'e Slots<'a>,
    pub body: Body<'a>,
}

/// What AWS writes in place of a value it will not log, such as the user name of a Cognito sign-in in CloudTrail.
pub const REDACTED: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Whether `text` stands for a value that was withheld: it matches as written, but says nothing about who acted, so
/// no window may group by it.
pub fn is_redacted(text: &str) -> bool {
    text == REDACTED
}
