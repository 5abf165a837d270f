//! What Sigma's correlation types cannot say, under `vedette`: a type of their own on top of one that Sigma has.

use crate::draft::{ExtensionDraft, ExtensionKind};
use crate::model::{BaselineParts, Comparison, FirstSeenParts, MILLION};
use crate::yaml::near_name::suggestion;
use crate::yaml::problem::Reporter;
use crate::yaml::reference::Reference;
use crate::yaml::values::{duration, text_list};
use crate::yaml::yaml_tree::{Kind, Node};

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

    fn duration(&mut self, name: &str, example: &str) -> Option<i64> {
        let Some((key, value)) = self.get(name) else {
            self.missing(name, example);
            return None;
        };
        let what = format!("vedette.{}.{name}", self.what);
        duration(key, value, &what, self.out)
    }

    /// A whole number from 1 to `max`; `usual` where it is not given.
    fn count_up_to(&mut self, name: &str, max: u64, usual: u64) -> Option<u64> {
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
pub(crate) fn read_ratio(
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

/// Values of a group that `first_seen` watches within one memory: usually, and at most.
const VALUES_USUAL: u64 = 1_000;
const VALUES_MAX: u64 = 3_000;

/// Reads `first_seen: {learning: 7d, memory: 30d, values: 1000}`.
pub(crate) fn read_first_seen(
    key: &Node,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Option<ExtensionDraft> {
    const EXAMPLE: &str = "{learning: 7d, memory: 30d}";
    let mark = out.mark();
    let known = ["learning", "memory", "values"];
    let mut parts = Parts::read((key, node), ("first_seen", &known, EXAMPLE), out)?;
    let learning = parts.duration("learning", "learning: 7d");
    let memory = parts.duration("memory", "memory: 30d");
    let values = parts.count_up_to("values", VALUES_MAX, VALUES_USUAL);
    let (learning_ms, memory_ms) = (learning?, memory?);
    if learning_ms > memory_ms {
        out.error(
            key.line,
            "`learning` is longer than `memory`: what is learned would be forgotten before it counts",
        );
    }
    let kind = ExtensionKind::FirstSeen(FirstSeenParts {
        learning_ms,
        memory_ms,
        values_max: usize::try_from(values?).unwrap_or(usize::MAX),
    });
    (out.errors_since(mark) == 0).then_some(ExtensionDraft {
        key: "first_seen",
        line: key.line,
        kind,
    })
}

/// Reads `owner: {given_by: [registered, received], ended_by: [removed], memory: 365d}`.
pub(crate) fn read_owner(
    key: &Node,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Option<ExtensionDraft> {
    const EXAMPLE: &str = "{given_by: [registered], ended_by: [removed], memory: 365d}";
    let mark = out.mark();
    let known = ["given_by", "ended_by", "memory"];
    let mut parts = Parts::read((key, node), ("owner", &known, EXAMPLE), out)?;
    let given_by = parts.rules("given_by");
    let ended_by = match parts.get("ended_by") {
        Some(_) => parts.rules("ended_by"),
        None => Some(Vec::new()),
    };
    let memory = parts.duration("memory", "memory: 365d");
    let kind = ExtensionKind::Owner {
        given_by: given_by?,
        ended_by: ended_by?,
        memory_ms: memory?,
    };
    (out.errors_since(mark) == 0).then_some(ExtensionDraft {
        key: "owner",
        line: key.line,
        kind,
    })
}

/// The most weeks that a baseline looks back.
const WEEKS_MAX: u64 = 12;

/// Reads `baseline: {factor: 3, weeks: 4, warm_up: 3}`.
pub(crate) fn read_baseline(
    key: &Node,
    node: &Node,
    out: &mut Reporter<'_>,
) -> Option<ExtensionDraft> {
    const EXAMPLE: &str = "{factor: 3, weeks: 4, warm_up: 3}";
    let mark = out.mark();
    let known = ["factor", "weeks", "warm_up"];
    let mut parts = Parts::read((key, node), ("baseline", &known, EXAMPLE), out)?;
    for (name, example) in [
        ("factor", "factor: 3"),
        ("weeks", "weeks: 4"),
        ("warm_up", "warm_up: 3"),
    ] {
        if parts.get(name).is_none() {
            parts.missing(name, example);
        }
    }
    let factor = parts.millionths("factor");
    let weeks = parts.count_up_to("weeks", WEEKS_MAX, 1);
    let warm_up = parts.count_up_to("warm_up", WEEKS_MAX, 1);
    let (factor, weeks, warm_up) = (factor?, weeks?, warm_up?);
    if factor < MILLION {
        out.error(
            key.line,
            "`factor` is below 1: less than the usual would be too much",
        );
    }
    if warm_up > weeks {
        out.error(
            key.line,
            "`warm_up` is above `weeks`: so many are never known",
        );
    }
    let small = |weeks: u64| u32::try_from(weeks).unwrap_or(u32::MAX);
    let kind = ExtensionKind::Baseline(BaselineParts {
        weeks: small(weeks),
        warm_up: small(warm_up),
        factor,
    });
    (out.errors_since(mark) == 0).then_some(ExtensionDraft {
        key: "baseline",
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
