//! Why an AWS service did not do what it was asked for.

use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::deadline::TimeIsOver;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// The service's code, as `ThrottlingException`, or what went wrong on the way.
    pub code: String,
    /// What the service says; never what it was sent.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The service refused it for now: it has had no effect.
    Throttled,
    /// It passes; the request may have taken effect.
    Passing,
    /// Asked again, it would be refused again.
    Lasting,
}

/// Longer messages are cut.
const MESSAGE_CHARS_MAX: usize = 300;

impl Fault {
    /// What an SDK error means.
    pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = match error {
            SdkError::ConstructionFailure(_) => "request could not be built",
            SdkError::TimeoutError(_) => "no answer in time",
            SdkError::DispatchFailure(_) => "no connection or no credentials",
            SdkError::ResponseError(_) => "an answer that cannot be read",
            _ => error.code().unwrap_or("no error code"),
        };
        let message = error.message().unwrap_or_default();
        let kind = match error {
            SdkError::ConstructionFailure(_) => FaultKind::Lasting,
            SdkError::TimeoutError(_)
            | SdkError::DispatchFailure(_)
            | SdkError::ResponseError(_) => FaultKind::Passing,
            _ => kind(code, status.unwrap_or(500)),
        };
        Self {
            kind,
            code: code.to_owned(),
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
        }
    }

    /// The service answered, but not with what belongs into an answer.
    pub fn odd_answer(what: &str) -> Self {
        Self {
            kind: FaultKind::Passing,
            code: "odd answer".to_owned(),
            message: what.to_owned(),
        }
    }

    pub fn passes(&self) -> bool {
        self.kind != FaultKind::Lasting
    }
}

impl From<TimeIsOver> for Fault {
    fn from(over: TimeIsOver) -> Self {
        Self {
            kind: FaultKind::Passing,
            code: "no time left".to_owned(),
            message: over.to_string(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "{}", self.code),
            message => write!(f, "{}: {message}", self.code),
        }
    }
}

impl std::error::Error for Fault {}

fn kind(code: &str, status: u16) -> FaultKind {
    const THROTTLED: [&str; 11] = [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "Throttling",
        "Throttled",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "TooManyRequestsException",
        "LimitExceededException",
        "SlowDown",
        "KMSThrottlingException",
    ];
    if THROTTLED.contains(&code) || status == 429 {
        return FaultKind::Throttled;
    }
    // Credentials expire while a request is under way, and clocks drift.
    const PASSING: [&str; 4] = [
        "ExpiredTokenException",
        "ExpiredToken",
        "RequestTimeTooSkewed",
        "RequestTimeout",
    ];
    match status >= 500 || PASSING.contains(&code) {
        true => FaultKind::Passing,
        false => FaultKind::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_tell_what_passes() {
        assert_eq!(kind("ThrottlingException", 400), FaultKind::Throttled);
        assert_eq!(kind("SlowDown", 503), FaultKind::Throttled);
        assert_eq!(kind("InternalServerError", 500), FaultKind::Passing);
        assert_eq!(kind("ExpiredTokenException", 400), FaultKind::Passing);
        assert_eq!(kind("AccessDeniedException", 400), FaultKind::Lasting);
        assert_eq!(kind("NoSuchBucket", 404), FaultKind::Lasting);
    }
}
