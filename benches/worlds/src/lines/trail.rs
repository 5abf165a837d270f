//! Entries of CloudTrail: calls to Cognito, its hosted pages, sign-ins to the console.

use super::caller::Caller;
use super::scribe::{Log, Scribe, text};
use crate::moment::{SECOND, iso_seconds};

pub(super) const HIDDEN: &str = r#""HIDDEN_DUE_TO_SECURITY_REASONS""#;
const ANONYMOUS: &str = r#"{"type":"Unknown","principalId":"Anonymous"}"#;
const ACCOUNT: &str = "111122223333";

/// A call to Cognito.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'c> {
    pub name: &'c str,
    /// Code and message.
    pub error: Option<(&'c str, &'c str)>,
    /// JSON of `requestParameters` and `responseElements`; nothing is `null`.
    pub request: &'c str,
    pub response: &'c str,
    /// Whether the entry says whose account it is.
    pub has_sub: bool,
}

/// The parts in which entries of CloudTrail differ, in JSON but for the first four.
pub(super) struct Entry<'e> {
    pub(super) source: &'e str,
    pub(super) name: &'e str,
    pub(super) kind: &'e str,
    pub(super) host: &'e str,
    pub(super) identity: &'e str,
    pub(super) request: &'e str,
    pub(super) response: &'e str,
    pub(super) extra: &'e str,
    /// More fields, each with a comma in front.
    pub(super) more: &'e str,
    /// `Management` or `Data`.
    pub(super) category: &'e str,
}

fn or_null(json: &str) -> &str {
    if json.is_empty() { "null" } else { json }
}

fn error((code, message): (&str, &str)) -> String {
    let (code, message) = (text(code), text(message));
    format!(r#","errorCode":{code},"errorMessage":{message}"#)
}

/// Whoever has the role of that name.
pub(super) fn role(name: &str) -> String {
    format!(
        concat!(
            r#"{{"type":"AssumedRole","principalId":"AROASYNTHETIC:{0}","arn":"arn:aws:sts::{1}:assumed-role/{0}/{0}","#,
            r#""accountId":"{1}","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::{1}:role/{0}","userName":"{0}"}}}}}}"#
        ),
        name, ACCOUNT
    )
}

/// The user of the account of that name.
pub(super) fn user(name: &str) -> String {
    format!(
        r#"{{"type":"IAMUser","principalId":"AIDASYNTHETIC{0}","arn":"arn:aws:iam::{ACCOUNT}:user/{1}","accountId":"{ACCOUNT}","accessKeyId":"","userName":"{1}"}}"#,
        name.to_uppercase(),
        name
    )
}

impl Scribe {
    /// A call to the API of Cognito by an app on somebody's behalf.
    pub fn call(&mut self, at: i64, who: &Caller, call: Call<'_>) {
        self.call_as(at, who, call, ANONYMOUS);
    }

    /// A call by a back end with rights of its own, as the role of that name.
    pub fn call_of_role(&mut self, at: i64, who: &Caller, call: Call<'_>, name: &str) {
        self.call_as(at, who, call, &role(name));
    }

    fn call_as(&mut self, at: i64, who: &Caller, call: Call<'_>, identity: &str) {
        let extra = match &who.sub {
            Some(sub) if call.has_sub => format!(r#"{{"sub":"{sub}"}}"#),
            _ => String::new(),
        };
        let entry = Entry {
            source: "cognito-idp.amazonaws.com",
            name: call.name,
            kind: "AwsApiCall",
            host: "cognito-idp.eu-west-1.amazonaws.com",
            identity,
            request: call.request,
            response: call.response,
            extra: &extra,
            more: &call.error.map(error).unwrap_or_default(),
            category: "Management",
        };
        self.trail(at, who, &entry);
    }

    /// A hosted page that was asked for (`…_GET`) or sent (`…_POST`).
    pub fn hosted_page(&mut self, at: i64, who: &Caller, name: &str, status: u16) {
        let extra = format!(
            concat!(
                r#"{{"responseParameters":{{"status":{status}.0}},"requestParameters":{{"client_id":["{client}"],"#,
                r#""response_type":["code"],"redirect_uri":["https://fleet.example.com"],"username":[{hidden}],"#,
                r#""password":[{hidden}],"_csrf":[{hidden}]}},"#,
                r#""userPoolDomain":"fleet-world.auth.eu-west-1.amazoncognito.com","userPoolId":"{pool}"}}"#
            ),
            status = status,
            client = who.client,
            hidden = HIDDEN,
            pool = who.pool.id,
        );
        let entry = Entry {
            source: "cognito-idp.amazonaws.com",
            name,
            kind: "AwsServiceEvent",
            host: "fleet-world.auth.eu-west-1.amazoncognito.com",
            identity: r#"{"accountId":"111122223333"}"#,
            request: "",
            response: "",
            extra: &extra,
            more: r#","errorCode":"","errorMessage":"","serviceEventDetails":{"serviceAccountId":"444455556666"}"#,
            category: "Management",
        };
        self.trail(at, who, &entry);
    }

    /// A sign-in to the AWS console by the user of that name, or by `root`.
    pub fn console(
        &mut self,
        at: i64,
        who: &Caller,
        name: &str,
        is_let_in: bool,
        has_factor: bool,
    ) {
        let identity = match name {
            "root" => format!(
                r#"{{"type":"Root","principalId":"{ACCOUNT}","arn":"arn:aws:iam::{ACCOUNT}:root","accountId":"{ACCOUNT}","accessKeyId":""}}"#
            ),
            _ => user(name),
        };
        let (outcome, more) = match is_let_in {
            true => ("Success", ""),
            false => ("Failure", r#","errorMessage":"Failed authentication""#),
        };
        let factor = if has_factor && is_let_in { "Yes" } else { "No" };
        let entry = Entry {
            source: "signin.amazonaws.com",
            name: "ConsoleLogin",
            kind: "AwsConsoleSignIn",
            host: "eu-west-1.signin.aws.amazon.com",
            identity: &identity,
            request: "",
            response: &format!(r#"{{"ConsoleLogin":"{outcome}"}}"#),
            extra: &format!(
                r#"{{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"{factor}"}}"#
            ),
            more,
            category: "Management",
        };
        self.trail(at, who, &entry);
    }

    pub(super) fn trail(&mut self, at: i64, who: &Caller, entry: &Entry<'_>) {
        let at = at - at.rem_euclid(SECOND);
        let (request_id, event_id) = (self.uuid(), self.uuid());
        let line = format!(
            concat!(
                r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"{time}","eventSource":"{source}","#,
                r#""eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"{address}","userAgent":{agent},"#,
                r#""requestParameters":{request},"responseElements":{response},"additionalEventData":{extra},"#,
                r#""requestID":"{request_id}","eventID":"{event_id}","readOnly":false,"eventType":"{kind}","#,
                r#""managementEvent":{management},"recipientAccountId":"{account}","eventCategory":"{category}","#,
                r#""tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","#,
                r#""clientProvidedHostHeader":"{host}"}}{more}}}"#
            ),
            request_id = request_id,
            event_id = event_id,
            identity = entry.identity,
            time = iso_seconds(at),
            source = entry.source,
            name = entry.name,
            address = who.place.address,
            agent = text(who.agent.text),
            request = or_null(entry.request),
            response = or_null(entry.response),
            extra = or_null(entry.extra),
            kind = entry.kind,
            account = ACCOUNT,
            host = entry.host,
            more = entry.more,
            management = entry.category == "Management",
            category = entry.category,
        );
        self.put(Log::Trail, at, line);
    }
}
