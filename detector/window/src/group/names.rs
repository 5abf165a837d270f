//! What makes no difference in the spelling of a field: there `Ada` and `ada` are one user, and one group.

use std::borrow::Cow;
use std::net::IpAddr;

use detector_event::field::SlotId;
use detector_rule::{RuleSet, Spelling, fold, is_folded};
use percent_encoding::percent_decode_str;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The fields that hold names whose case does not count, unless the rules say otherwise: of users of IAM, which are not
/// distinguished by case, and of Cognito, whose user pools take no notice of it unless they are told to.
pub const NAMES: [&str; 6] = [
    "message.userName",
    "requestParameters.authParameters.USERNAME",
    "requestParameters.userName",
    "requestParameters.username",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "userIdentity.userName",
];

/// The fields that hold the address of a caller.
pub const ADDRESSES: [&str; 5] = [
    "httpRequest.clientIp",
    "ip",
    "message.ipAddress",
    "sourceIPAddress",
    "source_ip",
];

/// How the fields are spelt, by slot.
#[derive(Debug)]
pub(crate) struct Names(Vec<Spelling>);

impl Names {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let slots = rules.fields.slots();
        let spelling = |slot| {
            let path = rules.fields.path(slot);
            let said = rules.spelling.get(path).copied();
            said.unwrap_or(Spelling {
                case: NAMES.contains(&path),
                unicode: NAMES.contains(&path),
                address: ADDRESSES.contains(&path),
                ..Spelling::default()
            })
        };
        Self(slots.map(spelling).collect())
    }

    /// The value as groups and counts see it.
    pub(crate) fn folded<'t>(&self, slot: SlotId, text: Cow<'t, str>) -> Cow<'t, str> {
        match self.0[slot.index()] {
            plain if plain == Spelling::default() => text,
            spelling => spelt(spelling, text),
        }
    }
}

/// What stands for all spellings of a text.
fn spelt(spelling: Spelling, text: Cow<'_, str>) -> Cow<'_, str> {
    let mut text = text;
    if spelling.percent && text.contains('%') {
        // What is no UTF-8 when decoded stays as it is.
        let decoded = percent_decode_str(&text).decode_utf8();
        if let Ok(decoded) = decoded.map(Cow::into_owned) {
            text = Cow::Owned(decoded);
        }
    }
    if spelling.case && !is_folded(&text) {
        text = Cow::Owned(fold(&text));
    }
    if spelling.unicode && !text.is_ascii() && !is_nfc(&text) {
        text = Cow::Owned(text.nfc().collect());
    }
    if spelling.dot && text.ends_with('.') {
        let name = text.trim_end_matches('.');
        if !name.is_empty() {
            text = Cow::Owned(name.to_owned());
        }
    }
    // An address of IPv4 has one spelling.
    if spelling.address
        && text.contains(':')
        && let Ok(address) = text.parse::<IpAddr>()
    {
        text = Cow::Owned(address.to_canonical().to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> String {
        let spelling = Spelling {
            percent: true,
            case: true,
            unicode: true,
            dot: true,
            address: true,
        };
        spelt(spelling, Cow::Borrowed(text)).into_owned()
    }

    #[test]
    fn spellings_of_a_value_are_one() {
        for (one, other) in [
            ("Ada", "%41DA"),
            ("E\u{301}mile", "\u{c9}MILE"),
            ("example.com.", "EXAMPLE.com"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("a%20b", "A b"),
        ] {
            assert_eq!(all(one), all(other), "{one}");
        }
        for text in ["%ff", ".", "", "100%", "ß"] {
            assert_eq!(all(text), text);
        }
        assert_ne!(all("strasse"), all("straße"));
    }

    #[test]
    fn what_is_not_said_counts() {
        for text in ["%41", "Ada", "E\u{301}", "a.", "::FFFF:192.0.2.1"] {
            assert_eq!(spelt(Spelling::default(), text.into()), text);
        }
    }
}
