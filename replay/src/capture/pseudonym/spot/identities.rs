//! What AWS calls people and things: users and sessions in ARNs, principals, UUIDs; and users in URLs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::stand_in::StandIns;
use crate::capture::pseudonym::words::lists::KEPT;

const FORMS: &str = r#"(?x)
    (?P<uuid> (?-u:\b)[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?-u:\b) )
  | (?P<principal> (?-u:\b)A(?:KIA|SIA|IDA|ROA|GPA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{12,124}(?-u:\b) )(?: : (?P<session> [^\s"',:;<>(){}\[\]&?\#%]+ ) )?
  | :(?P<kind> user|federated-user|assumed-role|saml-provider|mfa|sms-mfa|u2f)/(?P<path> [^\s"',:;<>(){}\[\]&?\#%]+ )
"#;

static FORM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(FORMS).expect("the expression is well formed"));
/// `444455556666:ada`, as the principal of who is federated.
static FEDERATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{12}:([A-Za-z][A-Za-z0-9_.@+=-]*)").expect("the expression is well formed")
});

pub(in crate::capture::pseudonym) fn spot(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    for all in FORM.captures_iter(text) {
        if let Some(uuid) = all.name("uuid") {
            found.push(Found::new(
                uuid.range(),
                What::Uuid,
                names.uuid(uuid.as_str()),
            ));
        } else if let Some(principal) = all.name("principal") {
            let with = names.principal(principal.as_str());
            found.push(Found::new(principal.range(), What::Principal, with));
            if let Some(session) = all.name("session") {
                user(text, session.range(), names, found);
            }
        } else {
            path(text, &all, names, found);
        }
    }
    for all in FEDERATED.captures_iter(text) {
        // In an ARN, another colon stands before the account, and behind it what kind of thing it is.
        let before = text[..all.get_match().start()].bytes().next_back();
        if let Some(name) = all.get(1)
            && !before.is_some_and(|b| b == b':' || b.is_ascii_alphanumeric())
        {
            user(text, name.range(), names, found);
        }
    }
    in_urls(text, names, found);
}

/// `user/division/ada`, `assumed-role/Deploy/ada`: the name of a role stays.
fn path(text: &str, all: &Captures<'_>, names: &StandIns, found: &mut Vec<Found>) {
    let (Some(kind), Some(path)) = (all.name("kind"), all.name("path")) else {
        return;
    };
    let last = path.as_str().trim_end_matches('.').split('/').count() - 1;
    let mut start = path.start();
    for (nth, part) in path.as_str().trim_end_matches('.').split('/').enumerate() {
        let range = start..start + part.len();
        start = range.end + 1;
        match (kind.as_str(), nth == last) {
            _ if part.is_empty() => {}
            ("assumed-role", _) if nth == 0 => {}
            ("saml-provider", _) | (_, false) => {
                found.push(Found::new(range, What::Thing, names.thing(part)));
            }
            (_, true) => user(text, range, names, found),
        }
    }
}

/// Whether the text begins with an identifier of AWS: `AROA…:session`
pub(in crate::capture::pseudonym) fn begins_as_principal(text: &str) -> bool {
    let found = FORM.captures(text).and_then(|all| all.name("principal"));
    found.is_some_and(|it| it.start() == 0)
}

/// A user's name, unless it is told by a form.
pub(in crate::capture::pseudonym) fn user(
    text: &str,
    range: Range<usize>,
    names: &StandIns,
    found: &mut Vec<Found>,
) {
    let name = &text[range.clone()];
    let is_known = KEPT.contains(&name)
        || name.ends_with(".amazonaws.com")
        || name.contains('@')
        || name.starts_with("arn:");
    let has_form = FORM.find(name).is_some_and(|it| it.len() == name.len());
    if !is_known && !has_form && name.parse::<std::net::IpAddr>().is_err() {
        found.push(Found::new(range, What::User, names.user(name)));
    }
}

/// `scheme://user:password@host`. The password may have slashes and signs in it.
fn in_urls(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    const LENGTH_MAX: usize = 1024;
    for at in memchr::memmem::find_iter(text.as_bytes(), "://") {
        let is_after_scheme = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let start = at + 3;
        let window = text[start..].char_indices().take(LENGTH_MAX);
        let window = window
            .take_while(|(_, c)| !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | '`'));
        let length = window.last().map_or(0, |(at, c)| at + c.len_utf8());
        let rest = &text[start..start + length];
        let host = rest.find(['/', '?', '#']).unwrap_or(length);
        let colon = rest.find(':').filter(|colon| *colon < host);
        // Behind the host, a sign is a part of the path, unless the host would have had a port that is none.
        let is_port = |colon: usize| {
            let port = &rest[colon + 1..host];
            port.is_empty() || port.bytes().all(|b| b.is_ascii_digit())
        };
        let within = match colon {
            Some(colon) if !rest[..host].contains('@') && !is_port(colon) => length,
            _ => host,
        };
        let Some(sign) = rest[..within].rfind('@').filter(|_| is_after_scheme) else {
            continue;
        };
        let colon = colon.filter(|colon| *colon < sign);
        let user_end = start + colon.unwrap_or(sign);
        if user_end > start {
            let name = &text[start..user_end];
            found.push(Found::new(start..user_end, What::User, names.user(name)));
        }
        if let Some(colon) = colon
            && colon + 1 < sign
        {
            found.push(Found::secret(start + colon + 1..start + sign));
        }
    }
}
