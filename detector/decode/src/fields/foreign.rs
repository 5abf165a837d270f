//! Names for forms that are told apart from logs that are read here, so that people see what their input is.
//!
//! A name is all that comes of it: rules see the event as they see any other.

use crate::text::moment;
use detector_event::field::SlotId;
use detector_event::slots::Slots;

/// Keys of JSON that no log has which is read here; all of a row have to be there.
pub(crate) const JSON: [(&[&str], &str); 16] = [
    (&["class_uid", "metadata"], "OCSF"),
    (
        &["schemaVersion", "service.detectorId"],
        "GuardDuty finding",
    ),
    (
        &["SchemaVersion", "Service.DetectorId"],
        "GuardDuty finding",
    ),
    (&["SchemaVersion", "ProductArn"], "Security Hub finding"),
    (&["configurationItems", "fileVersion"], "AWS Config"),
    (&["configurationItem", "messageType"], "AWS Config"),
    (&["digestStartTime", "logFiles"], "CloudTrail digest"),
    (&["digestStartTime", "digestS3Bucket"], "CloudTrail digest"),
    (
        &["firewall_name", "event_timestamp"],
        "Network Firewall log",
    ),
    (&["query_timestamp", "query_name"], "Route 53 query log"),
    (&["srcaddr", "dstaddr"], "VPC flow log"),
    (&["findings", "detail-type"], "Security Hub finding"),
    (&["Records.s3.object.key"], "S3 notification"),
    (&["s3.object.key", "s3.bucket.name"], "S3 notification"),
    (&["resourceLogs.scopeLogs.logRecords"], "OpenTelemetry logs"),
    (&["streams.values"], "Loki streams"),
];

/// The slots of a row of [`JSON`], and its name.
pub(crate) type Row = (Vec<SlotId>, &'static str);

/// The name of a JSON object that is no log read here.
pub(crate) fn json(slots: &Slots<'_>, rows: &[Row]) -> Option<&'static str> {
    let has_all = |row: &&Row| row.0.iter().all(|slot| slots.is_present(*slot));
    rows.iter().find(has_all).map(|row| row.1)
}

/// The name of a line of text that is of no log read here.
pub(crate) fn text(line: &str) -> Option<&'static str> {
    let mut words = line.split([' ', '\t']);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let is_elb = matches!(first, "http" | "https" | "h2" | "grpcs" | "ws" | "wss");
    if is_elb && is_moment(second) {
        return Some("load balancer access log");
    }
    if first == "tls" && words.next().is_some_and(is_moment) {
        return Some("load balancer access log");
    }
    if line.starts_with("#Version:") || line.starts_with("#Fields:") {
        return Some("CloudFront or W3C log");
    }
    let is_flow = is_number(first) && is_account(second) && line.contains("eni-");
    if is_flow || line.starts_with("version account-id interface-id") {
        return Some("VPC flow log");
    }
    if first.len() == 10
        && line.as_bytes()[4] == b'-'
        && is_clock(second)
        && line.split('\t').count() >= 9
    {
        return Some("CloudFront or W3C log");
    }
    if is_moment(first)
        && second.starts_with(|c: char| c.is_ascii_alphabetic())
        && line.contains(" \"")
        && is_endpoint(words.next())
    {
        return Some("load balancer access log");
    }
    if is_owner(first) && line.contains(" [") {
        return Some("S3 server access log");
    }
    if first.len() == 3 && first.starts_with("1.") && is_moment(second) {
        return Some("Route 53 query log");
    }
    if is_common_log(line) {
        return Some("Common Log Format");
    }
    if is_syslog(line) {
        return Some("syslog");
    }
    other_text(line)
}

/// Whether lines of that name are another log of AWS, wherever they come from; applications write the other forms, too.
pub(crate) fn is_log_of_aws(name: &str) -> bool {
    const LOGS: [&str; 5] = [
        "load balancer access log",
        "CloudFront or W3C log",
        "VPC flow log",
        "S3 server access log",
        "Route 53 query log",
    ];
    LOGS.contains(&name)
}

/// Beginnings that say what follows.
fn other_text(line: &str) -> Option<&'static str> {
    const BEGINNINGS: [(&str, &str); 12] = [
        ("CEF:0|", "CEF"),
        ("LEEF:", "LEEF"),
        ("<?xml", "XML"),
        ("<!DOCTYPE html", "HTML"),
        ("<html", "HTML"),
        ("<Event ", "Windows event log"),
        ("{\\rtf", "RTF"),
        ("+--", "table"),
        ("|  ", "table"),
        ("---", "YAML or table"),
        ("%PDF-", "PDF"),
        ("Permission Check Successful", "test object of an export"),
    ];
    let named = BEGINNINGS
        .iter()
        .find(|(beginning, _)| line.starts_with(beginning));
    if let Some((_, name)) = named {
        return Some(name);
    }
    let is_literal = (line.starts_with('{') || line.starts_with('[')) && line.len() > 1;
    if is_literal {
        return Some("damaged JSON");
    }
    is_csv(line).then_some("CSV")
}

fn is_moment(word: &str) -> bool {
    word.len() >= 19 && moment::at_start(word).is_some_and(|(_, rest)| rest.is_empty())
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_account(word: &str) -> bool {
    word == "unknown" || word.len() == 12 && is_number(word)
}

fn is_clock(word: &str) -> bool {
    word.len() == 8 && word.as_bytes()[2] == b':' && word.as_bytes()[5] == b':'
}

/// The canonical id of a bucket's owner.
fn is_owner(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_endpoint(word: Option<&str>) -> bool {
    let port = word.and_then(|word| word.rsplit_once(':'));
    port.is_some_and(|(_, port)| is_number(port))
}

/// `ADDRESS - - [03/May/2026:12:00:00 +0000] "GET / …`
fn is_common_log(line: &str) -> bool {
    let Some((head, after)) = line.split_once(" [") else {
        return false;
    };
    let Some((time, rest)) = after.split_once(']') else {
        return false;
    };
    head.split(' ').count() >= 3 && moment::of_text(time).is_some() && rest.starts_with(" \"")
}

/// `<34>1 2003-10-11T…`, `<13>Oct 11 22:14:15 …`, `Oct 11 22:14:15 host …`
fn is_syslog(line: &str) -> bool {
    let bare = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((priority, rest)) if priority.len() <= 3 && is_number(priority) => {
            return !rest.is_empty();
        }
        _ => line,
    };
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = bare.split_ascii_whitespace();
    let is_month = words.next().is_some_and(|word| MONTHS.contains(&word));
    is_month
        && words
            .next()
            .is_some_and(|day| day.len() <= 2 && is_number(day))
        && words.next().is_some_and(is_clock)
}

/// At least three cells, all in quotes; or a heading of names alone.
fn is_csv(line: &str) -> bool {
    let mut cells = line.split(',');
    let quoted = line.starts_with('"') && line.ends_with('"') && line.matches("\",\"").count() >= 2;
    let is_cell = |cell: &str| {
        !cell.is_empty()
            && cell
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.@-".contains(&b))
    };
    quoted || line.contains(',') && cells.all(is_cell)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn lines_of_other_logs_have_their_names() {
        for (line, name) in [
            (
                "2 111122223333 eni-0a 203.0.113.7 10.0.0.1 443 5000 6 1 40 1 2 REJECT OK",
                "VPC flow log",
            ),
            ("version account-id interface-id srcaddr", "VPC flow log"),
            ("#Version: 1.0", "CloudFront or W3C log"),
            (
                "2026-05-03\t12:00:00\tFRA\t10\t203.0.113.7\tGET\td\t/\t500",
                "CloudFront or W3C log",
            ),
            (
                "https 2026-05-03T12:00:00.186641Z app/lb/50dc 192.0.2.7:2817",
                "load balancer access log",
            ),
            (
                "tls 2.0 2026-05-03T12:00:00 net/lb/c6 g3 192.0.2.7:51341",
                "load balancer access log",
            ),
            (
                "2026-05-03T12:00:00.945958Z lb 192.0.2.7:2817 10.0.0.1:80 0.1 0.2 0.3 200 200 0 29 \"GET /\"",
                "load balancer access log",
            ),
            (
                "1.0 2026-05-03T12:00:00.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.0.2.8 -",
                "Route 53 query log",
            ),
            (
                "203.0.113.5 - - [03/May/2026:12:00:00 +0000] \"GET /v/1 HTTP/1.1\" 403 10",
                "Common Log Format",
            ),
            (
                "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - failed",
                "syslog",
            ),
            ("Oct 11 22:14:15 host su: failed", "syslog"),
            (
                "CEF:0|Vendor|Product|1.0|100|failed|10|src=192.0.2.1",
                "CEF",
            ),
            ("<?xml version=\"1.0\"?>", "XML"),
            ("\"a\",\"b\",\"c\"", "CSV"),
            ("a,b", "CSV"),
            ("{ event: 'vehicle.read' }", "damaged JSON"),
        ] {
            assert_eq!(text(line), Some(name), "{line}");
        }
        let owner = "79a5".repeat(16);
        let line = format!("{owner} bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3");
        assert_eq!(text(&line), Some("S3 server access log"));
    }

    #[test]
    fn prose_has_no_name() {
        for line in [
            "",
            "x",
            "started",
            "a, b and c",
            "May the 4th be with you",
            "é",
            "http is up",
            "2026-05-03T12:00:00Z up",
            "tls",
        ] {
            assert_eq!(text(line), None, "{line}");
        }
    }
}
