//! Entries of API Gateway's access log in the recommended format, and of WAF.

use super::caller::Caller;
use super::scribe::{Log, Scribe, text};

impl Scribe {
    pub fn gateway(&mut self, at: i64, who: &Caller, (method, route, status): (&str, &str, u16)) {
        let (request, extended) = (self.uuid(), self.chance.u64(..));
        let latency = 30 + self.chance.u32(..200);
        let kind = match status {
            401 => "UNAUTHORIZED",
            403 => "ACCESS_DENIED",
            429 => "THROTTLED",
            502 => "DEFAULT_5XX",
            504 => "INTEGRATION_TIMEOUT",
            _ => "-",
        };
        let integration = match status {
            401 | 403 | 429 => "-".to_owned(),
            _ => status.to_string(),
        };
        let line = format!(
            concat!(
                r#"{{"requestId":"{}","extendedRequestId":"{:015x}=","requestTimeEpoch":"{}","accountId":"111122223333","#,
                r#""apiId":"w0rld5api1","stage":"prod","ip":"{}","sub":"{}","httpMethod":"{}","resourcePath":{},"#,
                r#""status":"{}","protocol":"HTTP/1.1","responseLength":"812","responseLatency":"{}","#,
                r#""integrationStatus":"{}","errorType":"{}"}}"#
            ),
            request,
            extended,
            at,
            who.place.address,
            who.sub_text(),
            method,
            text(route),
            status,
            latency,
            integration,
            kind
        );
        self.put(Log::Gateway, at, line);
    }

    /// WAF's log is filtered to what it blocked or counted.
    pub fn waf(&mut self, at: i64, who: &Caller, (action, rule): (&str, &str), uri: &str) {
        let request = self.uuid();
        let sent = if action == "BLOCK" { "403" } else { "null" };
        let line = format!(
            concat!(
                r#"{{"timestamp":{at},"formatVersion":1,"#,
                r#""webaclId":"arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/fleet-world/00000000-0000-4000-a000-000000000001","#,
                r#""terminatingRuleId":"{rule}","terminatingRuleType":"MANAGED_RULE_GROUP","action":"{action}","#,
                r#""terminatingRuleMatchDetails":[],"httpSourceName":"APIGW","httpSourceId":"111122223333:w0rld5api1:prod","#,
                r#""ruleGroupList":[],"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"#,
                r#""responseCodeSent":{sent},"httpRequest":{{"clientIp":"{address}","country":"DE","#,
                r#""headers":[{{"name":"Host","value":"api.fleet.example.com"}},{{"name":"User-Agent","value":{agent}}}],"#,
                r#""uri":{uri},"args":"","httpVersion":"HTTP/2.0","httpMethod":"GET","requestId":"{request}"}},"labels":[]}}"#
            ),
            at = at,
            rule = rule,
            action = action,
            sent = sent,
            address = who.place.address,
            agent = text(who.agent.text),
            uri = text(uri),
            request = request,
        );
        self.put(Log::Waf, at, line);
    }
}
