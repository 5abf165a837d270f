//! The log of a model's invocations, what the application says of them, and calls that change what a model knows.

use super::caller::Caller;
use super::scribe::{Log, Scribe, text};
use super::trail::{Entry, role, user};
use crate::moment::{SECOND, iso_seconds};

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Answered,
    /// The guardrail stepped in.
    Stopped,
    /// Too many at once.
    Throttled,
}

/// Who calls AWS with rights of its own.
#[derive(Debug, Clone, Copy)]
pub enum Principal<'p> {
    Role(&'p str),
    User(&'p str),
}

impl Principal<'_> {
    fn identity(self) -> String {
        match self {
            Self::Role(name) => role(name),
            Self::User(name) => user(name),
        }
    }
}

impl Scribe {
    /// The model was asked on somebody's behalf. Texts are not delivered.
    pub fn asked(&mut self, at: i64, who: &Caller, said: Said) {
        let at = at - at.rem_euclid(SECOND);
        let request = self.uuid();
        let (asked, answered) = (800 + self.chance.u32(..900), 80 + self.chance.u32(..600));
        let output = |stop: &str, tokens: u32| {
            format!(
                r#","output":{{"outputContentType":"application/json","outputBodyJson":{{"stopReason":"{stop}"}},"outputTokenCount":{tokens}}}"#
            )
        };
        let rest = match said {
            Said::Answered => output("end_turn", answered),
            Said::Stopped => output("guardrail_intervened", 24),
            Said::Throttled => r#","errorCode":"ThrottlingException""#.to_owned(),
        };
        let line = format!(
            concat!(
                r#"{{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"{}","accountId":"111122223333","#,
                r#""region":"eu-west-1","requestId":"{}","#,
                r#""identity":{{"arn":"arn:aws:sts::111122223333:assumed-role/fleet-assistant/fleet-assistant"}},"#,
                r#""operation":"Converse","modelId":"eu.example.assistant-v1:0","requestMetadata":{{"sub":"{}"}},"#,
                r#""input":{{"inputContentType":"application/json","inputTokenCount":{}}}{}}}"#
            ),
            iso_seconds(at),
            request,
            who.sub_text(),
            asked,
            rest
        );
        self.put(Log::Model, at, line);
    }

    /// The application says which vehicle the model told of.
    pub fn told_of(&mut self, at: i64, who: &Caller, vehicle: &str) {
        let fields = format!(
            r#""model":"fleet-assistant","resource_type":"vehicle","resource_id":"{vehicle}","outcome":"answered""#
        );
        self.application(at, "model.predict", who, &fields);
    }

    /// An object of a bucket is written.
    pub fn write_object(
        &mut self,
        at: i64,
        who: &Caller,
        by: Principal<'_>,
        bucket: &str,
        key: &str,
    ) {
        let request = format!(r#"{{"bucketName":"{bucket}","key":{}}}"#, text(key));
        self.trail(
            at,
            who,
            &Entry {
                source: "s3.amazonaws.com",
                name: "PutObject",
                kind: "AwsApiCall",
                host: "s3.eu-west-1.amazonaws.com",
                identity: &by.identity(),
                request: &request,
                response: "",
                extra: "",
                more: "",
                category: "Data",
            },
        );
    }

    /// A call of Bedrock that changes a model, its sources or what guards it.
    pub fn change_model(&mut self, at: i64, who: &Caller, by: Principal<'_>, call: (&str, &str)) {
        self.trail(
            at,
            who,
            &Entry {
                source: "bedrock.amazonaws.com",
                name: call.0,
                kind: "AwsApiCall",
                host: "bedrock-agent.eu-west-1.amazonaws.com",
                identity: &by.identity(),
                request: call.1,
                response: "",
                extra: "",
                more: "",
                category: "Management",
            },
        );
    }
}
