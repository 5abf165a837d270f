//! What identifies somebody in any text, told by its form: addresses, accounts, identifiers, tokens.

use std::net::IpAddr;

use regex::{Captures, Regex};

use super::name::Meaning;
use super::stand_in::StandIns;

/// What stands in place of a secret.
const REMOVED: &str = "REMOVED";

/// Values that name nobody and on which rules rely.
const KEPT: [&str; 5] = [
    "",
    "-",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "Anonymous",
    "unknown",
];

/// Earlier alternatives win where two begin at the same place.
const FORMS: &str = r#"(?x)
    (?P<jwt>   eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)* )
  | (?P<scheme>(?i:bearer|basic)\ +)[A-Za-z0-9+/=._~-]{8,}
  | (?P<named> (?i-u:\b(?:password|passwd|pwd|secret|client_secret|token|access_token|id_token|refresh_token|api_?key
               |x-amz-security-token|x-amz-signature|x-amz-credential))\\*["']?\s*[:=]\s*\\*["']?
             | [?&](?:code|session)= )[^&\s"'\\,;{}\[\]]+
  | (?P<email> [A-Za-z0-9._+'-]+(?:@|%40)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,} )
  | (?P<uuid>  (?-u:\b)[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?-u:\b) )
  | (?P<who>   (?P<role>(?-u:\b)AROA[A-Z0-9]{12,124}):[^\s"',:;]+ | (?::user/|:assumed-role/[^/\s"]+/)[^\s"',:;]+ )
  | (?P<aws>   (?-u:\b)A(?:KIA|SIA|IDA|ROA|GPA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{12,124}(?-u:\b) )
  | (?P<ip>    (?:[0-9A-Fa-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4})? | (?-u:\b)\d{1,3}(?:\.\d{1,3}){3} )
  | (?P<phone> \+[1-9]\d{7,14}(?-u:\b) )
  | (?P<account> \d{12,} )
"#;

/// What Cognito says of a challenge, as in `Password:Success`: no secret, and rules rely on it.
const OUTCOMES: [&str; 2] = ["Success", "Failure"];

pub(super) struct Forms {
    regex: Regex,
}

impl Forms {
    pub(super) fn new() -> Self {
        let regex = Regex::new(FORMS).expect("the expression is well formed");
        Self { regex }
    }

    /// What stands under a key of that meaning; `None` where nothing changes.
    pub(super) fn value(&self, meaning: Meaning, text: &str, names: &StandIns) -> Option<String> {
        if KEPT.contains(&text) {
            return None;
        }
        match meaning {
            Meaning::Secret => Some(REMOVED.into()),
            // A user known by mail address or identifier has the same stand-in where nothing tells it is a user.
            _ if self.is_told_by_form(text) => self.replaced(text, names),
            Meaning::User if text.ends_with(".amazonaws.com") => None,
            Meaning::User => Some(names.user(text)),
            Meaning::Thing => Some(names.thing(text)),
            Meaning::Account | Meaning::Nothing => self.replaced(text, names),
        }
    }

    fn is_told_by_form(&self, text: &str) -> bool {
        text.parse::<IpAddr>().is_ok() || text.starts_with("arn:") || self.is_one(text)
    }

    /// Whether the text is one such thing and no more.
    fn is_one(&self, text: &str) -> bool {
        let found = self.regex.find(text);
        found.is_some_and(|found| found.len() == text.len())
    }

    /// `None` where nothing changes.
    pub(super) fn replaced(&self, text: &str, names: &StandIns) -> Option<String> {
        let mut out = String::new();
        let (mut copied, mut from) = (0, 0);
        while let Some(found) = self.regex.captures_at(text, from) {
            let whole = found.get_match();
            from = whole.end();
            if found.name("ip").is_some() {
                // If it is none, one may begin within it. These are short.
                from = whole.start() + 1;
            }
            if let Some(with) = self.stand_in(text, &found, names) {
                out.push_str(&text[copied..whole.start()]);
                out.push_str(&with);
                copied = whole.end();
                from = whole.end();
            }
        }
        out.push_str(&text[copied..]);
        (out != text).then_some(out)
    }

    fn stand_in(&self, text: &str, found: &Captures<'_>, names: &StandIns) -> Option<String> {
        let whole = found.get_match();
        let is = |name| found.name(name).is_some();
        let value = whole.as_str();
        if is("jwt") {
            return Some(REMOVED.into());
        }
        if let Some(before) = found.name("scheme").or_else(|| found.name("named")) {
            if OUTCOMES.contains(&&text[before.end()..whole.end()]) {
                return None;
            }
            return Some(format!("{}{REMOVED}", before.as_str()));
        }
        if is("who") {
            let (before, who) = value.split_at(value.rfind(['/', ':'])? + 1);
            let before = match found.name("role") {
                Some(role) => format!("{}:", names.principal(role.as_str())),
                None => before.to_owned(),
            };
            let with = self.value(Meaning::User, who, names);
            return Some(format!("{before}{}", with.as_deref().unwrap_or(who)));
        }
        Some(match () {
            () if is("email") => names.email(&value.replace("%40", "@")),
            () if is("uuid") => names.uuid(value),
            () if is("aws") => names.principal(value),
            () if is("ip") => return address(text, whole.start(), value, names),
            () if is("phone") => names.phone(value),
            () => {
                let is_account =
                    value.len() == 12 && stands_alone(text, whole.start(), whole.end());
                return is_account.then(|| names.account(value));
            }
        })
    }
}

/// An address, or one with a colon after it that belongs to the text.
fn address(text: &str, start: usize, found: &str, names: &StandIns) -> Option<String> {
    let bare = found.strip_suffix(':').unwrap_or(found);
    let (ip, written) = [found, bare]
        .into_iter()
        .find_map(|it| Some((it.parse::<IpAddr>().ok()?, it)))?;
    let is_address = stands_alone(text, start, start + written.len());
    is_address.then(|| format!("{}{}", names.address(ip), &found[written.len()..]))
}

/// `Chrome/136.0.0.0` has a version, `1.2.3.4.5` is a number of a document, `io::fe` a path.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = &text.as_bytes()[..start];
    let after = &text.as_bytes()[end..];
    let is_word = |b: &u8| b.is_ascii_alphanumeric();
    let is_version =
        matches!(before, [.., word, b'/'] if is_word(word)) && text[start..end].contains('.');
    let goes_on = matches!(after, [b'.', digit, ..] if digit.is_ascii_digit());
    let is_joined = before.last().is_some_and(|b| is_word(b) || *b == b'.')
        || after.first().is_some_and(is_word);
    !is_version && !goes_on && !is_joined
}
