//! Rules in a bucket: which of the files there are read, and when again. S3 is a map in memory.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use detector_core::rule::RuleFile;
use detector_core::window::load_rules;
use detector_lambda::deadline::Deadline;
use detector_lambda::place::BucketPlace;
use detector_lambda::rules::bucket::RuleBucket;

/// A bucket in memory.
#[derive(Debug, Clone, Default)]
struct Objects(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    texts: BTreeMap<String, String>,
    /// The keys that were read.
    read: Vec<String>,
}

impl Objects {
    fn put(&self, key: &str, text: &str) {
        let mut objects = self.0.lock().unwrap();
        objects.texts.insert(key.to_owned(), text.to_owned());
    }

    /// The keys that were read since the last time.
    fn read(&self) -> Vec<String> {
        let mut read = std::mem::take(&mut self.0.lock().unwrap().read);
        read.sort();
        read
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut objects = self.0.lock().unwrap();
        let path = request.uri().split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest);
        let key = path.split_once('/').map_or("", |(_, key)| key);
        let key = key
            .strip_prefix("rules/")
            .unwrap_or(key)
            .trim_end_matches('/')
            .to_owned();
        let body = match objects.texts.get(&key) {
            Some(text) => {
                let text = text.clone();
                assert_eq!(request.headers().get("if-match"), Some(&*tag(&text)));
                objects.read.push(key);
                text
            }
            None => {
                let listed = objects.texts.iter().map(|(key, text)| {
                    let tag = tag(text).replace('"', "&quot;");
                    format!("<Contents><Key>{key}</Key><ETag>{tag}</ETag></Contents>")
                });
                let listed: String = listed.collect();
                format!(
                    "<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
                )
            }
        };
        HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body))
    }

    fn bucket(&self) -> RuleBucket {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .force_path_style(true)
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let place = BucketPlace::parse("s3://rules/").unwrap();
        RuleBucket::new(Client::from_conf(config), place)
    }
}

impl HttpConnector for Objects {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}

/// The same for the same content.
fn tag(text: &str) -> String {
    format!(
        "\"{}-{}\"",
        text.len(),
        text.bytes().map(u64::from).sum::<u64>()
    )
}

async fn files(bucket: &mut RuleBucket) -> Vec<RuleFile> {
    let deadline = Deadline::after(Duration::from_secs(10));
    let listing = bucket.list(deadline).await.unwrap();
    let mut files = bucket.files(&listing, deadline).await.unwrap();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn texts(files: &[RuleFile]) -> Vec<&str> {
    files.iter().map(|file| &*file.text).collect()
}

const RULES: &str = "\
lists:
    exits: {file: lists/exits.txt}
    limits: {file: ../limits.csv, column: user, number: most}
---
title: By an exit
id: 11111111-1111-4111-8111-111111111111
name: by_exit
level: low
logsource: {product: aws, service: lambda}
detection: {exit: {ip|expand: '%exits%'}, condition: exit}
---
title: Often by an exit
id: 22222222-2222-4222-8222-222222222222
level: high
correlation: {type: event_count, rules: [by_exit], group-by: [user], timespan: 10m, condition: {gte: 5}}
vedette: {thresholds: {user: '%limits%'}}
";

#[tokio::test]
async fn lists_that_rules_name_are_read_and_read_again_when_they_change() {
    let objects = Objects::default();
    objects.put("a/rules.yml", &RULES.replace("../", ""));
    objects.put("a/lists/exits.txt", "192.0.2.1\n");
    objects.put("a/limits.csv", "user,most\nann,3\n");
    objects.put("a/other.csv", "user\nann\n");
    objects.put("exits.txt", "192.0.2.2\n");
    objects.put("a/notes.md", "nothing\n");
    let mut bucket = objects.bucket();

    let first = files(&mut bucket).await;
    let all = ["a/limits.csv", "a/lists/exits.txt", "a/rules.yml"];
    assert_eq!(objects.read(), all);
    assert!(load_rules(&first).is_ok(), "{:?}", load_rules(&first).err());
    let paths: Vec<&str> = first.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, all.map(|key| format!("s3://rules/{key}")));

    assert_eq!(texts(&files(&mut bucket).await), texts(&first));
    assert_eq!(objects.read(), [""; 0], "what is known is read again");

    objects.put("a/limits.csv", "user,most\nann,4\n");
    objects.put("a/other.csv", "user\nbob\n");
    let changed = files(&mut bucket).await;
    assert_eq!(objects.read(), ["a/limits.csv"]);
    let judged = |files: &[RuleFile]| {
        let rules = load_rules(files).unwrap();
        rules.correlations[0].window.fires_at_of(&["ann"], &[])
    };
    assert_eq!(judged(&first), "3 or more events within 10 minutes");
    assert_eq!(judged(&changed), "4 or more events within 10 minutes");
}
