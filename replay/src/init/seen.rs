//! Events go in one by one, what a service has comes out: counted, never judged.
//!
//! What nobody could prove is not counted: only calls that succeeded, sign-ins that passed and accesses that were allowed
//! tell of the service. Whoever is refused could have sent any name.

use std::sync::LazyLock;

use detector_core::event::LogSource;
use detector_core::rule::NetworkPrefix;
use regex::Regex;

use crate::init::hours::Hours;
use crate::init::line::Looked;
use crate::init::values::{Sight, Values};

/// The network of an address that rules count as one.
const NETWORK: NetworkPrefix = NetworkPrefix { ipv4: 24, ipv6: 64 };

/// Hosts in one text that are looked at.
const HOSTS_MAX: usize = 8;

/// Calls that put objects into a bucket, or take them out.
const WRITES: [&str; 5] = [
    "PutObject",
    "CopyObject",
    "CompleteMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
];

/// Names that no public host can have.
static INTERNAL_HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|local|intra|corp|lan)\b")
        .expect("a sound pattern")
});

/// What a recording shows.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// In the recording, whether anything of them is looked at or not.
    pub(super) events: u64,
    pub(super) first_ms: Option<i64>,
    pub(super) last_ms: Option<i64>,
    pub(super) clients: Values,
    pub(super) pools: Values,
    pub(super) tables: Values,
    pub(super) buckets: Values,
    pub(super) written_buckets: Values,
    /// That a knowledge source or a training was made to read.
    pub(super) source_buckets: Values,
    pub(super) functions: Values,
    pub(super) streams: Values,
    /// By which the application calls itself.
    pub(super) services: Values,
    /// `caller_role` of allowed accesses.
    pub(super) caller_roles: Values,
    /// The same, of accesses to what somebody else owns.
    pub(super) roles_beyond: Values,
    /// Roles that changed something, and the services that they did it at.
    pub(super) machine_roles: Values,
    /// From the `@` on.
    pub(super) mail_domains: Values,
    pub(super) networks: Values,
    /// The part of internal names that hosts have in common.
    pub(super) host_domains: Values,
    pub(super) countries: Values,
    pub(super) hours: Hours,
}

impl Shown {
    pub(super) fn note(&mut self, event: &Looked<'_>) {
        self.first_ms = self.first_ms.into_iter().chain(event.time_ms).min();
        self.last_ms = self.last_ms.max(event.time_ms);
        match event.source {
            LogSource::CloudTrail => self.note_call(event),
            LogSource::Cognito => self.note_user(event),
            LogSource::Lambda => self.note_application(event),
            _ => {}
        }
    }

    fn note_call(&mut self, event: &Looked<'_>) {
        if event.first("errorCode").is_some() {
            return;
        }
        let sight = sight(event, None);
        let parameter = |name: &str| event.first(&format!("requestParameters.{name}"));
        let of_service = |values: &mut Values, name: &str| {
            if let Some(value) = parameter(name) {
                values.note(last_part(value), sight);
            }
        };
        match event.first("eventSource").unwrap_or_default() {
            "cognito-idp.amazonaws.com" => {
                of_service(&mut self.clients, "clientId");
                of_service(&mut self.pools, "userPoolId");
                let sub = event.first("additionalEventData.sub");
                self.note_person(event, (event.first("sourceIPAddress"), sub));
            }
            "dynamodb.amazonaws.com" => of_service(&mut self.tables, "tableName"),
            "lambda.amazonaws.com" => of_service(&mut self.functions, "functionName"),
            "kinesis.amazonaws.com" => of_service(&mut self.streams, "streamName"),
            "s3.amazonaws.com" => {
                of_service(&mut self.buckets, "bucketName");
                if WRITES.contains(&event.first("eventName").unwrap_or_default()) {
                    of_service(&mut self.written_buckets, "bucketName");
                }
            }
            _ => {}
        }
        let read = ["dataSourceConfiguration.s3Configuration.bucketArn"];
        let trained = ["inputDataConfig.dataSource.s3DataSource.s3Uri"];
        for path in read.iter().chain(&trained) {
            for value in event.all(&format!("requestParameters.{path}")) {
                self.source_buckets.note(bucket_of(value), sight);
            }
        }
        let issuer = event.first("userIdentity.sessionContext.sessionIssuer.arn");
        if let (Some(role), Some("false")) = (issuer, event.first("readOnly")) {
            let service = event.first("eventSource").unwrap_or_default();
            let service = service.trim_end_matches(".amazonaws.com");
            self.machine_roles.note(&format!("{role} {service}"), sight);
        }
    }

    fn note_user(&mut self, event: &Looked<'_>) {
        if event.first("message.eventResponse") != Some("Pass") {
            return;
        }
        let user = event.first("message.userName");
        let person = event.first("message.userSub").or(user);
        let sight = sight(event, person);
        let plain = Sight {
            user: None,
            ..sight
        };
        for value in event.all("message.clientId") {
            self.clients.note(value, plain);
        }
        for value in event.all("message.userPoolId") {
            self.pools.note(value, plain);
        }
        if let Some(country) = event.first("message.country") {
            self.countries.note(country, plain);
        }
        if let Some(at) = user.and_then(|user| Some((user, user.rfind('@')?))) {
            let (user, at) = at;
            self.mail_domains.note(&user[at..].to_lowercase(), sight);
        }
        self.note_person(event, (event.first("message.ipAddress"), person));
    }

    fn note_application(&mut self, event: &Looked<'_>) {
        for text in ["error_message", "message"]
            .iter()
            .filter_map(|path| event.first(path))
        {
            for host in INTERNAL_HOST.find_iter(text).take(HOSTS_MAX) {
                self.host_domains
                    .note(&domain_of(host.as_str()), sight(event, None));
            }
        }
        if let Some(service) = event.first("service") {
            self.services.note(service, sight(event, None));
        }
        let is_allowed =
            event.first("decision") == Some("allow") || event.first("outcome") == Some("created");
        if !is_allowed {
            return;
        }
        let sub = event.first("sub");
        let of_user = sight(event, sub);
        if let Some(role) = event.first("caller_role") {
            self.caller_roles.note(role, of_user);
            if event
                .first("owner_sub")
                .is_some_and(|owner| Some(owner) != sub)
            {
                self.roles_beyond.note(role, of_user);
            }
        }
        self.note_person(event, (event.first("source_ip"), sub));
    }

    fn note_person(&mut self, event: &Looked<'_>, (address, person): (Option<&str>, Option<&str>)) {
        let Some(person) = person else {
            return;
        };
        self.hours.note(event.time_ms);
        if let Some(network) = address.and_then(|address| NETWORK.network_of(address)) {
            self.networks.note(&network, sight(event, Some(person)));
        }
    }
}

fn sight<'u>(event: &Looked<'_>, user: Option<&'u str>) -> Sight<'u> {
    Sight {
        time_ms: event.time_ms,
        user,
    }
}

/// The name in an ARN, or what is none.
fn last_part(value: &str) -> &str {
    match value.starts_with("arn:") {
        true => value.rsplit([':', '/']).next().unwrap_or(value),
        false => value,
    }
}

/// Of `arn:aws:s3:::NAME` or `s3://NAME/KEY`.
fn bucket_of(value: &str) -> &str {
    let name = match value.strip_prefix("s3://") {
        Some(name) => name,
        None if value.starts_with("arn:") => value.rsplit(':').next().unwrap_or(value),
        None => return value,
    };
    name.split('/').next().unwrap_or(name)
}

/// `db.fleet.internal` -> `.fleet.internal`; of two parts, the whole name.
fn domain_of(host: &str) -> String {
    let host = host.to_lowercase();
    match host.split_once('.') {
        Some((_, rest)) if rest.contains('.') => format!(".{rest}"),
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_from_what_names_them() {
        assert_eq!(
            last_part("arn:aws:dynamodb:eu-west-1:1:table/fleet-a"),
            "fleet-a"
        );
        assert_eq!(last_part("fleet-a"), "fleet-a");
        assert_eq!(bucket_of("arn:aws:s3:::fleet-data"), "fleet-data");
        assert_eq!(bucket_of("s3://fleet-data/2026/a.csv"), "fleet-data");
        assert_eq!(domain_of("DB.fleet.internal"), ".fleet.internal");
        assert_eq!(domain_of("redis.internal"), "redis.internal");
    }
}
