//! What a value is, by the key under which it stands, in any spelling: `userPassword`, `DB_PASSWORD`, `x-api-key`.
//!
//! A key is taken apart into words, and these decide. Where a key only speaks of a secret (`tokenUse`,
//! `passwordLastUsed`), its last word says so.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::capture::pseudonym::words::lists;
pub(super) use crate::capture::pseudonym::words::meaning::Meaning;

/// Keys whose meanings are kept.
const KNOWN_MAX: usize = 20_000;

impl Meaning {
    /// `parent` is the key of the object around it, empty where there is none.
    pub(super) fn of(key: &str, parent: &str) -> Self {
        // A log has few keys, and each a million times.
        thread_local! {
            static KNOWN: RefCell<HashMap<String, Meaning>> = RefCell::default();
        }
        let both = format!("{parent}\n{key}");
        if let Some(meaning) = KNOWN.with_borrow(|known| known.get(&both).copied()) {
            return meaning;
        }
        let meaning = Meaning::told(key, parent);
        KNOWN.with_borrow_mut(|known| {
            if known.len() < KNOWN_MAX {
                known.insert(both, meaning);
            }
        });
        meaning
    }

    fn told(key: &str, parent: &str) -> Self {
        let words = words(key);
        let Some(last) = words.last() else {
            return Meaning::Nothing;
        };
        let bare = words.concat();
        if lists::TYPES_OF_VALUES.contains(&key) && !parent.is_empty() {
            return Meaning::of(parent, "");
        }
        if lists::NO_SECRETS.contains(&&*bare) {
            return Meaning::Nothing;
        }
        if is_secret(&words, &bare) {
            let is_header = words.iter().any(|it| lists::HEADERS.contains(&&**it));
            return if is_header {
                Meaning::Header
            } else {
                Meaning::Secret
            };
        }
        let of_person = is_person(parent) && lists::OF_PERSONS.contains(&&*bare);
        let is_alone = words.len() == 1 && lists::USERS_ALONE.contains(&&**last);
        let is_named = match &words[..] {
            [.., person, name] => name == "name" && lists::PERSONS.iter().any(|it| is(person, it)),
            _ => false,
        };
        let is_of_user = is_alone || of_person || is_named || words.len() > 1 && last == "by";
        for (meaning, list) in &lists::MEANINGS {
            let is_it = ends_with_one(&words, list) || *meaning == Meaning::User && is_of_user;
            if is_it {
                return *meaning;
            }
        }
        match () {
            () if lists::DIGESTS.contains(&&**last) => Meaning::Digest,
            () if lists::VERSIONS.contains(&&**last) => Meaning::Version,
            () if lists::VOCABULARY.contains(&&**last) => Meaning::Vocabulary,
            () => Meaning::Nothing,
        }
    }

    /// Whether all that stands under it goes, objects and lists as well.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Meaning::Secret | Meaning::Header)
    }
}

fn is_person(key: &str) -> bool {
    let words = words(key);
    let is_by = words.len() > 1 && words.last().is_some_and(|last| last == "by");
    let is_one = |last: &String| lists::PERSONS.iter().any(|it| is(last, it));
    is_by || words.last().is_some_and(is_one)
}

/// Whether the word is `of`, or several of it.
fn is(word: &str, of: &str) -> bool {
    word.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest == "s")
}

/// Whether the words end as one of the list does, whose members have a space between words.
fn ends_with_one(words: &[String], list: &[&str]) -> bool {
    list.iter().any(|one| {
        let mut wanted = one.rsplit(' ');
        let apart = words
            .iter()
            .rev()
            .zip(&mut wanted)
            .all(|(word, it)| is(word, it));
        let joined = || {
            let last = words.last().map_or("", |it| it);
            last.len() + 1 >= one.len() && is(last, &one.replace(' ', ""))
        };
        apart && wanted.next().is_none() || joined()
    })
}

fn is_secret(words: &[String], bare: &str) -> bool {
    let [first, ..] = words else { return false };
    let last = &words[words.len() - 1];
    let speaks_of = words.len() > 1
        && (lists::DESCRIPTORS.contains(&&**last) && !bare.ends_with("sessionid")
            || lists::QUESTIONS.contains(&&**first));
    if speaks_of {
        return false;
    }
    let has = |one: &str| words.iter().any(|word| is(word, one));
    let has_pair = |pair: &str| {
        pair.split_once(' ').is_some_and(|(one, other)| {
            words.windows(2).any(|it| it[0] == one && is(&it[1], other))
        })
    };
    lists::SECRETS.iter().any(|one| has(one))
        || lists::SECRET_PAIRS.iter().any(|pair| has_pair(pair))
        || lists::SECRETS_AT_END.iter().any(|one| is(last, one))
        || words.iter().any(|word| has_secret_within(word))
}

/// `dbpassword`, `accesstoken`: words that were written as one. `tokenuse` speaks of one.
fn has_secret_within(word: &str) -> bool {
    let joined = lists::SECRET_PAIRS.iter().map(|pair| pair.replace(' ', ""));
    let parts = lists::SECRET_PARTS.iter().map(|it| (*it).to_owned());
    parts.chain(joined).any(|part| {
        word.find(&part).is_some_and(|at| {
            let tail = &word[at + part.len()..];
            !lists::DESCRIPTORS
                .iter()
                .any(|it| it.len() > 1 && tail.ends_with(it))
        })
    })
}

/// The words of a key, in lowercase, without numbers at their ends.
fn words(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if !bare.is_empty() {
            words.push(bare.to_owned());
        }
        word.clear();
    };
    let chars: Vec<char> = key.chars().take(KEY_CHARS_MAX).collect();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            end(&mut word);
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        let is_after_lower = before.is_some_and(|it| it.is_lowercase() || it.is_ascii_digit());
        let is_before_lower = chars.get(at + 1).is_some_and(|it| it.is_lowercase());
        let is_end_of_acronym = before.is_some_and(char::is_uppercase) && is_before_lower;
        if c.is_uppercase() && (is_after_lower || is_end_of_acronym) {
            end(&mut word);
        }
        word.extend(c.to_lowercase());
    }
    end(&mut word);
    words
}

/// A longer key is nobody's.
const KEY_CHARS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_in_any_spelling() {
        for (meaning, keys) in [
            (
                Meaning::Secret,
                "accessToken x-amz-security-token PASSWORD session token_2 userPassword DB_PASSWORD dbpassword \
                 x-api-key aws_secret_access_key sessionid sessionId JSESSIONID passphrase pass db.pass auth accessKey \
                 privateKey private_key_id_rsa connectionString ConnectionStrings signature X-Amz-Signature otp pin \
                 mfaCode csrf xsrfToken jwt newPassword2 clientSecret SecretString passwordHash password_confirmation \
                 X-Amz-Credential accesstoken stripeApiKeys passwd SAMLResponse cardNumber iban",
            ),
            (
                Meaning::Header,
                "Set-Cookie cookie authorization Proxy-Authorization http.request.header.cookie",
            ),
            (
                Meaning::User,
                "user userName user_name cognito:username owner_sub userSub fromSub given_name familyName FIRSTNAME \
                 e-mail emailAddress sourceIdentity roleSessionName createdBy nickname birthdate principalId owner Owners",
            ),
            (
                Meaning::Thing,
                "vin VIN vehicle_id resource_id deviceName licensePlate plate serialNumber partitionKey",
            ),
            (Meaning::Account, "recipientAccountId account_id account"),
            (Meaning::Phone, "phone_number phoneNumber mobile"),
            (
                Meaning::Place,
                "street lat lon city postal_code home_address latitude",
            ),
            (
                Meaning::Address,
                "sourceIPAddress source_ip ip x-forwarded-for clientIp remote_addr cidrIp",
            ),
            (
                Meaning::Nothing,
                "token_use tokenUse sessionContext sessionIssuer passwordLastUsed secretsmanager keyId mfaAuthenticated \
                 MFAUsed userAgent userPoolId userIdentity tokenCount nextToken secretId authorizer hasPassword \
                 publicKeyId passed tokenizer",
            ),
            (
                Meaning::Vocabulary,
                "eventName eventType errorCode authenticationType tokenType logLevel",
            ),
            (Meaning::Digest, "codeSha256 etag"),
            (Meaning::Version, "appVersion"),
        ] {
            for key in keys.split_whitespace() {
                assert_eq!(Meaning::of(key, ""), meaning, "{key}");
            }
        }
        assert_eq!(Meaning::of("name", "customer"), Meaning::User);
        assert_eq!(Meaning::of("name", "table"), Meaning::Vocabulary);
        assert_eq!(Meaning::of("S", "password"), Meaning::Secret);
    }
}
