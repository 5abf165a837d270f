//! Values are found wherever they are nested, and nothing around them changes.

use super::*;

/// Exchanges the word `old` and the number 1.
struct Words;

impl Rewrite for Words {
    fn scalar(&mut self, _key: &str, value: Scalar<'_>) -> Option<String> {
        match value {
            Scalar::Text("old") => Some("\"new\"".into()),
            Scalar::Number("1") => Some("22".into()),
            _ => None,
        }
    }
}

fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    record(bytes, &mut Words)
}

fn text(text: &str) -> Option<String> {
    rewritten(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn scalars_change_and_all_around_them_stays() {
    let after = text("{ \"b\" : \"old\",\n \"a\":[1, 10,\"older\"],\"\\u00e9\":1.0 }");
    let expected = "{ \"b\" : \"\\\"new\\\"\",\n \"a\":[22, 10,\"older\"],\"\\u00e9\":1.0 }";
    assert_eq!(after.as_deref(), Some(expected));
    assert_eq!(text(r#"{"old":"x"}"#), None);
    assert_eq!(text(""), None);
}

/// Notes each value with its key, and changes none.
#[derive(Default)]
struct Keys(Vec<String>);

impl Rewrite for Keys {
    fn scalar(&mut self, key: &str, value: Scalar<'_>) -> Option<String> {
        let (Scalar::Text(text) | Scalar::Number(text)) = value;
        self.0.push(format!("{key}={text}"));
        None
    }
}

#[test]
fn a_value_is_told_the_key_of_the_nearest_object() {
    let mut keys = Keys::default();
    let text =
        r#"{"a":{"b":1},"c":[2,{"d":"3"},4,[5]],"\u00e9" : "{\"f\":6}","g":[{},7]} {"h":8} 9"#;
    assert_eq!(record(text.as_bytes(), &mut keys), None);
    assert_eq!(
        keys.0,
        ["b=1", "c=2", "d=3", "c=4", "c=5", "f=6", "g=7", "h=8", "=9"]
    );
}

#[test]
fn json_in_strings_is_looked_into_at_any_depth_and_keeps_its_escapes() {
    let after = text(r#"{"m":"{\"n\":\"{\\\"a\\\":1,\\\"\\\\u00e9\\\":0}\",\"s\":\"\/\"}"}"#);
    let expected = r#"{"m":"{\"n\":\"{\\\"a\\\":22,\\\"\\\\u00e9\\\":0}\",\"s\":\"\/\"}"}"#;
    assert_eq!(after.as_deref(), Some(expected));
    let after = text(r#"{"m":"{\"a\":\"old\"}"}"#);
    let expected = r#"{"m":"{\"a\":\"\\\"new\\\"\"}"}"#;
    assert_eq!(after.as_deref(), Some(expected));
}

#[test]
fn packed_content_is_packed_again_only_where_it_changes() {
    let payload = |n| packed::deflated(format!(r#"{{"n":{n}}}"#).as_bytes());
    assert_eq!(rewritten(&payload(1)), Some(payload(22)));
    assert_eq!(rewritten(&payload(3)), None);
    assert_eq!(rewritten(&payload(1)[..20]), None);
    let in_base64 = |bytes: &[u8]| format!(r#"{{"data":"{}"}}"#, packed::base64(bytes));
    let aggregate = |n| aggregate::tests::of(&[&payload(n), b"old words", b"{}"]);
    let before = in_base64(&packed::deflated(&aggregate(1)));
    let expected = aggregate::tests::of(&[&payload(22), b"old words", b"{}"]);
    assert_eq!(text(&before), Some(in_base64(&packed::deflated(&expected))));
    assert_eq!(rewritten(&aggregate(1)), Some(expected));
}

#[test]
fn lines_are_each_what_they_are() {
    let after = text("{\"a\":1}\r\nsome old words\n[INFO] 1 old\n[1,2]\n\n{\"a\":3}");
    let expected = "{\"a\":22}\r\nsome old words\n[INFO] 1 old\n[22,2]\n\n{\"a\":3}";
    assert_eq!(after.as_deref(), Some(expected));
}

#[test]
fn damage_and_depth_do_no_harm() {
    let list = text(r#"{"Records":[{"a":1},{"a":"#);
    assert_eq!(list.as_deref(), Some(r#"{"Records":[{"a":22},{"a":"#));
    assert_eq!(text(r#"{"a":"never ends"#), None);
    assert_eq!(text(r#"{"a":"\"#), None);
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "1");
    let after = text(&deep).unwrap();
    assert!(after.ends_with(":22"));
    let mut nested = r#"{"a":1}"#.to_owned();
    for _ in 0..8 {
        nested = format!("{{\"a\":{}}}", serde_json::to_string(&nested).unwrap());
    }
    assert!(text(&nested).unwrap().contains("22"));
}
