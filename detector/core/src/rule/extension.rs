//! What Sigma's correlation types cannot say, under `vedette`: a type of their own on top of one that Sigma has.

use super::correlation::text_list;
use super::draft::Reference;
use super::model::{Comparison, MILLION};
use super::near_name::suggestion;
use super::problem::Reporter;
use super::yaml_tree::{Kind, Node};

/// What makes a window type of Sigma another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExtensionDraft {
    /// The key under `vedette`, and its line.
    pub(super) key: &'static str,
    pub(super) line: u32,
    pub(super) kind: ExtensionKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExtensionKind {
    Ratio {
        of: Vec<Reference>,
        to: Vec<Reference>,
        bounds: Vec<(Comparison, u64)>,
        at_least: u64,
    },
}

impl ExtensionKind {
    /// The correlation type that it stands on.
    pub(super) fn sigma_type(&self) -> &'static str {
        match self {
            ExtensionKind::Ratio { .. } => "event_count",
        }
    }
}

/// The parts of an attribute: everything that is known of it, or wrong with it.
struct Parts<'n, 'o, 'f> {
    key: &'n Node,
    what: &'static str,
    entries: &'n [(Node, Node)],
    out: &'o mut Reporter<'f>,
}

impl<'n, 'o, 'f> Parts<'n, 'o, 'f> {
    /// `None`: it is no mapping, or has keys that are not known; that has been reported.
    fn read(
        (key, node): (&'n Node, &'n Node),
        (what, known, example): (&'static str, &[&'static str], &str),
        out: &'o mut Reporter<'f>,
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

    fn get(&self, name: &str) -> Option<&'n (Node, Node)> {
        let mut entries = self.entries.iter();
        entries.find(|(key, _)| key.text() == Some(name))
    }

    fn missing(&mut self, name: &str, example: &str) {
        let what = self.what;
        self.out.error(
            self.key.line,
            format!("`vedette.{what}` has no `{name}`, as `{example}`"),
        );
    }

    fn rules(&mut self, name: &str) -> Option<Vec<Reference>> {
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

    /// A whole number from 1 on.
    fn count(&mut self, name: &str) -> Option<u64> {
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

    /// A decimal number above 0, in millionths.
    fn millionths(&mut self, name: &str) -> Option<u64> {
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

/// Reads `ratio: {of: [failed], to: [failed, passed], gte: 0.5, at_least: 100}`.
pub(super) fn read_ratio(
    key: &Node,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Option<ExtensionDraft> {
    const EXAMPLE: &str = "{of: [failed], to: [failed, passed], gte: 0.5, at_least: 100}";
    let mark = out.mark();
    let known = ["of", "to", "gte", "lte", "at_least"];
    let mut parts = Parts::read((key, node), ("ratio", &known, EXAMPLE), out)?;
    let (of, to) = (parts.rules("of"), parts.rules("to"));
    let mut bounds = Vec::new();
    for (name, comparison) in [("gte", Comparison::Gte), ("lte", Comparison::Lte)] {
        bounds.extend(parts.millionths(name).map(|bound| (comparison, bound)));
    }
    if parts.get("gte").is_none() && parts.get("lte").is_none() {
        parts.missing("gte", "gte: 0.5");
    }
    if let [(_, low), (_, high)] = bounds[..]
        && low > high
    {
        out.error(key.line, "`gte` is above `lte`: no ratio satisfies both");
        return None;
    }
    if parts.get("at_least").is_none() {
        parts.missing("at_least", "at_least: 100");
    }
    let at_least = parts.count("at_least");
    let kind = ExtensionKind::Ratio {
        of: of?,
        to: to?,
        bounds,
        at_least: at_least?,
    };
    (out.errors_since(mark) == 0).then_some(ExtensionDraft {
        key: "ratio",
        line: key.line,
        kind,
    })
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
