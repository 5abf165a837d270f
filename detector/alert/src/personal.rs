//! What people are shown of people: values as they are, masked, or as a hash that stays the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::incident::Told;
use crate::secret::short_hash;

/// By field or kind of entity; `Default` shows everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Personal {
    by_name: BTreeMap<String, Treatment>,
    others: Treatment,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Treatment {
    #[default]
    Show,
    Mask,
    Hash,
}

impl FromStr for Treatment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "show" => Ok(Self::Show),
            "mask" => Ok(Self::Mask),
            "hash" => Ok(Self::Hash),
            other => Err(format!("`{other}` is not one of show, mask, hash")),
        }
    }
}

/// `hash`, or `user=mask,message.userName=mask,address=hash,*=show`: what is not named is shown, or as `*` says.
impl FromStr for Personal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut read = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part.split_once('=') {
                None | Some(("*", _)) => {
                    let wanted = part.rsplit('=').next().unwrap_or(part);
                    read.others = wanted.parse()?;
                }
                Some((name, wanted)) => {
                    read.by_name.insert(name.to_owned(), wanted.parse()?);
                }
            }
        }
        Ok(read)
    }
}

impl Personal {
    /// How a value is shown: the field's own word counts before that of what it is.
    fn treatment(&self, field: &str, kind: Option<&str>) -> Treatment {
        let named = self.by_name.get(field);
        let named = named.or_else(|| self.by_name.get(kind?));
        named.copied().unwrap_or(self.others)
    }

    /// Whether it hides anything of anybody.
    pub(crate) fn hides(&self) -> bool {
        let mut all = self.by_name.values().chain([&self.others]);
        all.any(|treatment| *treatment != Treatment::Show)
    }

    /// Puts what is to be shown in the place of the values of an alert; whether there was any to hide.
    pub(crate) fn apply(&self, told: &mut Told<'_>) -> bool {
        let mut has_hidden = false;
        let kinds: Vec<(Arc<str>, &str)> = told
            .rule
            .entities
            .iter()
            .map(|of| (Arc::clone(&of.field), of.kind.name()))
            .collect();
        let kind_of = |field: &str| {
            kinds
                .iter()
                .find(|(of, _)| **of == *field)
                .map(|(_, kind)| *kind)
        };
        let mut treat = |field: &str, kind: Option<&str>, value: &str| {
            let shown = treated(self.treatment(field, kind), value)?;
            has_hidden = true;
            Some(shown)
        };
        for (field, value) in &mut told.alert.group.0 {
            if let Some(shown) = treat(field, kind_of(field), value) {
                *value = shown.into();
            }
        }
        for (field, values) in &mut told.alert.shown.0 {
            for value in values {
                if let Some(shown) = treat(field, kind_of(field), value) {
                    *value = shown.into();
                }
            }
        }
        for entity in &mut told.entities {
            let kind = entity.kind.name();
            if let Some(shown) = treat(&entity.field, Some(kind), &entity.value) {
                entity.value = shown;
            }
        }
        has_hidden
    }
}

/// `None`: the value stays as it is.
fn treated(treatment: Treatment, value: &str) -> Option<String> {
    match (treatment, value) {
        (Treatment::Show, _) | (_, "") => None,
        (Treatment::Hash, value) => Some(format!("#{}", short_hash(value))),
        (Treatment::Mask, value) => Some(match value.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.*")
            }
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}:*")
            }
            Err(_) => {
                let first: String = value.chars().take(1).collect();
                format!("{first}***")
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_its_own_word_and_the_rest_what_is_said_of_it() {
        let personal: Personal = "user=mask,message.userName=hash,*=show".parse().unwrap();
        assert_eq!(personal.treatment("name", Some("user")), Treatment::Mask);
        assert_eq!(
            personal.treatment("message.userName", Some("user")),
            Treatment::Hash
        );
        assert_eq!(
            personal.treatment("source_ip", Some("address")),
            Treatment::Show
        );
        let hashed: Personal = "hash".parse().unwrap();
        assert_eq!(hashed.treatment("source_ip", None), Treatment::Hash);
        assert!(
            "user=hide"
                .parse::<Personal>()
                .unwrap_err()
                .contains("`hide`")
        );
    }

    #[test]
    fn what_is_masked_keeps_its_first_letter_or_its_network() {
        let masked = |value| treated(Treatment::Mask, value).unwrap();
        assert_eq!(masked("ann@example.com"), "a***");
        assert_eq!(masked("203.0.113.10"), "203.0.113.*");
        assert_eq!(masked("2001:db8:1:2::7"), "2001:db8:1:2:*");
        assert_eq!(treated(Treatment::Show, "x"), None);
        assert_eq!(treated(Treatment::Hash, "x"), treated(Treatment::Hash, "x"));
    }
}
