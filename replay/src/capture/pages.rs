//! Pages of log events, asked for no faster than CloudWatch Logs allows.

use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use tokio::time::Instant;

use super::part::State;
use super::payload::LogEvent;
use crate::service::{Backoff, Refusal};

/// FilterLogEvents may be called five times a second in an account and region; others want some of it.
const REQUEST_EVERY: Duration = Duration::from_millis(250);

pub(crate) struct Page {
    pub(crate) events: Vec<LogEvent>,
    pub(crate) next_token: Option<String>,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NoPage {
    /// The service no longer knows the place at which to go on.
    TokenExpired,
    Failed(anyhow::Error),
}

pub(crate) struct Pages {
    client: Client,
    backoff: Backoff,
    next_at: Instant,
}

impl Pages {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            backoff: Backoff::new(fastrand::Rng::new()),
            next_at: Instant::now(),
        }
    }

    /// The next page of a capture.
    pub(crate) async fn next(&mut self, state: &State) -> Result<Page, NoPage> {
        loop {
            tokio::time::sleep_until(self.next_at).await;
            self.next_at = Instant::now() + REQUEST_EVERY;
            let answer = self
                .client
                .filter_log_events()
                .log_group_name(&state.request.log_group)
                .start_time(state.start_ms)
                .end_time(state.end_ms)
                .set_filter_pattern(state.request.filter.clone())
                .set_next_token(state.next_token.clone())
                .send()
                .await;
            let refusal = match answer {
                Ok(page) => {
                    self.backoff.reset();
                    return Ok(Page {
                        next_token: page.next_token,
                        events: page
                            .events
                            .unwrap_or_default()
                            .into_iter()
                            .map(log_event)
                            .collect(),
                    });
                }
                Err(error) => Refusal::of(&error),
            };
            if refusal.is("InvalidParameterException") && state.next_token.is_some() {
                return Err(NoPage::TokenExpired);
            }
            let wait = match refusal.is_passing() {
                true => self.backoff.next(),
                false => None,
            };
            let Some(wait) = wait else {
                return Err(NoPage::Failed(explained(refusal, &state.request.log_group)));
            };
            self.next_at = Instant::now() + wait.max(REQUEST_EVERY);
        }
    }
}

fn explained(refusal: Refusal, group: &str) -> anyhow::Error {
    let context = match refusal.is("ResourceNotFoundException") {
        true => format!(
            "no log group `{group}` in this account and region (see AWS_PROFILE, AWS_REGION)"
        ),
        false => format!("cannot read log group `{group}`"),
    };
    Err::<(), _>(anyhow!(refusal))
        .context(context)
        .expect_err("it is an error")
}

fn log_event(event: FilteredLogEvent) -> LogEvent {
    LogEvent {
        stream: event.log_stream_name.unwrap_or_default(),
        id: event.event_id.unwrap_or_default(),
        timestamp: event.timestamp.unwrap_or_default(),
        ingestion_time: event.ingestion_time,
        message: event.message.unwrap_or_default(),
    }
}
