//! Secrets told by their form: keys in PEM, tokens with the marks of those who make them, and long words that look as if
//! they were drawn at random.

use std::sync::LazyLock;

use regex::Regex;

use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::packed::opened;
use crate::capture::pseudonym::stand_in::{REMOVED, REMOVED_JWT};

/// Each begins with a mark of its own and goes on over all that a token may have, so that nothing is looked at twice.
const FORMS: &str = r"(?x)
    (?P<jwt> eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)* )
  | (?-u:\b)(?: gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{20,} | gl[a-z]{2,5}-[A-Za-z0-9_.-]{16,}
    | ATBB[A-Za-z0-9]{16,} | ATATT3[A-Za-z0-9_=-]{20,} | ATCTT3[A-Za-z0-9_=-]{20,}
    | xox[a-z]-[A-Za-z0-9-]{8,} | xapp-[A-Za-z0-9-]{8,}
    | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,} | whsec_[A-Za-z0-9+/=]{16,} | access_token\$[a-z]+\$[A-Za-z0-9$]{16,}
    | sq0[a-z]{3}-[A-Za-z0-9_-]{16,} | EAAA[A-Za-z0-9_-]{40,} | EAA[A-Za-z0-9]{40,}
    | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{16,} | GOCSPX-[A-Za-z0-9_-]{16,} | 1//0[A-Za-z0-9_-]{20,}
    | [spt]k\.eyJ[A-Za-z0-9_.-]{8,}
    | npm_[A-Za-z0-9]{20,} | pypi-[A-Za-z0-9_-]{20,} | rubygems_[0-9a-f]{20,} | dckr_pat_[A-Za-z0-9_-]{16,}
    | SG\.[A-Za-z0-9_.-]{20,} | (?:AC|SK)[0-9a-f]{32} | key-[0-9a-f]{32} | [0-9a-f]{32}-us\d{1,2}
    | sk-[A-Za-z0-9_-]{16,} | hf_[A-Za-z0-9]{20,} | r8_[A-Za-z0-9]{20,} | gsk_[A-Za-z0-9]{20,}
    | shp[a-z]{2}_[0-9a-fA-F]{20,} | do[opr]_v1_[0-9a-f]{20,} | dapi[0-9a-f]{32} | gls[a-z]_[A-Za-z0-9_]{20,}
    | glc_[A-Za-z0-9+/=]{20,} | hv[sbr]\.[A-Za-z0-9_-]{16,} | dp\.[a-z]{2,4}\.[A-Za-z0-9]{16,} | lin_api_[A-Za-z0-9]{16,}
    | ntn_[A-Za-z0-9]{20,} | figd_[A-Za-z0-9_-]{16,} | sntry[a-z]_[A-Za-z0-9_=.+/-]{16,} | NRAK-[A-Z0-9]{16,}
    | PMAK-[0-9a-f-]{16,} | pul-[0-9a-f]{20,} | AGE-SECRET-KEY-1[A-Z0-9]{20,} | vc[a-z]?_[A-Za-z0-9]{20,}
    | \d{8,12}:[A-Za-z0-9_-]{33,} | [MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,} )
  | (?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9-]{1,40}|sk-ssh-[a-z0-9@.-]{1,40})\ {1,4}AAAA[A-Za-z0-9+/=]+(?:\ [A-Za-z0-9._-]+@[A-Za-z0-9._-]+)?
  | (?P<hook> (?i: hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/ | discord(?:app)?\.com/api/webhooks/
    | api\.telegram\.org/bot | outlook\.office(?:365)?\.com/webhook/ | webhook\.office\.com/
    | hooks\.zapier\.com/hooks/ | logic\.azure\.com(?::\d+)?/ | chat\.googleapis\.com/v1/spaces/ ) )[^\s'<>\x22]+
  | (?P<query> [?&](?i:code|session|ticket|assertion|oobcode)= )[^&\s'\x22<>\\]{6,}
  | (?P<scheme> (?i:(?-u:\b)(?:bearer|basic|digest|negotiate)\ {1,4}) )(?P<given> [A-Za-z0-9+/=._~-]{8,} )
";

static SECRET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(FORMS).expect("the expression is well formed"));
static PEM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN ([A-Z0-9 ]{1,40})-----").expect("the expression is well formed")
});
static LONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9+/_-]{32,}={0,2}").expect("the expression is well formed")
});

pub(in crate::capture::pseudonym) fn spot(text: &str, found: &mut Vec<Found>) {
    for all in SECRET.captures_iter(text) {
        let whole = all.get_match();
        let with = match (
            all.name("jwt"),
            all.name("hook").or_else(|| all.name("query")),
            all.name("scheme"),
            all.name("given"),
        ) {
            // Without a dot it is the beginning of packed JSON, which is looked into, or of what was cut off.
            (Some(jwt), ..) if !jwt.as_str().contains('.') && opened(jwt.as_str()).is_some() => {
                continue;
            }
            (Some(_), ..) => REMOVED_JWT.to_owned(),
            (_, Some(kept), ..) => format!("{}{REMOVED}", kept.as_str()),
            (_, _, Some(scheme), Some(given)) if is_given(scheme.as_str(), given.as_str()) => {
                format!("{}{}", scheme.as_str(), removed(given.as_str()))
            }
            (_, _, Some(_), _) => continue,
            _ => REMOVED.to_owned(),
        };
        let kept = all
            .name("hook")
            .or_else(|| all.name("query"))
            .or_else(|| all.name("scheme"))
            .map_or(0, |it| it.len());
        let range = whole.start() + kept..whole.end();
        found.push(Found::new(range, What::Secret, with[kept..].to_owned()));
    }
    pem(text, found);
}

/// In place of a token of that form.
pub(in crate::capture::pseudonym) fn removed(token: &str) -> &'static str {
    match token.starts_with("eyJ") {
        true => REMOVED_JWT,
        false => REMOVED,
    }
}

/// Behind `Bearer`, but not in `bearer authentication` and `basic settings`.
fn is_given(scheme: &str, word: &str) -> bool {
    const WORDS: [&str; 3] = ["authentication", "authorization", "credentials"];
    let is_word = word
        .bytes()
        .all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'-'));
    let is_bearer = scheme.trim().eq_ignore_ascii_case("bearer");
    !is_word || is_bearer && !WORDS.contains(&word.trim_end_matches('.'))
}

/// Keys and certificates, to their end or that of the text. Their first line stays, for rules look for it.
fn pem(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(all) = PEM.captures_at(text, from) {
        let begin = all.get_match().end();
        let end = memchr::memmem::find(&text.as_bytes()[begin..], b"-----END ");
        from = end.map_or(text.len(), |end| begin + end);
        if from > begin {
            found.push(Found::secret(begin..from));
        }
    }
}

/// Words of unknown make that look random: of all kinds of characters, in no order that a name has.
pub(in crate::capture::pseudonym) fn spot_random(text: &str, found: &mut Vec<Found>) {
    for one in LONG.find_iter(text) {
        // Paths and names are made of words; what is random is so throughout.
        let bare = one.as_str().trim_matches(['/', '=', '-', '_', '+']);
        if is_random(bare) && !bare.split(['-', '_', '/', '+']).any(is_wordy) {
            found.push(Found::secret(one.range()));
        }
    }
}

/// Whether capitals stand where no word begins, and digits where no number is, in at least a fifth of all places.
fn is_random(word: &str) -> bool {
    let bytes = word.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    if bytes.len() < 32
        || !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit))
    {
        return false;
    }
    odd_places(bytes) * 5 >= bytes.len()
}

/// Whether a part of a word is a name, as in `AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b`.
fn is_wordy(part: &str) -> bool {
    const LENGTH_MIN: usize = 10;
    part.len() >= LENGTH_MIN && odd_places(part.as_bytes()) * 8 < part.len()
}

fn odd_places(bytes: &[u8]) -> usize {
    let odd = bytes.windows(3).filter(|it| {
        let begins_no_word = it[0].is_ascii_uppercase()
            && !(it[1].is_ascii_lowercase() && it[2].is_ascii_lowercase());
        let begins_number = !it[0].is_ascii_digit() && it[1].is_ascii_digit();
        begins_no_word || begins_number
    });
    odd.count()
}

/// A line within a key of several lines: nothing but base64.
pub(in crate::capture::pseudonym) fn is_line_of_pem(line: &str) -> bool {
    let line = line.split("-----END ").next().unwrap_or_default().trim();
    line.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}
