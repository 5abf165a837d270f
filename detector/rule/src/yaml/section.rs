//! The mapping under one key: everything that is known of it, or wrong with it.

use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::{duration, text_list};
use crate::yaml::yaml_tree::{Kind, Node};

/// Parts of one are given in millionths.
pub const MILLION: u64 = 1_000_000;

/// What stands under a key of `vedette`. What is wrong with a value is reported when it is asked for, once.
#[derive(Debug)]
pub struct Section<'n, 'f> {
    key: &'n Node,
    what: &'static str,
    entries: &'n [(Node, Node)],
    out: &'n mut Reporter<'f>,
}

impl<'n, 'f> Section<'n, 'f> {
    /// `None`: it is no mapping; that has been reported, as are keys that are not known.
    pub(crate) fn read(
        (key, node): (&'n Node, &'n Node),
        (what, known, example): (&'static str, &[&'static str], &str),
        out: &'n mut Reporter<'f>,
    ) -> Option<Self> {
        let Some(entries) = node.map() else {
            let shown = node.shown();
            out.error(
                key.line,
                format!("`vedette.{what}` must be a mapping, as `{example}`, not {shown}"),
            );
            return None;
        };
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if !known.contains(&name) {
                let hint = suggestion(name, known.iter().copied());
                let known = known.join(", ");
                out.error(
                    key.line,
                    format!("unknown key `vedette.{what}.{name}`{hint}; known are {known}"),
                );
            }
        }
        Some(Self {
            key,
            what,
            entries,
            out,
        })
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&'n (Node, Node)> {
        let mut entries = self.entries.iter();
        entries.find(|(key, _)| key.text() == Some(name))
    }

    /// Reports at the key what is wrong with its values together.
    pub fn error(&mut self, message: &str) {
        self.out.error(self.key.line, message);
    }

    pub fn missing(&mut self, name: &str, example: &str) {
        let what = self.what;
        self.error(&format!("`vedette.{what}` has no `{name}`, as `{example}`"));
    }

    /// The rules that must be named there, by id or name.
    pub fn rules(&mut self, name: &str) -> Option<Vec<Reference>> {
        let Some((key, value)) = self.get(name) else {
            self.missing(name, &format!("{name}: [rule_name]"));
            return None;
        };
        let shown = format!("`vedette.{}.{name}`", self.what);
        let list = text_list(value, &shown, self.out)?;
        if list.is_empty() {
            self.out
                .error(key.line, format!("{shown} is empty, name its rules"));
        }
        Some(list)
    }

    /// A duration that must be there, in milliseconds.
    pub fn duration(&mut self, name: &str, example: &str) -> Option<i64> {
        let Some((key, value)) = self.get(name) else {
            self.missing(name, example);
            return None;
        };
        let what = format!("vedette.{}.{name}", self.what);
        duration(key, value, &what, self.out)
    }

    /// A whole number from 1 to `max`; `usual` where it is not given.
    pub fn count_up_to(&mut self, name: &str, max: u64, usual: u64) -> Option<u64> {
        let Some((key, _)) = self.get(name) else {
            return Some(usual);
        };
        let count = self.count(name)?;
        if count > max {
            let what = self.what;
            self.out.error(
                key.line,
                format!("`vedette.{what}.{name}` is {count}, the most is {max}"),
            );
            return None;
        }
        Some(count)
    }

    /// A whole number from 1 on, where it is given.
    pub fn count(&mut self, name: &str) -> Option<u64> {
        let (key, value) = self.get(name)?;
        let count = match value.kind {
            Kind::Int(n) => u64::try_from(n).ok().filter(|n| *n >= 1),
            _ => None,
        };
        if count.is_none() {
            let (what, shown) = (self.what, value.shown());
            self.out.error(
                key.line,
                format!("`vedette.{what}.{name}` must be a whole number from 1 on, not {shown}"),
            );
        }
        count
    }

    /// A decimal number above 0 in millionths, where it is given.
    pub fn millionths(&mut self, name: &str) -> Option<u64> {
        let (key, value) = self.get(name)?;
        let read = match &value.kind {
            Kind::Int(n) => u64::try_from(*n).ok().and_then(|n| n.checked_mul(MILLION)),
            Kind::Number(text) => millionths(text),
            _ => None,
        };
        let read = read.filter(|n| *n > 0);
        if read.is_none() {
            let (what, shown) = (self.what, value.shown());
            self.out.error(
                key.line,
                format!("`vedette.{what}.{name}` must be a number above 0 with at most six decimals, as 0.5, not {shown}"),
            );
        }
        read
    }
}

/// `0.25` is 250,000 millionths; `None` for what has more decimals, or is no plain number.
fn millionths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if part.len() > 6 || !are_digits(whole) || !are_digits(part) || whole.len() + part.len() == 0 {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.checked_mul(MILLION)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::millionths;

    #[test]
    fn decimals_are_exact() {
        let read = |text| millionths(text);
        assert_eq!(read("0.5"), Some(500_000));
        assert_eq!(read(".000001"), Some(1));
        assert_eq!(read("12.25"), Some(12_250_000));
        assert_eq!(read("3."), Some(3_000_000));
        for text in ["0.0000001", "1e3", "-0.5", ".", "", "0,5", ".inf"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
