//! Forms in which logs write a value under a key, or without one.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// How a log writes a value under a key.
pub(crate) type Form = (&'static str, fn(&str, &str) -> String);

fn json(key: &str, value: &str) -> String {
    serde_json::json!({"event": "vehicle.read", key: value, "status": 200}).to_string()
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn packed(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).expect("memory");
    writer.finish().expect("memory")
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b.is_ascii_alphanumeric() {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect()
}

fn unicode(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

pub(crate) const FORMS: [Form; 34] = [
    ("JSON", json),
    ("JSON in JSON", |k, v| {
        format!(r#"{{"message":{},"level":"INFO"}}"#, string(&json(k, v)))
    }),
    ("JSON twice in JSON", |k, v| {
        let inner = format!(r#"{{"body":{}}}"#, string(&json(k, v)));
        format!(r#"{{"message":{}}}"#, string(&inner))
    }),
    ("within objects and lists", |k, v| {
        format!(r#"{{"a":[{{"b":{{{}:[{}]}}}}]}}"#, string(k), string(v))
    }),
    ("typed", |k, v| {
        format!(r#"{{"Item":{{{}:{{"S":{}}}}}}}"#, string(k), string(v))
    }),
    ("tag", |k, v| {
        format!(
            r#"{{"tags":[{{"key":{},"value":{}}}]}}"#,
            string(k),
            string(v)
        )
    }),
    ("tag, value first", |k, v| {
        format!(
            r#"{{"Tags":[{{"Value":{},"Key":{}}}]}}"#,
            string(v),
            string(k)
        )
    }),
    ("header", |k, v| {
        format!(
            r#"{{"headers":[{{"name":{},"value":{}}}]}}"#,
            string(k),
            string(v)
        )
    }),
    ("every character escaped", |k, v| {
        format!(r#"{{"x":1,{}:"{}"}}"#, string(k), unicode(v))
    }),
    ("cut off", |k, v| {
        format!(r#"{{"event":"e",{}:{},"status":2"#, string(k), string(v))
    }),
    ("cut off within the value", |k, v| {
        let text = string(v);
        format!(r#"{{"event":"e",{}:{}"#, string(k), &text[..text.len() - 1])
    }),
    ("a comma too many", |k, v| {
        format!(
            r#"{{"event":"e",,{}:{},"status":200}}"#,
            string(k),
            string(v)
        )
    }),
    ("a quote of a client's", |k, v| {
        format!(r#"{{"agent":"a"b",{}:{}}}"#, string(k), string(v))
    }),
    ("words behind", |k, v| format!("{} took 3 ms", json(k, v))),
    ("words before", |k, v| {
        format!(
            "2026-05-21T10:00:00.000Z\tc29d1a50-1e2f-4c5d-8a9b-0c1d2e3f4a5b\tINFO\t{}",
            json(k, v)
        )
    }),
    ("damaged in a string", |k, v| {
        let inner = json(k, v);
        format!(r#"{{"message":{}}}"#, string(&inner[..inner.len() - 3]))
    }),
    ("escaped in text", |k, v| {
        format!("body was {}", string(&json(k, v)))
    }),
    ("escaped and cut in text", |k, v| {
        let text = string(&json(k, v));
        format!("body was {}", &text[..text.len() - 4])
    }),
    ("Python", |k, v| {
        format!("{{'event': 'e', '{k}': '{v}', 'n': 1}}")
    }),
    ("pairs", |k, v| format!("level=info {k}={} n=1", string(v))),
    ("pairs in a query", |k, v| {
        format!(
            "GET /reset?a=1&{}={}&next=1 HTTP/1.1",
            percent(k),
            percent(v)
        )
    }),
    ("a form in JSON", |k, v| {
        format!(r#"{{"body":"a=1&{}={}&b=2"}}"#, percent(k), percent(v))
    }),
    ("percent twice", |k, v| {
        format!(
            "redirect=/x%3F{}%3D{}",
            percent(&percent(k)),
            percent(&percent(v))
        )
    }),
    ("XML", |k, v| {
        format!("<r><{k}>{}</{k}></r>", v.replace('&', "&amp;"))
    }),
    ("quoted by key", |k, v| {
        format!("failed with {k}: '{v}' at once")
    }),
    ("base64", |k, v| {
        format!(r#"{{"data":"{}"}}"#, STANDARD.encode(json(k, v)))
    }),
    ("base64 for URLs", |k, v| {
        format!("state {}", URL_SAFE_NO_PAD.encode(json(k, v)))
    }),
    ("base64 in lines", |k, v| {
        let text = STANDARD.encode(json(k, v));
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(32)
            .map(String::from_utf8_lossy)
            .collect();
        format!(r#"{{"payload":{}}}"#, string(&lines.join("\r\n")))
    }),
    ("base64 of base64", |k, v| {
        let inner = format!(r#"{{"data":"{}"}}"#, STANDARD.encode(json(k, v)));
        format!(r#"{{"kinesis":{{"data":"{}"}}}}"#, STANDARD.encode(inner))
    }),
    ("gzip", |k, v| {
        format!(
            r#"{{"awslogs":{{"data":"{}"}}}}"#,
            STANDARD.encode(packed(&json(k, v)))
        )
    }),
    ("hexadecimal", |k, v| {
        let digits: String = json(k, v).bytes().map(|b| format!("{b:02x}")).collect();
        format!("frame {digits}")
    }),
    ("another alphabet around it", |k, v| {
        format!(r#"{{"стр":"Привет","{k}":{}}}"#, string(v))
    }),
    ("colours", |k, v| {
        format!("\u{1b}[32mINFO\u{1b}[0m {k}={}", string(v))
    }),
    ("lines of their own", |k, v| {
        format!(
            "{{\"message\":{}}}",
            string(&format!("first\n{}\nlast", json(k, v)))
        )
    }),
];

/// Sentences in which only the form tells.
pub(crate) const SENTENCES: [Form; 8] = [
    ("prose", |_, v| format!("could not reach {v}, giving up")),
    ("brackets", |_, v| format!("peer [{v}] went away")),
    ("parentheses", |_, v| format!("[ERROR] denied ({v})")),
    ("end of sentence", |_, v| format!("It was {v}.")),
    ("JSON text", |_, v| {
        format!(r#"{{"message":{}}}"#, string(&format!("seen: {v}; next")))
    }),
    ("a list", |_, v| format!(r#"["x",{}]"#, string(v))),
    ("a key", |_, v| format!(r#"{{{}:3}}"#, string(v))),
    ("tabs", |_, v| format!("a\t{v}\tb")),
];
