//! The rule's steps with the values filled in.

use std::net::{IpAddr, Ipv6Addr};

use detector_incident::entities::Entity;
use detector_rule::{EntityKind, EntityRole};

use super::told::Message;
use crate::neutral::neutral;

/// What stands for `USER` in a query of Cognito's log, where a `sub` is no user name.
const USER_OF_LOG: &str = "message.userName";

/// A word of a rule's steps that stands for a value, and the kinds of entity that it may be.
const PLACEHOLDERS: [(&str, &[EntityKind]); 9] = [
    ("ADDRESS", &[EntityKind::Address]),
    ("NETWORK", &[EntityKind::Network]),
    ("USER", &[EntityKind::User, EntityKind::Sub]),
    (USER_OF_LOG, &[EntityKind::User]),
    ("SUB", &[EntityKind::Sub]),
    ("POOL", &[EntityKind::Pool]),
    ("CLIENT", &[EntityKind::Client]),
    ("ROUTE", &[EntityKind::Route]),
    ("VEHICLE", &[EntityKind::Resource]),
];

/// The steps of the lead's rule, each placeholder that stands for one value only with that value in its place.
pub(super) fn steps(message: &Message<'_>) -> String {
    let unknown = "The rule does not say: add `response` under `vedette:` in its file.";
    let response = message.lead().rule.meta.response.as_deref();
    let known = PLACEHOLDERS.into_iter();
    let values: Vec<(&str, String)> = known
        .filter_map(|(placeholder, kinds)| Some((placeholder, only_value(message, kinds)?)))
        .collect();
    filled(response.unwrap_or(unknown), &values)
}

/// The one value of these kinds that the steps are about: of who fell to it, or else of who did it, or else of the rest.
fn only_value(message: &Message<'_>, kinds: &[EntityKind]) -> Option<String> {
    let roles = [
        EntityRole::Opened,
        EntityRole::Actor,
        EntityRole::Tried,
        EntityRole::Reached,
        EntityRole::Scope,
    ];
    for role in roles {
        let of_lead = message.lead().entities.iter();
        let mut values: Vec<&Entity> = of_lead
            .filter(|of| of.role == role && kinds.contains(&of.kind))
            .collect();
        values.dedup_by(|one, other| one.value == other.value);
        match values.as_slice() {
            [] => {}
            [one] if one.kind == EntityKind::Route => {
                return Some(one.value.clone()).filter(|value| is_quotable(value));
            }
            [one] => return Some(one.value.clone()).filter(|value| is_harmless(value)),
            // Which of them is meant only a person can say.
            _ => return None,
        }
    }
    None
}

/// Whether a value can stand in a command between quotes or without any, as it is: it ends no word, begins no option and is
/// no link, nor with what stands after it (`ADDRESS/32`). A mail address is one only to a mail program.
pub(super) fn is_harmless(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:@+/-=".contains(c);
    let is_address = value.parse::<IpAddr>().is_ok();
    let begins = value
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    let as_mail = value.split_once('@').is_some_and(|(name, host)| {
        !name.contains(['/', ':'])
            && !host.contains(['/', ':', '@'])
            && !host.is_empty()
            && !name.starts_with("www.")
    });
    let unlinked = || neutral(value, super::words::VALUE_CHARS_MAX) == value;
    value.len() <= super::words::VALUE_CHARS_MAX
        && value.chars().all(is_plain)
        && (begins || is_address)
        && (is_address || !value.ends_with([':', '/']))
        && (as_mail && crate::secret::masked(value) == value || unlinked())
}

/// Whether a value can stand between the quotes of a query that stands between others: it ends neither, and is no link.
pub(super) fn is_quotable(value: &str) -> bool {
    let is_plain = |c: char| (' '..='~').contains(&c) && !"'\"\\`$|".contains(c);
    let is_whole = || neutral(value, super::words::VALUE_CHARS_MAX) == value;
    is_harmless(value) || !value.is_empty() && value.chars().all(is_plain) && is_whole()
}

/// Commands with their placeholders filled in: whole words of the text, never of a value. What is for IPv4 is put right for
/// addresses and networks of IPv6.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let is_ipv6 = |value: &str| {
        let address = value.split_once('/').map_or(value, |(address, _)| address);
        address.parse::<Ipv6Addr>().is_ok()
    };
    let of_ipv6 = values.iter().any(|(_, value)| is_ipv6(value));
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // In prose the word stands for whatever it is; commands are indented.
        if !line.starts_with("    ") {
            out.push_str(line);
            continue;
        }
        // The command that comes before the one with the address reads the same set.
        let line = match of_ipv6 {
            true => &*line
                .replace("ADDRESS/32", "ADDRESS/128")
                .replace("-ipv4", "-ipv6"),
            false => line,
        };
        // Users of IAM are others than those of Cognito.
        let value_of = |word: &str| {
            let wanted = match word {
                "USER" if line.contains("cognito-idp") => word,
                "USER" if line.contains(USER_OF_LOG) => USER_OF_LOG,
                "USER" => return None,
                _ => word,
            };
            values
                .iter()
                .find(|(placeholder, _)| *placeholder == wanted)
        };
        for word in line.split_inclusive(|c| !is_part_of_word(c)) {
            let (word, after) = word.split_at(word.trim_end_matches(|c| !is_part_of_word(c)).len());
            out.push_str(value_of(word).map_or(word, |(_, value)| value));
            out.push_str(after);
        }
    }
    out
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_harmless_comes_into_a_command() {
        for good in [
            "203.0.113.10",
            "2001:db8::1",
            "2001:db8::",
            "::1",
            "ann@example.com",
            "38c1-aa",
            "eu-west-1_Ab12",
        ] {
            assert!(is_harmless(good), "{good}");
        }
        for bad in [
            "",
            "-x",
            "a b",
            "a\"b",
            "$(id)",
            "`id`",
            "a;b",
            "a\nb",
            "https://evil.example/",
            "a:/",
            "www.evil.example",
            "evil.example",
            "AKIAIOSFODNN7EXAMPLE",
            "é",
        ] {
            assert!(!is_harmless(bad), "{bad}");
        }
    }

    #[test]
    fn whole_words_are_filled_in_and_networks_are_of_their_family() {
        let text = "Block ADDRESS.\n    --name blocked-ipv4 [\"ADDRESS/32\"] MY_ADDRESS\n";
        assert_eq!(
            filled(text, &[("ADDRESS", "203.0.113.1".into())]),
            "Block ADDRESS.\n    --name blocked-ipv4 [\"203.0.113.1/32\"] MY_ADDRESS\n"
        );
        assert_eq!(
            filled(text, &[("ADDRESS", "2001:db8::1".into())]),
            "Block ADDRESS.\n    --name blocked-ipv6 [\"2001:db8::1/128\"] MY_ADDRESS\n"
        );
    }

    #[test]
    fn a_user_is_filled_in_where_it_is_one_of_cognito() {
        let text = "    filter message.userName = \"USER\"\n    aws iam x --user-name USER\n";
        let of_sub = [("USER", "38c1".to_owned())];
        assert_eq!(filled(text, &of_sub), text);
        let of_both = [("USER", "ann".to_owned()), (USER_OF_LOG, "ann".to_owned())];
        assert_eq!(filled(text, &of_both), text.replacen("USER", "ann", 1));
    }

    #[test]
    fn a_value_is_no_placeholder() {
        let text = "    aws cognito-idp x --user-pool-id POOL --username USER\n";
        let values = [("USER", "POOL".to_owned()), ("POOL", "USER".to_owned())];
        assert_eq!(
            filled(text, &values),
            "    aws cognito-idp x --user-pool-id USER --username POOL\n"
        );
    }
}
