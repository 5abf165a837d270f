//! The rule's steps with the values filled in, and prose in lines that fit.

use std::net::IpAddr;

use detector_incident::entities::Entity;
use detector_rule::{EntityKind, EntityRole};

use super::told::Message;
use crate::neutral::neutral;

/// What mail programs show without breaking lines, also on a telephone.
pub(super) const COLUMNS: usize = 72;

/// A word of a rule's steps that stands for a value, and the kinds of entity that it may be.
const PLACEHOLDERS: [(&str, &[EntityKind]); 8] = [
    ("ADDRESS", &[EntityKind::Address]),
    ("NETWORK", &[EntityKind::Network]),
    ("USER", &[EntityKind::User, EntityKind::Sub]),
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
    let mut text = response.unwrap_or(unknown).to_owned();
    for (placeholder, kinds) in PLACEHOLDERS {
        if let Some(value) = only_value(message, kinds) {
            text = filled(&text, placeholder, &value);
        }
    }
    text
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
/// no link. A mail address is one only to a mail program.
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
        && (as_mail && crate::secret::masked(value) == value || unlinked())
}

/// Whether a value can stand between the quotes of a query that stands between others: it ends neither, and is no link.
pub(super) fn is_quotable(value: &str) -> bool {
    let is_plain = |c: char| (' '..='~').contains(&c) && !"'\"\\`$|".contains(c);
    let is_whole = || neutral(value, super::words::VALUE_CHARS_MAX) == value;
    is_harmless(value) || !value.is_empty() && value.chars().all(is_plain) && is_whole()
}

/// Replaces whole words. What is for IPv4 is put right for an address of IPv6.
fn filled(text: &str, placeholder: &str, value: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_ipv6 = value
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_ipv6());
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // In prose the word stands for whatever it is; commands are indented. Users of IAM are others than those of Cognito.
        let is_of_iam = placeholder == "USER" && !line.contains("cognito-idp");
        if !line.starts_with("    ") || is_of_iam {
            out.push_str(line);
            continue;
        }
        let mut rest = line;
        let mut filled = String::with_capacity(line.len());
        while let Some(at) = rest.find(placeholder) {
            let (before, after) = (&rest[..at], &rest[at + placeholder.len()..]);
            let is_part = before.ends_with(is_word) || after.starts_with(is_word);
            filled.push_str(before);
            filled.push_str(if is_part { placeholder } else { value });
            rest = after;
        }
        filled.push_str(rest);
        // The command that comes before the one with the address reads the same set.
        out.push_str(&match is_ipv6 {
            true => filled
                .replace(&format!("{value}/32"), &format!("{value}/128"))
                .replace("-ipv4", "-ipv6"),
            false => filled,
        });
    }
    out
}

/// Text with its prose in lines of at most [`COLUMNS`] less `indent`. Lines that begin with blanks are commands: they stay
/// as they are, so that they can be copied.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph = String::new();
    let flush = |paragraph: &mut String, out: &mut Vec<String>| {
        if !paragraph.is_empty() {
            out.extend(lines(paragraph, COLUMNS - indent));
            paragraph.clear();
        }
    };
    for line in text.trim_end().lines() {
        let is_prose = !line.starts_with("  ") && !line.trim().is_empty();
        let begins = line.starts_with("- ") || paragraph.ends_with(':');
        if !is_prose || begins {
            flush(&mut paragraph, &mut out);
        }
        match is_prose {
            true if paragraph.is_empty() => paragraph.push_str(line.trim()),
            true => {
                paragraph.push(' ');
                paragraph.push_str(line.trim());
            }
            false => out.push(line.to_owned()),
        }
    }
    flush(&mut paragraph, &mut out);
    out.join("\n")
}

/// Words in lines; a word that is longer has a line of its own. What belongs to an item of a list is indented.
fn lines(paragraph: &str, columns: usize) -> Vec<String> {
    let hang = if paragraph.starts_with("- ") {
        "  "
    } else {
        ""
    };
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{hang}{word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_harmless_comes_into_a_command() {
        for good in [
            "203.0.113.10",
            "2001:db8::1",
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
            filled(text, "ADDRESS", "203.0.113.1"),
            "Block ADDRESS.\n    --name blocked-ipv4 [\"203.0.113.1/32\"] MY_ADDRESS\n"
        );
        assert_eq!(
            filled(text, "ADDRESS", "2001:db8::1"),
            "Block ADDRESS.\n    --name blocked-ipv6 [\"2001:db8::1/128\"] MY_ADDRESS\n"
        );
    }

    #[test]
    fn prose_is_wrapped_and_commands_are_not() {
        let command = format!("    aws {}", "x".repeat(100));
        let text = format!(
            "{}\nend:\n{command}\n- one\n- two",
            "word ".repeat(30).trim_end()
        );
        let wrapped = wrapped(&text, 2);
        assert!(wrapped.contains(&command), "{wrapped}");
        assert!(
            wrapped
                .lines()
                .filter(|line| **line != command)
                .all(|line| line.len() <= 70)
        );
        assert!(wrapped.ends_with("- one\n- two"), "{wrapped}");
    }
}
