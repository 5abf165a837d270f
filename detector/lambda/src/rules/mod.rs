//! The rules in force: read at start, and from a bucket again when they change.

pub mod bucket; // rule files in S3
pub mod folder; // rule files of the package

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use detector_core::engine::Engine;
use detector_core::places::Places;
use detector_core::rule::{Database, RuleFile, RuleSet};
use detector_core::window::load_rules;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::config::RuleSource;
use crate::deadline::Deadline;
use crate::rules::bucket::{Listing, RuleBucket};

/// A bucket is looked at for new rules no more often than this.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// The longest that Lambda lets an invocation last.
const INVOCATION_MAX: Duration = Duration::from_secs(15 * 60);

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    engine: Arc<Engine>,
    /// When they came into force here.
    since: SystemTime,
    source: Option<Watched>,
    setup: Setup,
}

/// What an engine is told besides its rules.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// How late an event may arrive to be judged.
    pub lateness_ms: i64,
    /// See [`Engine::with_json_log_groups`].
    pub json_log_groups: Vec<String>,
    /// See [`Engine::with_application_log_groups`].
    pub application_log_groups: Vec<String>,
    pub audit_log_groups: Vec<String>,
}

/// A bucket that may change.
#[derive(Debug)]
struct Watched {
    bucket: RuleBucket,
    /// What was last read, whether it could be used or not.
    seen: Listing,
    is_refused: bool,
    checked_at: Instant,
    /// There are newer rules, as the table tells.
    is_outdated: bool,
}

/// What a look at the source of the rules brought, for the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCheck {
    /// What lies there now is broken; the rules from before are in force.
    pub is_refused: bool,
    /// The source could not be looked at.
    pub has_failed: bool,
}

/// Why there are no rules: everything that is wrong, one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRules(pub Vec<String>);

impl Rules {
    /// Loads the rules, for engines set up so.
    ///
    /// # Errors
    /// They cannot be had, or are broken.
    pub async fn load(
        source: &RuleSource,
        setup: Setup,
        aws: &aws_config::SdkConfig,
        deadline: Deadline,
    ) -> Result<Self, BrokenRules> {
        match source {
            RuleSource::Folder(folder) => {
                let broken = |problems: Vec<folder::NoRules>| {
                    BrokenRules(problems.iter().map(ToString::to_string).collect())
                };
                let files = folder::read(folder).map_err(broken)?;
                let databases = folder::databases(folder).map_err(broken)?;
                Ok(Self {
                    engine: Arc::new(engine(&files, databases, &setup)?),
                    since: SystemTime::now(),
                    source: None,
                    setup,
                })
            }
            RuleSource::Bucket(place) => {
                let mut bucket = RuleBucket::new(crate::clients::s3(aws), place.clone());
                let one = |error: bucket::BucketError| BrokenRules(vec![error.to_string()]);
                let seen = bucket.list(deadline).await.map_err(one)?;
                let files = bucket.files(&seen, deadline).await.map_err(one)?;
                let databases = bucket.databases(&seen, deadline).await.map_err(one)?;
                Ok(Self {
                    engine: Arc::new(engine(&files, databases, &setup)?),
                    since: SystemTime::now(),
                    setup,
                    source: Some(Watched {
                        bucket,
                        seen,
                        is_refused: false,
                        checked_at: Instant::now(),
                        is_outdated: false,
                    }),
                })
            }
        }
    }

    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    /// Since when rules are in force of a worker that is invoked at `now`, in milliseconds since 1970.
    ///
    /// No invocation lasts longer than 15 minutes. Who is invoked so long after newer rules came into force is so because
    /// somebody wants these rules back, and must not wait for the others.
    pub fn in_force_since(&self, now: SystemTime) -> i64 {
        let since = self.since.max(now - INVOCATION_MAX);
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// Has the next [`Rules::refresh`] look, however long ago the last one did: somebody else has newer rules.
    pub fn look_soon(&mut self) {
        if let Some(watched) = &mut self.source {
            watched.is_outdated = true;
        }
    }

    /// Looks for changed rules, at most once a minute. Whatever is wrong with them, those in force stay.
    pub async fn refresh(&mut self, deadline: Deadline) -> RuleCheck {
        let Some(watched) = &mut self.source else {
            return RuleCheck::default();
        };
        if watched.checked_at.elapsed() < CHECK_EVERY && !watched.is_outdated {
            return watched.check(false);
        }
        watched.is_outdated = false;
        watched.checked_at = Instant::now();
        match watched.changed(deadline).await {
            Ok(None) => watched.check(false),
            Ok(Some((listing, files, databases))) => {
                watched.seen = listing;
                match engine(&files, databases, &self.setup) {
                    Ok(engine) => {
                        info!(files = files.len(), "changed rules are in force");
                        watched.is_refused = false;
                        self.engine = Arc::new(engine);
                        self.since = SystemTime::now();
                    }
                    Err(broken) => {
                        watched.is_refused = true;
                        broken.log("changed rules are refused, those from before stay in force");
                    }
                }
                watched.check(false)
            }
            Err(problem) => {
                warn!(%problem, "the rules could not be looked at");
                watched.check(true)
            }
        }
    }
}

impl Watched {
    async fn changed(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<(Listing, Vec<RuleFile>, Vec<Database>)>, bucket::BucketError> {
        let listing = self.bucket.list(deadline).await?;
        if listing == self.seen {
            return Ok(None);
        }
        let files = self.bucket.files(&listing, deadline).await?;
        let databases = self.bucket.databases(&listing, deadline).await?;
        Ok(Some((listing, files, databases)))
    }

    fn check(&self, has_failed: bool) -> RuleCheck {
        RuleCheck {
            is_refused: self.is_refused,
            has_failed,
        }
    }
}

impl BrokenRules {
    /// Writes every problem to the log.
    pub fn log(&self, outcome: &str) {
        for problem in &self.0 {
            error!(problem, "broken rules");
        }
        error!(problems = self.0.len(), "{outcome}");
    }
}

fn engine(
    files: &[RuleFile],
    databases: Vec<Database>,
    setup: &Setup,
) -> Result<Engine, BrokenRules> {
    let rules = load_rules(files)
        .map_err(|problems| BrokenRules(problems.iter().map(ToString::to_string).collect()))?;
    Places::read(&databases).map_err(|problem| BrokenRules(vec![problem]))?;
    let asking = rules.asking_for_places();
    if databases.is_empty() && !asking.is_empty() {
        warn!(
            ?asking,
            "no database says where addresses are: put an .mmdb file beside the rules"
        );
    }
    let rules = RuleSet { databases, ..rules };
    match rules.correlations.is_empty() {
        true => Err(BrokenRules(vec![
            "the rule files hold no correlation rule, so nothing could ever alert".to_owned(),
        ])),
        false => Ok(Engine::new(rules)
            .with_lateness(setup.lateness_ms)
            .with_json_log_groups(setup.json_log_groups.clone())
            .with_application_log_groups(
                setup.application_log_groups.clone(),
                setup.audit_log_groups.clone(),
            )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_invoked_long_after_newer_rules_came_does_not_wait_for_them() {
        let file = RuleFile {
            path: "a.yml".to_owned(),
            text: "title: A\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\n\
                   logsource: {product: aws, service: waf}\ndetection: {a: {b: c}, condition: a}\n"
                .to_owned(),
        };
        let rules = Rules {
            engine: Arc::new(engine(&[file], Vec::new(), &Setup::default()).expect("a sound rule")),
            since: UNIX_EPOCH + Duration::from_secs(10_000),
            source: None,
            setup: Setup::default(),
        };
        let after = |seconds| rules.in_force_since(rules.since + Duration::from_secs(seconds));
        assert_eq!((after(0), after(900)), (10_000_000, 10_000_000));
        assert_eq!(after(1_200), 10_300_000);
    }

    #[test]
    fn rules_that_could_never_alert_are_refused() {
        let file = RuleFile {
            path: "a.yml".to_owned(),
            text: "title: A\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\n\
                   logsource: {product: aws, service: waf}\ndetection: {a: {b: c}, condition: a}\nvedette: {alert: false}\n"
                .to_owned(),
        };
        let broken =
            engine(std::slice::from_ref(&file), Vec::new(), &Setup::default()).unwrap_err();
        assert!(broken.0[0].contains("no correlation rule"), "{broken:?}");
        let two = RuleFile {
            text: "title: B\nlevel: lowest\n---\ntitle: C\ncorrelation: {}\n".to_owned(),
            ..file
        };
        assert!(
            engine(&[two], Vec::new(), &Setup::default())
                .unwrap_err()
                .0
                .len()
                > 1
        );
    }
}
