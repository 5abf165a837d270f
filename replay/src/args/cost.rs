//! The command line of `replay cost`.

use std::num::NonZeroU64;

use clap::{Args, ValueEnum};

use super::source::SourceArgs;

#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Events a second; may be given several times
    ///
    /// Without rates and shards: 100, 1,000, 10,000 and 100,000, with 4, 4, 8 and 50 shards.
    #[arg(long = "rate", value_name = "EVENTS", value_parser = rate)]
    pub(crate) rates: Vec<f64>,
    /// Shards of the stream; may be given several times, each for all rates
    #[arg(long, value_name = "N", value_parser = shards)]
    pub(crate) shards: Vec<usize>,
    /// How long the service is watched, in virtual seconds; as long as takes little time where not given, at most 300
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: Option<NonZeroU64>,
    /// Groups that the first sweep finds due besides those of the traffic: episodes whose end is to be told
    ///
    /// What an attack from as many addresses, or on as many users, leaves. Quiet traffic leaves hardly any.
    #[arg(long, value_name = "GROUPS", default_value_t = 0)]
    pub(crate) due: u64,
    /// Of all chance in the model: the same for the same numbers
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How the numbers are written
    #[arg(long, value_enum, default_value_t = CostFormat::Text)]
    pub(crate) format: CostFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostFormat {
    /// Numbers and the dearest rules, for a person
    Text,
    /// One object, for a program
    Json,
    /// A table of US dollars a month, for a document
    Markdown,
}

/// More than this is more than the model was made for.
const RATE_MAX: f64 = 1e6;

fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .parse()
        .ok()
        .filter(|rate| (0.1..=RATE_MAX).contains(rate));
    rate.ok_or_else(|| format!("expected events a second, from 0.1 to {RATE_MAX}"))
}

/// More shards than an account is given without asking.
const SHARDS_MAX: usize = 1_000;

fn shards(text: &str) -> Result<usize, String> {
    let shards = text
        .parse()
        .ok()
        .filter(|shards| (1..=SHARDS_MAX).contains(shards));
    shards.ok_or_else(|| format!("expected a number from 1 to {SHARDS_MAX}"))
}
