//! Entries of Cognito's user-activity export.

use super::caller::Caller;
use super::scribe::{Log, Scribe, text};
use crate::moment::spelled;

/// What threat protection says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// `Low`, `Medium`, `High` or nothing.
    pub level: &'static str,
    /// `PASS`, `Block` or `AccountTakeover`.
    pub decision: &'static str,
    pub is_compromised: bool,
}

impl Risk {
    pub const NONE: Self = Self::level("");

    pub const fn level(level: &'static str) -> Self {
        Self {
            level,
            decision: "PASS",
            is_compromised: false,
        }
    }
}

impl Scribe {
    /// One event of a user; nothing where there is no such user, of whom the export does not speak.
    ///
    /// `kind` is `SignIn`, `SignUp`, `ForgotPassword`, `PasswordChange` or `ResendCode`, `response` is `Pass`, `Fail` or
    /// `InProgress`, `challenges` is JSON.
    pub fn activity(
        &mut self,
        at: i64,
        who: &Caller,
        (kind, response, challenges): (&str, &str, &str),
        risk: Risk,
    ) {
        let Some(sub) = &who.sub else { return };
        let (event, request) = (self.uuid(), self.uuid());
        let source = ["USER_ACTIVITY", "USER_AUTH_EVENTS"][self.chance.usize(..2)];
        let line = format!(
            concat!(
                r#"{{"eventTimestamp":"{at}","eventSource":"{source}","logLevel":"INFO","message":{{"version":"1","#,
                r#""eventId":"{event}","eventType":"{kind}","userSub":"{sub}","userName":{name},"userPoolId":"{pool}","#,
                r#""clientId":"{client}","creationDate":"{date}","eventResponse":"{response}","riskLevel":"{level}","#,
                r#""riskDecision":"{decision}","challenges":{challenges},"deviceName":"{device}","ipAddress":"{address}","#,
                r#""requestId":"{request}","idpName":"","compromisedCredentialDetected":"{compromised}","city":"{city}","#,
                r#""country":"{country}","eventFeedbackValue":"","eventFeedbackDate":"","eventFeedbackProvider":"","#,
                r#""hasContextData":"true"}},"logSourceId":{{"userPoolId":"{pool}"}}}}"#
            ),
            at = at,
            source = source,
            event = event,
            kind = kind,
            sub = sub,
            response = response,
            challenges = challenges,
            request = request,
            name = text(&who.name),
            pool = who.pool.id,
            client = who.client,
            date = spelled(at),
            level = risk.level,
            decision = risk.decision,
            device = who.agent.device,
            address = who.place.address,
            compromised = risk.is_compromised,
            city = who.place.city,
            country = who.place.country,
        );
        self.put(Log::Cognito, at, line);
    }
}
