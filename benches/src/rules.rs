//! Generated Sigma rules in the manner of SigmaHQ's for AWS: a service and a list of calls in most, details in some.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use detector_core::rule::{RuleFile, RuleSet};
use detector_core::window::load_rules;
use fastrand::Rng;

use crate::events::known_calls;

const SERVICES: &[&str] = &[
    "iam",
    "ec2",
    "s3",
    "kms",
    "sts",
    "lambda",
    "rds",
    "eks",
    "ecs",
    "guardduty",
    "cloudtrail",
    "config",
    "route53",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "organizations",
    "glue",
    "elasticache",
];
const VERBS: &[&str] = &[
    "Create",
    "Delete",
    "Update",
    "Put",
    "Modify",
    "Attach",
    "Detach",
    "Stop",
    "Start",
    "Disable",
    "Enable",
    "Authorize",
    "Revoke",
    "Associate",
    "Disassociate",
    "Import",
    "Export",
    "Restore",
];
const NOUNS: &[&str] = &[
    "Trail",
    "Detector",
    "Cluster",
    "Snapshot",
    "Policy",
    "Role",
    "User",
    "Group",
    "Key",
    "Alias",
    "Bucket",
    "Function",
    "Table",
    "Stream",
    "Gateway",
    "Vpc",
    "Subnet",
    "Image",
    "Volume",
    "Profile",
    "Certificate",
    "Domain",
    "Queue",
    "Topic",
    "Rule",
    "Filter",
    "Recorder",
    "Channel",
];
/// Fields that rules look into beyond service, call and error.
const FIELDS: &[&str] = &[
    "userIdentity.type",
    "userIdentity.arn",
    "userIdentity.userName",
    "userIdentity.principalId",
    "userIdentity.invokedBy",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "userIdentity.sessionContext.attributes.mfaAuthenticated",
    "requestParameters.roleName",
    "requestParameters.userName",
    "requestParameters.policyArn",
    "requestParameters.bucketName",
    "requestParameters.groupId",
    "requestParameters.instanceType",
    "requestParameters.functionName",
    "requestParameters.keyId",
    "requestParameters.attribute",
    "requestParameters.ipPermissions.items.ipRanges.items.cidrIp",
    "responseElements.ConsoleLogin",
    "responseElements.publiclyAccessible",
    "responseElements.accessKey.status",
    "additionalEventData.MFAUsed",
    "requestParameters.snapshotId",
    "requestParameters.publicAccessible",
    "requestParameters.secretId",
];

/// Rules in a file; a file may not be larger than a megabyte.
const RULES_IN_FILE: usize = 500;

/// What keeps a detection rule from alerting by itself.
const SILENT: &str = "vedette: {alert: false}\n";

/// Rule files of `rules` detection rules, of which some match now and then, and two correlations, which alone alert.
pub fn files(rules: usize) -> Vec<RuleFile> {
    let mut rng = Rng::with_seed(rules as u64);
    let mut texts: Vec<String> = Vec::new();
    for number in 0..rules {
        if number % RULES_IN_FILE == 0 {
            texts.push(String::new());
        }
        let selection = match number {
            0 => ACCESS_DENIED.to_owned(),
            1 => SIGN_IN.to_owned(),
            _ => selection(&mut rng, number),
        };
        if let Some(text) = texts.last_mut() {
            header(text, number, &format!("Generated rule {number}"), "medium");
            let _ = write!(
                text,
                "name: rule_{number}\n{SILENT}logsource:\n    product: aws\n    service: cloudtrail\ndetection:\n{selection}"
            );
        }
    }
    texts.push(correlations(rules));
    (0..)
        .zip(texts)
        .map(|(at, text): (u32, _)| RuleFile {
            path: format!("generated-{at}.yml"),
            text,
        })
        .collect()
}

fn correlations(rules: usize) -> String {
    let mut text = String::new();
    for (number, (name, correlation)) in
        (rules..).zip([("denied", DENIED), ("signed_in", SIGNED_IN)])
    {
        header(&mut text, number, &format!("Correlation {name}"), "high");
        let _ = write!(text, "name: {name}\ncorrelation:\n{correlation}");
    }
    text
}

/// The same, loaded.
pub fn load(rules: usize) -> RuleSet {
    load_rules(&files(rules)).expect("generated rules are well formed")
}

/// The same, but detection rules that no correlation refers to alert by themselves.
pub fn load_alerting(rules: usize) -> RuleSet {
    let mut files = files(rules);
    for file in &mut files {
        file.text = file.text.replace(SILENT, "");
    }
    load_rules(&files).expect("generated rules are well formed")
}

/// The rules that ship, with their lists.
pub fn shipped() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    of_folder(&folder).expect("shipped rules are well formed")
}

/// The rules of a folder and of those in it.
///
/// # Errors
/// It cannot be read, or what is wrong with the rules.
pub fn of_folder(folder: &Path) -> Result<RuleSet, String> {
    let mut files = Vec::new();
    let unread = |error: io::Error| format!("{}: {error}", folder.display());
    read(folder, &mut files).map_err(unread)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    load_rules(&files).map_err(|problems| format!("{problems:?}"))
}

fn read(folder: &Path, files: &mut Vec<RuleFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_rule = |extension| extension == "yml" || extension == "yaml";
        if path.is_dir() {
            read(&path, files)?;
        } else if path.extension().is_some_and(is_rule) {
            files.push(RuleFile {
                path: path.display().to_string(),
                text: fs::read_to_string(&path)?,
            });
        }
    }
    Ok(())
}

const DENIED: &str = "    type: event_count\n    rules:\n        - rule_0\n    group-by:\n        - sourceIPAddress\n    timespan: 10m\n    condition:\n        gte: 100\n";
const SIGNED_IN: &str = "    type: value_count\n    rules:\n        - rule_1\n    group-by:\n        - awsRegion\n    timespan: 10m\n    condition:\n        field: sourceIPAddress\n        gte: 1000\n";
const ACCESS_DENIED: &str = "    selection:\n        errorCode:\n            - AccessDenied\n            - UnauthorizedOperation\n    condition: selection\n";
const SIGN_IN: &str = "    selection:\n        eventSource: cognito-idp.amazonaws.com\n        eventName:\n            - InitiateAuth\n            - RespondToAuthChallenge\n    condition: selection\n";

fn header(text: &mut String, number: usize, title: &str, level: &str) {
    if !text.is_empty() {
        text.push_str("---\n");
    }
    let _ = writeln!(
        text,
        "title: {title}\nid: 00000000-0000-4000-8000-{number:012}\nstatus: experimental\nlevel: {level}"
    );
}

fn selection(rng: &mut Rng, number: usize) -> String {
    let mut text = "    selection:\n".to_owned();
    let known: Vec<_> = known_calls().collect();
    let (service, calls) = if number % 20 == 7 {
        let (service, call) = known[rng.usize(..known.len())];
        (service.to_owned(), vec![call.to_owned()])
    } else {
        let service = SERVICES[rng.usize(..SERVICES.len())].to_owned();
        (
            service,
            (0..rng.usize(1..5)).map(|_| some_call(rng)).collect(),
        )
    };
    let _ = writeln!(text, "        eventSource: {service}.amazonaws.com");
    match number % 10 {
        3 => {
            let call = &calls[0];
            let _ = writeln!(text, "        eventName|startswith: {call}");
        }
        9 => {
            let _ = writeln!(
                text,
                "        eventName|contains: {}{}",
                some_call(rng),
                number
            );
        }
        _ if calls.len() == 1 => {
            let _ = writeln!(text, "        eventName: {}", calls[0]);
        }
        _ => {
            text.push_str("        eventName:\n");
            for call in &calls {
                let _ = writeln!(text, "            - {call}");
            }
        }
    }
    detail(rng, number, &mut text);
    text
}

/// What a third of the rules ask beside service and call.
fn detail(rng: &mut Rng, number: usize, text: &mut String) {
    let field = FIELDS[rng.usize(..FIELDS.len())];
    match number % 12 {
        1 => {
            let _ = writeln!(text, "        {field}: value-{number}");
        }
        4 => {
            let _ = writeln!(text, "        {field}|contains: part-{number}");
        }
        6 => {
            let _ = writeln!(
                text,
                "    filter:\n        {field}|startswith: service-{number}"
            );
            text.push_str("    condition: selection and not filter\n");
            return;
        }
        8 => {
            let _ = writeln!(
                text,
                "        {field}|re: '^(admin|root)-{number}[a-z]{{2,8}}$'"
            );
        }
        10 => {
            text.push_str("    filter:\n        userIdentity.type: AWSService\n");
            text.push_str("    condition: selection and not filter\n");
            return;
        }
        _ => {}
    }
    text.push_str("    condition: selection\n");
}

fn some_call(rng: &mut Rng) -> String {
    format!(
        "{}{}{}",
        VERBS[rng.usize(..VERBS.len())],
        NOUNS[rng.usize(..NOUNS.len())],
        NOUNS[rng.usize(..NOUNS.len())],
    )
}
