//! A folder with rules in `rules/`, in which `replay` is run, and lines of logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

pub(crate) const RULE: &str = "\
title: Registration
id: 3f2b8a5e-0c7f-4a5d-9a37-1a4a8a3f0c11
name: registration
status: test
description: A vehicle registration.
author: Vedette
logsource: {product: aws, service: lambda}
detection:
    selection: {event: vehicle.register}
    condition: selection
falsepositives: [All]
tags: [attack.impact, attack.t1499.003]
level: low
vedette: {alert: false}
";

pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    /// One rule, no settings.
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file("rules/rule.yml", RULE);
        desk
    }

    /// A copy of those that ship.
    pub(crate) fn with_shipped_rules() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        copy(&root().join("rules"), &desk.path("rules"));
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn replay(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.current_dir(self.0.path()).args(args);
        command.output().unwrap()
    }

    /// What it prints where all goes well.
    pub(crate) fn init(&self, args: &[&str]) -> String {
        let output = self.replay(&[&["init", "--quiet"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Puts the file of settings in its place.
    pub(crate) fn settings(&self, page: &str) -> &Self {
        self.file("rules/vedette.yaml", page);
        self
    }

    pub(crate) fn check(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.replay(&[&["check"], args, &["rules"]].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    }

    pub(crate) fn check_is_fine(&self) {
        let (status, said) = self.check(&["--strict"]);
        assert_eq!(status, Some(0), "{said}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let copied = to.join(entry.file_name().unwrap());
        match entry.is_dir() {
            true => copy(&entry, &copied),
            false => _ = fs::copy(&entry, &copied).unwrap(),
        }
    }
}

/// A call in CloudTrail by the role `loader`, that failed where there is an error.
pub(crate) fn call(service: &str, name: &str, parameters: Value, error: Option<&str>) -> String {
    let is_write = name.starts_with("Put") || name.starts_with("Create");
    let mut line = json!({
        "eventVersion": "1.11", "eventTime": "2026-06-01T10:00:00Z", "eventID": format!("{name}-{parameters}"),
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7", "readOnly": !is_write, "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "requestParameters": parameters,
        "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"type": "Role",
            "arn": "arn:aws:iam::111122223333:role/loader"}}},
    });
    if let Some(error) = error {
        line["errorCode"] = error.into();
    }
    line.to_string()
}

/// A sign-in in Cognito's export.
pub(crate) fn sign_in(user: &str, address: &str, response: &str) -> String {
    let line = json!({
        "eventTimestamp": "2026-06-01T10:00:00Z", "eventSource": "USER_AUTH_EVENTS", "logLevel": "INFO",
        "message": {"version": "1", "eventId": user, "eventType": "SignIn", "userName": user, "userPoolId": "eu-west-1_abc",
            "clientId": "client1", "eventResponse": response, "ipAddress": address, "country": "Ireland"},
        "logSourceId": {"userPoolId": "eu-west-1_abc"},
    });
    line.to_string()
}

/// An allowed access of a user with this role to what `owner` owns.
pub(crate) fn access(role: &str, sub: &str, owner: &str) -> String {
    let line = json!({
        "timestamp": "2026-06-01T10:00:00Z", "event": "vehicle.read", "request_id": format!("{sub}-{owner}-{}", role.len()),
        "caller_role": role, "sub": sub, "owner_sub": owner, "decision": "allow", "source_ip": "198.51.100.9",
    });
    line.to_string()
}
