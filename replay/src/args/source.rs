//! What is read, and with which rules.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::Args;
use detector_core::engine::Engine;
use detector_core::rule::RuleSet;

/// More only share the memory for window state among themselves.
const THREADS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// What both ways of reading a recording need.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// A rule file, a folder of .yml and .yaml files, or a database of places (.mmdb); may be given several times
    #[arg(long, short, value_name = "PATH", default_value = "rules/")]
    pub(crate) rules: Vec<PathBuf>,
    /// Files, folders, or `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// A log group, or how its name begins, that holds nothing but JSON; may be given several times
    ///
    /// What is no JSON there is unreadable. Those of WAF, API Gateway, CloudTrail and Cognito are known.
    #[arg(long = "json-log-group", value_name = "NAME")]
    pub(crate) json_log_groups: Vec<String>,
    /// A log group, or how its name begins and a `*`, whose content stays an application's word, whatever it claims to be;
    /// may be given several times
    ///
    /// Without it the content of a log group tells what it is, but for those of functions (`/aws/lambda/…`). The service
    /// takes those that its stack subscribes for such.
    #[arg(long = "application-log-group", value_name = "NAME")]
    pub(crate) application_log_groups: Vec<String>,
    /// A log group among those of --application-log-group, or of functions, whose content tells what it is all the same
    #[arg(long = "audit-log-group", value_name = "NAME")]
    pub(crate) audit_log_groups: Vec<String>,
    /// Threads that read and evaluate; as many as there are cores where not given
    ///
    /// The output is the same for any number.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// No progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Say nothing on standard error but errors and what could not be read
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl SourceArgs {
    /// The engine of these rules, told what is known of log groups.
    pub(crate) fn engine(&self, rules: RuleSet) -> Engine {
        Engine::new(rules)
            .with_json_log_groups(self.json_log_groups.clone())
            .with_application_log_groups(
                self.application_log_groups.clone(),
                self.audit_log_groups.clone(),
            )
    }

    /// As many as asked for, or as there are cores.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}

pub(super) fn cores() -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    cores.min(THREADS_MAX)
}

pub(super) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= THREADS_MAX);
    threads.ok_or_else(|| format!("expected a number from 1 to {THREADS_MAX}"))
}
