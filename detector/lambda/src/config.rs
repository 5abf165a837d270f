//! Environment variables go in, a checked [`Config`] comes out, or every problem at once.

use std::fmt;
use std::path::PathBuf;

use detector_core::alert::message::Place;
use detector_core::alert::personal::Personal;
use detector_core::rule::WINDOW_LENGTH_MAX_MS;

use crate::place::BucketPlace;

/// What the operator decides. A `Config` that exists is well-formed; whether the table, topic and so on exist shows
/// when they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name or ARN of the DynamoDB table.
    pub table: String,
    pub topic: Topic,
    /// Name of the Kinesis stream.
    pub stream: String,
    pub rules: RuleSource,
    pub quarantine: QuarantinePlace,
    /// How late an event may arrive, in milliseconds: 1 s to 366 d.
    pub lateness_ms: i64,
    /// How old records get before the event source mapping gives them up, in milliseconds; `None`: it never does.
    pub record_age_max_ms: Option<i64>,
    /// How the names of log groups begin that hold nothing but JSON, besides those that are known.
    pub json_log_groups: Vec<String>,
    /// Patterns of log groups whose content stays an application's word.
    pub application_log_groups: Vec<String>,
    /// Patterns of those among them whose content tells what it is.
    pub audit_log_groups: Vec<String>,
    /// How messages show people.
    pub personal_data: Personal,
    pub log_level: String,
    pub metrics_namespace: String,
    /// As Lambda calls the function; the dimension of all metrics.
    pub function_name: String,
}

/// An SNS topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    pub arn: String,
    pub is_fifo: bool,
}

/// Where the rule files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// A folder; a relative one is meant from the package's root.
    Folder(PathBuf),
    Bucket(BucketPlace),
}

/// Where records go that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum QuarantinePlace {
    Bucket(BucketPlace),
    /// The URL of a standard SQS queue.
    Queue(String),
    #[default]
    Log,
}

/// What is wrong with one variable, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigProblem {
    pub variable: &'static str,
    /// `None` where it is not set, or empty.
    pub value: Option<String>,
    /// Lowercase, no final stop.
    pub fix: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}=`{value}`: {}", self.variable, self.fix),
            None => write!(f, "{} is not set: {}", self.variable, self.fix),
        }
    }
}

/// How much of a wrong value an error shows.
const VALUE_CHARS_MAX: usize = 200;

impl Config {
    /// Reads the variables; `variable` tells the value of one, and an empty value counts as none.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigProblem>> {
        let mut variables = Variables {
            read: &variable,
            problems: Vec::new(),
        };
        let config = Self {
            table: variables.required("TABLE_NAME", table),
            topic: variables.required("TOPIC_ARN", topic),
            stream: variables.required("STREAM_NAME", stream),
            rules: variables.optional("RULES", "rules", rule_source),
            quarantine: variables.optional("QUARANTINE", "", quarantine),
            lateness_ms: variables.optional("LATENESS", "15m", length),
            record_age_max_ms: variables.optional("RECORD_AGE_MAX", "none", record_age),
            json_log_groups: variables.optional("JSON_LOG_GROUPS", "", log_groups),
            application_log_groups: variables.optional("APPLICATION_LOG_GROUPS", "", patterns),
            audit_log_groups: variables.optional("AUDIT_LOG_GROUPS", "", patterns),
            personal_data: variables.optional("PERSONAL_DATA", "show", |text| text.parse()),
            log_level: variables.optional("LOG_LEVEL", "info", log_level),
            metrics_namespace: variables.optional("METRICS_NAMESPACE", "Vedette", namespace),
            function_name: variable("AWS_LAMBDA_FUNCTION_NAME")
                .unwrap_or_else(|| "vedette".to_owned()),
        };
        match variables.problems.is_empty() {
            true => Ok(config),
            false => Err(variables.problems),
        }
    }
}

/// What messages say of the service that sends them, and how they show people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    pub place: Place,
    pub personal: Personal,
}

impl Config {
    /// The account and region of the topic are those of the service.
    pub fn telling(&self) -> Telling {
        let part = |at: usize| self.topic.arn.split(':').nth(at).map(str::to_owned);
        Telling {
            place: Place {
                account: part(4),
                region: part(3),
                stack: Some(self.function_name.clone()),
            },
            personal: self.personal_data.clone(),
        }
    }
}

struct Variables<'v> {
    read: &'v dyn Fn(&str) -> Option<String>,
    problems: Vec<ConfigProblem>,
}

impl Variables<'_> {
    fn required<T: Default>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        match self.value(name) {
            Some(value) => self.parsed(name, &value, parse),
            None => {
                // What is asked for is what is said of a wrong value.
                let fix = parse("").err().unwrap_or_default();
                self.problems.push(ConfigProblem {
                    variable: name,
                    value: None,
                    fix,
                });
                T::default()
            }
        }
    }

    fn optional<T: Default>(
        &mut self,
        name: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let value = self.value(name).unwrap_or_else(|| default.to_owned());
        self.parsed(name, &value, parse)
    }

    fn parsed<T: Default>(
        &mut self,
        name: &'static str,
        value: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        parse(value).unwrap_or_else(|fix| {
            self.problems.push(ConfigProblem {
                variable: name,
                value: Some(value.chars().take(VALUE_CHARS_MAX).collect()),
                fix,
            });
            T::default()
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = (self.read)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

impl Default for RuleSource {
    fn default() -> Self {
        Self::Folder(PathBuf::new())
    }
}

fn is_name(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    length.contains(&text.len()) && text.bytes().all(is_allowed)
}

/// The resource part of an ARN of `service`: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn arn_resource<'t>(text: &'t str, service: &str) -> Option<&'t str> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, of, region, account, resource] = parts[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let is_arn = arn == "arn" && partition.starts_with("aws") && of == service;
    (is_arn && !region.is_empty() && is_account).then_some(resource)
}

fn table(text: &str) -> Result<String, String> {
    let of_arn = arn_resource(text, "dynamodb").and_then(|name| name.strip_prefix("table/"));
    match is_name(of_arn.unwrap_or(text), 3..=255) {
        true => Ok(text.to_owned()),
        false => Err(
            "give the name or ARN of the DynamoDB table with the state, as `vedette-state`"
                .to_owned(),
        ),
    }
}

fn topic(text: &str) -> Result<Topic, String> {
    let name = arn_resource(text, "sns").unwrap_or_default();
    match is_name(name, 1..=256) {
        true => Ok(Topic {
            arn: text.to_owned(),
            is_fifo: name.ends_with(".fifo"),
        }),
        false => Err(
            "give the ARN of the SNS topic, as `arn:aws:sns:eu-west-1:111122223333:vedette`"
                .to_owned(),
        ),
    }
}

fn stream(text: &str) -> Result<String, String> {
    match is_name(text, 1..=128) {
        true => Ok(text.to_owned()),
        false => Err("give the name of the Kinesis stream, as `vedette-records`".to_owned()),
    }
}

fn rule_source(text: &str) -> Result<RuleSource, String> {
    match text.contains("://") {
        false => Ok(RuleSource::Folder(PathBuf::from(text))),
        true => BucketPlace::parse(text)
            .map(RuleSource::Bucket)
            .map_err(|_| {
                "give a folder of the package, as `rules`, or a bucket, as `s3://bucket/prefix`"
                    .to_owned()
            }),
    }
}

fn quarantine(text: &str) -> Result<QuarantinePlace, String> {
    const FIX: &str = "give a bucket, as `s3://bucket/prefix`, or the URL of an SQS queue, or leave it unset: \
                       records that cannot be read then go to the log";
    if text.is_empty() {
        return Ok(QuarantinePlace::Log);
    }
    if text.starts_with("s3://") {
        return BucketPlace::parse(text)
            .map(QuarantinePlace::Bucket)
            .map_err(|_| FIX.to_owned());
    }
    let path = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .and_then(|rest| rest.split_once('/'));
    match path {
        Some((host, path)) if !host.is_empty() && path.ends_with(".fifo") => {
            Err("a FIFO queue holds back what follows a record; give a standard queue".to_owned())
        }
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            Ok(QuarantinePlace::Queue(text.to_owned()))
        }
        _ => Err(FIX.to_owned()),
    }
}

fn record_age(text: &str) -> Result<Option<i64>, String> {
    match text {
        "none" => Ok(None),
        age => length(age).map(Some),
    }
}

fn length(text: &str) -> Result<i64, String> {
    const FIX: &str = "give a number and a unit (s, m, h, d, w), `1s` to `366d`, as `15m`";
    let seconds = match text.char_indices().next_back() {
        Some((_, 's')) => 1,
        Some((_, 'm')) => 60,
        Some((_, 'h')) => 3_600,
        Some((_, 'd')) => 86_400,
        Some((_, 'w')) => 7 * 86_400,
        _ => return Err(FIX.to_owned()),
    };
    let digits = &text[..text.len() - 1];
    let number: Option<i64> = match digits.bytes().all(|b| b.is_ascii_digit()) {
        true => digits.parse().ok(),
        false => None,
    };
    number
        .and_then(|number| number.checked_mul(seconds * 1000))
        .filter(|ms| (1..=WINDOW_LENGTH_MAX_MS).contains(ms))
        .ok_or_else(|| FIX.to_owned())
}

/// Beginnings of names, with commas.
fn log_groups(text: &str) -> Result<Vec<String>, String> {
    names(text, |name| name).map_err(|()| {
        "give names of log groups, or how they begin, with commas: letters, digits and `_-/.#`"
            .to_owned()
    })
}

/// Names of log groups, or how they begin and a `*`.
fn patterns(text: &str) -> Result<Vec<String>, String> {
    names(text, |name| name.strip_suffix('*').unwrap_or(name)).map_err(|()| {
        "give names of log groups with commas, as `/ecs/fleet,/aws/eks/*`: letters, digits and `_-/.#`, and a `*` at \
         the end for all that begin so"
            .to_owned()
    })
}

fn names(text: &str, part: fn(&str) -> &str) -> Result<Vec<String>, ()> {
    let names: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-/.#".contains(&b);
    match names.iter().all(|name| part(name).bytes().all(is_allowed)) {
        true => Ok(names.into_iter().map(str::to_owned).collect()),
        false => Err(()),
    }
}

fn log_level(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(
            "give `error`, `warn`, `info`, `debug` or `trace`, or by target, as \
             `info,detector_lambda::sweep=debug`"
                .to_owned(),
        ),
    }
}

fn namespace(text: &str) -> Result<String, String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b" .-_/#:".contains(&b);
    let is_good = text.len() <= 255 && text.bytes().all(is_allowed) && !text.starts_with("AWS/");
    match is_good {
        true => Ok(text.to_owned()),
        false => Err(
            "give at most 255 letters, digits or characters of ` .-_/#:`, not beginning with `AWS/`"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:vedette";

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let base = [
            ("TABLE_NAME", "state"),
            ("TOPIC_ARN", TOPIC),
            ("STREAM_NAME", "records"),
        ];
        Config::read(|name| {
            let all = variables.iter().chain(&base);
            let found = all.into_iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn defaults_are_those_of_the_readme() {
        let config = read(&[("QUARANTINE", ""), ("LATENESS", " ")]).unwrap();
        assert_eq!(config.rules, RuleSource::Folder("rules".into()));
        assert_eq!(config.quarantine, QuarantinePlace::Log);
        assert_eq!(config.lateness_ms, 15 * 60_000);
        assert_eq!(config.log_level, "info");
        assert_eq!(config.metrics_namespace, "Vedette");
        assert!(!config.topic.is_fifo);
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_value_and_a_fix() {
        let wrong = [
            ("TABLE_NAME", "a b"),
            ("TOPIC_ARN", ""),
            ("STREAM_NAME", "x/y"),
            ("RULES", "http://rules"),
            ("QUARANTINE", "s3:/bucket"),
            ("LATENESS", "15 minutes"),
            ("JSON_LOG_GROUPS", "/app/a, /app/*"),
            ("APPLICATION_LOG_GROUPS", "/app/a, /*/b"),
            ("AUDIT_LOG_GROUPS", "/app a"),
            ("LOG_LEVEL", "info,x=loud"),
            ("METRICS_NAMESPACE", "AWS/Lambda"),
        ];
        let problems = read(&wrong).unwrap_err();
        assert_eq!(problems.len(), wrong.len(), "{problems:#?}");
        for (problem, (name, value)) in problems.iter().zip(wrong) {
            assert!(problem.starts_with(name), "{problem}");
            assert!(problem.contains(value), "{problem}");
            assert!(problem.contains("give"), "{problem}");
        }
        assert!(problems[1].starts_with("TOPIC_ARN is not set: give the ARN"));
    }

    #[test]
    fn log_groups_are_names_with_commas() {
        let config = read(&[("JSON_LOG_GROUPS", "/app/audit, ecs-")]).unwrap();
        assert_eq!(config.json_log_groups, ["/app/audit", "ecs-"]);
        assert!(read(&[]).unwrap().json_log_groups.is_empty());
        let config = read(&[("APPLICATION_LOG_GROUPS", "/ecs/fleet,/aws/eks/*,")]).unwrap();
        assert_eq!(config.application_log_groups, ["/ecs/fleet", "/aws/eks/*"]);
    }

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        assert_eq!(length("1s"), Ok(1_000));
        assert_eq!(length("2h"), Ok(7_200_000));
        assert_eq!(length("366d"), Ok(WINDOW_LENGTH_MAX_MS));
        for wrong in [
            "",
            "m",
            "0s",
            "-1m",
            "+1m",
            "367d",
            "1.5h",
            "15",
            "15é",
            "99999999999999999999s",
        ] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
        assert_eq!(record_age("6h"), Ok(Some(21_600_000)));
        assert_eq!(record_age("none"), Ok(None));
    }

    #[test]
    fn places_are_told_apart() {
        let config = read(&[
            (
                "TABLE_NAME",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/state",
            ),
            (
                "TOPIC_ARN",
                "arn:aws-cn:sns:cn-north-1:111122223333:vedette.fifo",
            ),
            ("RULES", "s3://rules-bucket"),
            (
                "QUARANTINE",
                "https://sqs.eu-west-1.amazonaws.com/111122223333/bad",
            ),
        ])
        .unwrap();
        assert!(config.topic.is_fifo);
        assert!(matches!(config.rules, RuleSource::Bucket(place) if place.prefix.is_empty()));
        assert!(matches!(config.quarantine, QuarantinePlace::Queue(_)));
        for wrong in ["https://sqs", "https://sqs/1/q.fifo", "s3://B/x", "queue"] {
            assert!(read(&[("QUARANTINE", wrong)]).is_err(), "{wrong}");
        }
    }
}
