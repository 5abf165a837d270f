//! AWS, as far as `replay` speaks to it: who we are there, what went wrong, and how long to wait before the next try.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use tokio::runtime::{Builder, Runtime};

/// Waits between tries: none is longer, and none is longer than twice the limit before.
const WAIT_FIRST: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Tries in a row that may come to nothing: with waits, about half a minute.
pub(crate) const TRIES_MAX: u32 = 12;

/// A stand-in's region, where nothing else is configured.
const REGION_OF_ENDPOINTS: &str = "us-east-1";

/// One thread: all there is to do is to wait.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime for AWS")
}

/// Region and credentials as the AWS CLI finds them.
pub(crate) async fn config(endpoint_url: Option<&str>) -> anyhow::Result<SdkConfig> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(url) = endpoint_url {
        let is_http = ["http://", "https://"].iter().any(|it| url.starts_with(it));
        if !is_http {
            bail!("--endpoint-url `{url}` is no URL, try `http://127.0.0.1:5000`");
        }
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    match (config.region(), config.endpoint_url()) {
        (Some(_), _) => Ok(config),
        (None, Some(_)) => {
            let region = Region::from_static(REGION_OF_ENDPOINTS);
            Ok(config.into_builder().region(region).build())
        }
        (None, None) => {
            bail!("no AWS region: set AWS_REGION, or name a profile that has one in AWS_PROFILE")
        }
    }
}

/// Limits of the waits between tries, and where in them each wait lies.
#[derive(Debug)]
pub(crate) struct Backoff {
    random: fastrand::Rng,
    tries: u32,
}

impl Backoff {
    pub(crate) fn new(random: fastrand::Rng) -> Self {
        Self { random, tries: 0 }
    }

    /// Something was achieved.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// How long to wait after a try that came to nothing; `None` when it is time to give up.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            return None;
        }
        let limit = WAIT_FIRST
            .saturating_mul(1 << (self.tries - 1).min(16))
            .min(WAIT_MAX);
        // Half is waited in any case: a wait of nothing is no wait.
        Some(limit.mul_f64(0.5 + self.random.f64() / 2.0))
    }
}

/// A call to AWS that failed, in words that say what to do. Holds no request and no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Option<String>,
    message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {}

const THROTTLED: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
];

impl Refusal {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(answer) = error.as_service_error() else {
            return Self {
                code: None,
                message: chain(error),
            };
        };
        let code = answer.code().map(str::to_owned);
        let message = match (&code, answer.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => chain(error),
        };
        Self { code, message }
    }

    /// Whether it may go through later. The SDK has tried several times by itself.
    pub(crate) fn is_passing(&self) -> bool {
        let is_server = |code: &str| {
            THROTTLED.contains(&code)
                || matches!(code, "InternalFailure" | "InternalFailureException")
                || code.starts_with("ServiceUnavailable")
        };
        self.code.as_deref().is_some_and(is_server)
    }

    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// An error and its causes, each once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_end() {
        let mut backoff = Backoff::new(fastrand::Rng::with_seed(3));
        let waits: Vec<_> = std::iter::from_fn(|| backoff.next()).collect();
        assert_eq!(waits.len() as u32, TRIES_MAX - 1);
        for (at, wait) in waits.iter().enumerate() {
            let limit = WAIT_MAX.min(WAIT_FIRST * (1 << at));
            assert!(*wait <= limit && *wait >= limit / 2, "{at}: {wait:?}");
        }
        assert!(backoff.next().is_none());
        backoff.reset();
        assert!(backoff.next().unwrap() <= WAIT_FIRST);
    }
}
