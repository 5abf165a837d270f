//! Names and values in attributes of elements: `<input name="password" value="…">`, `<user name="…">`,
//! `<Attribute Name="username"><AttributeValue>…`.

use std::sync::LazyLock;

use regex::Regex;

use super::pair::Pair;
use crate::capture::pseudonym::key::Meaning;

/// A name, and the value beside it or behind the tag.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r#"(?x)
        (?-u:\b)(?i:name|key|id)\s?=\s?["'](?P<name>[A-Za-z0-9_:.@/-]{1,64})["']
        (?: [\x20-\x3b\x3d\x3f-\x7e]{0,64}? (?i:value)\s?=\s?["'](?P<value>[^"'<>]+)
          | [\x20-\x3b\x3d\x3f-\x7e]{0,64} > \s{0,8} (?:<[A-Za-z0-9_:.-]{1,64}>\s{0,8})? (?P<content>[^<>\s][^<>]*) )"#;
    Regex::new(expression).expect("the expression is well formed")
});
/// The name of what the element is.
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    let expression = r#"(?x)
        <(?P<element>[A-Za-z0-9_.-]{1,64}) \s [\x20-\x3b\x3d\x3f-\x7e]{0,128}? (?i:name|login)=["'](?P<own>[^"'<>]+)"#;
    Regex::new(expression).expect("the expression is well formed")
});

pub(in crate::capture::pseudonym) fn of(text: &str, pairs: &mut Vec<Pair>) {
    if memchr::memchr(b'<', text.as_bytes()).is_none() {
        return;
    }
    let mut add = |meaning: Meaning, value: Option<regex::Match<'_>>| {
        let is_told = !matches!(
            meaning,
            Meaning::Nothing | Meaning::Vocabulary | Meaning::Digest
        );
        let value = value.filter(|_| is_told).map(|it| it.range());
        pairs.extend(value.map(|value| Pair { meaning, value }));
    };
    for all in NAMED.captures_iter(text) {
        let value = all.name("value").or_else(|| all.name("content"));
        add(Meaning::of(&all["name"], ""), value);
    }
    for all in OWN.captures_iter(text) {
        add(Meaning::of("name", &all["element"]), all.name("own"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_attributes_name_is_read() {
        for (text, wanted) in [
            (r#"<input name="password" value="x7">"#, "x7"),
            (r#"<user id="3" name="ada"/>"#, "ada"),
            (
                r#"<a:Attribute Name="username"><a:Value>ada</a:Value>"#,
                "ada",
            ),
            (r#"<Data Name='TargetUserName'>ada</Data>"#, "ada"),
        ] {
            let mut pairs = Vec::new();
            of(text, &mut pairs);
            let told: Vec<_> = pairs.into_iter().map(|it| &text[it.value]).collect();
            assert_eq!(told, [wanted], "{text}");
        }
    }
}
