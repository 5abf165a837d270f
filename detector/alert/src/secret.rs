//! What looks like a secret, masked.

use std::borrow::Cow;
use std::sync::LazyLock;

use detector_window::key::Key;
use regex::{Captures, Regex};

/// What stands in place of a secret: the same for the same one, and too little to find it by.
fn mask(secret: &str) -> String {
    format!("[secret {}]", short_hash(secret))
}

/// Twenty-four bits of a hash: one can say that two are the same, and hardly more.
pub(crate) fn short_hash(text: &str) -> String {
    let hash = Key::of_texts(["secret", text]).to_u128();
    format!("{:06x}", hash & 0xff_ffff)
}

/// Forms of secrets; the group `keep`, where there is one, stays. In the order in which they are looked for.
const FORMS: &[&str] = &[
    // Private keys, whole or cut off.
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)",
    r"(?s)PuTTY-User-Key-File-\d.*",
    r"AGE-SECRET-KEY-1[A-Z0-9]{20,}",
    // user:password@host
    r"(?<keep>://[^\s/@:]*:)[^\s/@]+@",
    // JSON web tokens, signed or cut off
    r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,4}",
    r"(?i)\b(?<keep>(?:bearer|basic|digest|negotiate)\s+)[A-Za-z0-9._~+/=-]{6,}",
    // password=..., "apiKey": "..."
    concat!(
        r#"(?i)(?<keep>(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"#,
        r#"|credentials?|authorization|cookie|session[_-]?id|signature|\b(?:otp|pin))["'\\]*\s*(?:[=:]|%3[dD])\s*)"#,
        r#"(?:\\"[^"\\]*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"'\[]+)"#,
    ),
    // Access keys of AWS: the identifier is not secret, and shows which key to disable; its middle is enough to hide.
    r"\b(?<keep>(?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}\b",
    // Tokens with a telling beginning.
    concat!(
        r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|soat|cbt|ptt)-|xox[abeoprs]-|xapp-|[srp]k_(?:live|test)_|whsec_|sk-|npm_|pypi-",
        r"|AIza|ya29\.|GOCSPX-|SG\.|sq0[a-z]{3}-|shp(?:at|ca|pa|ss)_|do[opr]_v1_|dapi|dp\.[a-z]{2}\.|hv[sbr]\.|ATATT3|ATBB",
        r"|lin_api_|ntn_|pat-[a-z]{2}\d-|NRAK-|glsa_|key-|SK(?:[0-9a-f]{4})|rdme_|EAAA)[A-Za-z0-9_.=-]{16,}",
    ),
    // Of chat services: tokens of bots, and addresses that take messages from anybody.
    r"\b\d{8,10}:AA[A-Za-z0-9_-]{30,}",
    r"\b[MNO][A-Za-z0-9_-]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{25,}",
    r"(?<keep>hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/)[A-Za-z0-9_/-]{16,}",
    // Of storage accounts and signed addresses.
    r"(?i)(?<keep>\b(?:account_?key|shared_?access_?(?:key|signature)|sig|x-amz-(?:signature|security-token|credential))=)[^\s&;\[]{8,}",
];

static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compiled = FORMS.iter().map(|form| Regex::new(form));
    compiled
        .map(|form| form.expect("the forms are tested"))
        .collect()
});

/// The text with what looks like a secret replaced by `[masked]`.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for form in SECRETS.iter() {
        let replace = |found: &Captures<'_>| {
            let keep = found.name("keep").map_or("", |m| m.as_str());
            format!("{keep}{}", mask(&found[0][keep.len()..]))
        };
        if let Cow::Owned(masked) = form.replace_all(&out, replace) {
            out = Cow::Owned(masked);
        }
    }
    match long_keys(&out) {
        Some(masked) => Cow::Owned(masked),
        None => out,
    }
}

/// Length of a secret access key of AWS.
const SECRET_KEY_CHARS: usize = 40;

/// Masks words that may be secret access keys: forty characters of base64, mixed, and no hexadecimal digest.
fn long_keys(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    let is_key = |word: &str| {
        let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
        word.len() == SECRET_KEY_CHARS
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && !word.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let mut words = text.split(|c| !is_part(c));
    if !words.any(is_key) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        match is_key(word) {
            true => {
                out.push_str(&mask(word));
                out.push_str(&piece[word.len()..]);
            }
            false => out.push_str(piece),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_what_is_around_them_stays() {
        let without_hash = Regex::new(r"\[secret [0-9a-f]{6}\]").unwrap();
        for (text, expected) in [
            ("password=hunter2 user=bob", "password=[masked] user=bob"),
            (
                r#"{"apiKey": "abc def", "a": 1}"#,
                r#"{"apiKey": [masked], "a": 1}"#,
            ),
            (r#"\"secret\":\"x y\" z"#, r#"\"secret\":[masked] z"#),
            (
                "Authorization: Bearer abcdef.ghi",
                "Authorization: [masked] [masked]",
            ),
            ("sent Bearer abcdefgh now", "sent Bearer [masked] now"),
            (
                "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end",
                "token [masked] end",
            ),
            ("key AKIAIOSFODNN7EXAMPLE used", "key AKIAIOSF[masked] used"),
            (
                "with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY9 too",
                "with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY9 too",
            ),
            (
                "with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE9, too",
                "with [masked], too",
            ),
            ("postgres://app:pw@db/x", "postgres://app:[masked]db/x"),
            (
                "-----BEGIN RSA PRIVATE KEY----- MIIE -----END RSA PRIVATE KEY----- x",
                "[masked] x",
            ),
            ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[masked]"),
        ] {
            assert_eq!(
                without_hash.replace_all(&masked(text), "[masked]"),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "alice@example.com",
            "203.0.113.10",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "382ae09a-151d-4116-8f2b-6ac0a804a38c",
            "a password was mistyped",
            "arn:aws:iam::111122223333:role/deploy",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
