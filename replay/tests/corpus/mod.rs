//! A log with people and secrets in it, all made up: each person and secret, in each form of log, in several spellings,
//! whole and damaged. What was put in is listed beside.

mod forms; // forms of logs
mod tried; // what somebody tried
pub(crate) mod reading; // what is left of it

use forms::{FORMS, SENTENCES};

/// Something that must not be left, under the key that logs have for it.
pub(crate) struct Planted {
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    /// Told by its form, so that it is found without a key.
    pub(crate) has_form: bool,
}

const fn by_key(key: &'static str, value: &'static str) -> Planted {
    Planted {
        key,
        value,
        has_form: false,
    }
}

const fn by_form(key: &'static str, value: &'static str) -> Planted {
    Planted {
        key,
        value,
        has_form: true,
    }
}

pub(crate) const PLANTED: [Planted; 44] = [
    by_key("username", "zelda.quist"),
    by_key("given_name", "Ottokar"),
    by_key("familyName", "Brennschmidt"),
    by_key("user_id", "wq8831kd"),
    by_key("sourceIdentity", "mirabelle"),
    by_key("deviceName", "zelda-iphone-12"),
    by_key("license_plate", "HH-ZQ 4711"),
    by_key("street", "Tannenweg 17b"),
    by_key("vin", "WVWZZZ1JZ3W386752"),
    by_form("email", "zelda.quist@quistwerk.example"),
    by_form("mail", "zelda+shop@mail.quistwerk.co"),
    by_form("contactEmail", "zoë.müller@quistwerk.example"),
    by_form("source_ip", "81.2.69.144"),
    by_form("clientIp", "203.0.113.77"),
    by_form("remote_addr", "2a01:4f8:c17:1::7"),
    by_form("phone_number", "+4915112345678"),
    by_form("accountId", "444455556666"),
    by_form("sub", "0453171e-831e-46bb-a512-a4a6d2e6c5ef"),
    by_form("caller", "arn:aws:iam::444455556666:user/zelda-quist"),
    by_form(
        "session_arn",
        "arn:aws:sts::444455556666:federated-user/zelda-quist",
    ),
    by_form("accessKeyId", "AKIAQWERTYUIOPASDFGH"),
    by_key("password", "korrekt-pferd"),
    by_key("userPassword", "s3cr,et&x"),
    by_key("DB_PASSWORD", "hunter2hunter2"),
    by_key("passphrase", "blau-kaefer-9"),
    by_key("x-api-key", "kq2mzz81xx"),
    by_key("Set-Cookie", "sid=qq77ww99ee"),
    by_key("sessionid", "9f8e7d6cq"),
    by_key("accessKey", "vvbb7733nn"),
    by_key("otp", "993311"),
    by_key("connectionString", "Server=db;Pwd=xkcd936"),
    by_key(
        "aws_secret_access_key",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzEXAMPLEKY",
    ),
    by_form(
        "note",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ6ZWxkYSJ9.c2lnbmF0dXJl",
    ),
    by_form("note", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    by_form("note", "xoxb-2048-4096-AbCdEfGhIjKlMnOp"),
    by_form("note", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    by_form("note", "AIzaSyD4x0Q2Vb3nM5pL7kJ9hG1fD3sA5qW7eR9"),
    by_form(
        "note",
        "SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc1s5cr",
    ),
    by_form("note", "glpat-Zx9YwVuTsRqPoNmLkJiH"),
    by_form("note", "sk-ant-api03-AbCdEf123456GhIjKl789012"),
    by_form("note", "npm_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"),
    by_form("note", "4111 1111 1111 1111"),
    by_form("note", "DE89 3704 0044 0532 0130 00"),
    by_form("note", "q9Zt3LkV7bXw2RmN8cYh4JpD6sFg1TaEuQvW5xKz"),
];

/// Spellings of what has forms of its own, which are the planted ones, too.
pub(crate) const SPELT: [(&str, &str); 40] = [
    ("81.2.69.144", "user/81.2.69.144 refused"),
    ("81.2.69.144", "dial tcp 10.0.0.9:3306->81.2.69.144:4431"),
    ("81.2.69.144", "[::ffff:81.2.69.144]:443"),
    (
        "81.2.69.144",
        "ec2-81-2-69-144.eu-central-1.compute.amazonaws.com",
    ),
    ("81.2.69.144", "PTR 144.69.2.81.in-addr.arpa"),
    ("81.2.69.144", "IP 81.2.69.144.443 > 10.0.0.1.55"),
    ("81.2.69.144", "peer81.2.69.144 lost"),
    ("81.2.69.144", r#"{"ip":1359103376}"#),
    ("81.2.69.144", r#"{"client_ip":"0x51.0x2.0x45.0x90"}"#),
    ("81.2.69.144", "blocked 81.2.69.144/32"),
    ("81.2.69.144", "x-forwarded-for: 81.2.69.144, 10.1.1.1"),
    ("81.2.69.144", "MyApp/81.2.69.144"),
    (
        "2a01:4f8:c17:1::7",
        "from 2A01:04F8:0C17:0001:0000:0000:0000:0007",
    ),
    ("2a01:4f8:c17:1::7", "[2a01:4f8:c17:1::7]:443"),
    (
        "2a01:4f8:c17:1::7",
        "fe80::1%eth0 2a01:4f8:c17:1:0:0:0:7/128",
    ),
    ("2a01:4f8:c17:1::7", "ip=2a01%3A4f8%3Ac17%3A1%3A%3A7"),
    (
        "2a01:4f8:c17:1::7",
        "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.7.1.c.0.8.f.4.0.1.0.a.2.ip6.arpa",
    ),
    (
        "zelda.quist@quistwerk.example",
        "mail to <Zelda.Quist@QUISTWERK.example>",
    ),
    (
        "zelda.quist@quistwerk.example",
        "mailto:zelda.quist%40quistwerk.example",
    ),
    (
        "zelda.quist@quistwerk.example",
        "x zelda.quist%2540quistwerk.example",
    ),
    (
        "zelda.quist@quistwerk.example",
        "zelda.quist&#64;quistwerk.example",
    ),
    (
        "zelda.quist@quistwerk.example",
        "zelda.quist (at) quistwerk (dot) example",
    ),
    (
        "zelda.quist@quistwerk.example",
        r#"{"a":"zelda.quist\u0040quistwerk.example"}"#,
    ),
    ("zelda quist", r#"RCPT TO: "zelda quist"@quistwerk.example"#),
    ("quistwerk", "bounced at ops@xn--quistwerk-9ya.example"),
    (
        "zelda-quist",
        "arn:aws:sts::444455556666:assumed-role/Deploy/zelda-quist is not allowed",
    ),
    ("zelda-quist", "AROAQWERTYUIOPASDFGH:zelda-quist"),
    (
        "zelda-quist",
        "arn:aws:iam::444455556666:user/staff/zelda-quist",
    ),
    ("zelda-quist", "arn:aws:iam::444455556666:mfa/zelda-quist"),
    (
        "zelda-quist",
        "Failed password for invalid user zelda-quist from 81.2.69.144 port 22",
    ),
    (
        "zelda-quist",
        "Access denied for user 'zelda-quist'@'localhost' (using password: YES)",
    ),
    ("zelda-quist", "postgres://zelda-quist:pw@db.example/x"),
    ("qx7!pq", "postgres://fleet:qx7!pq@db.example/x"),
    ("qx7!pq", "mysql --user=fleet --password qx7!pq -h db"),
    (
        "qq77ww99ee",
        "curl -H 'Cookie: a=b; sid=qq77ww99ee' https://x.example",
    ),
    (
        "qq77ww99ee",
        "Authorization: Basic cXE3N3d3OTllZTpxcTc3d3c5OWVl",
    ),
    ("+4915112345678", "call +49 (151) 1234-5678 now"),
    ("+4915112345678", "tel:+49-151-1234-5678"),
    (
        "zelda-quist",
        "81.2.69.144 - zelda-quist [21/May/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12",
    ),
    (
        "T0AB/B0CD/xYz",
        "POST https://hooks.slack.com/services/T0AB/B0CD/xYz",
    ),
];

/// All lines, each with what was put into it.
pub(crate) fn lines() -> Vec<(String, &'static str, String)> {
    let mut lines = Vec::new();
    for planted in &PLANTED {
        for (name, form) in FORMS {
            lines.push((
                format!("{name}: {}", planted.key),
                planted.value,
                form(planted.key, planted.value),
            ));
        }
        for (name, form) in SENTENCES.iter().filter(|_| planted.has_form) {
            lines.push((
                format!("{name}: {}", planted.key),
                planted.value,
                form(planted.key, planted.value),
            ));
        }
    }
    lines.extend(
        SPELT
            .iter()
            .chain(&tried::TRIED)
            .map(|(value, line)| ((*line).to_owned(), *value, (*line).to_owned())),
    );
    lines
}
