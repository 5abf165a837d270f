//! What there is to tell of places in the inputs: the first ones in full, all of it as counts by reason.

use std::collections::BTreeMap;

use crate::output::quantity::{bytes, count, counted};

/// Places that are kept one by one; the rest are counted.
pub(crate) const SHOWN_MAX: usize = 20;

/// Reasons that are told apart; records come from outside and may think of ever new ones.
const REASONS_MAX: usize = 30;

const OTHER_REASONS: &str = "other reasons";

/// Where a record stands in its input, after inflation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) input: &'a str,
    /// Of the record's first byte.
    pub(crate) offset: u64,
    /// From 1.
    pub(crate) line: u64,
}

/// Places of one kind: what is unreadable, or of no known form.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// `path:line (byte offset): reason`
    shown: Vec<String>,
    by_reason: BTreeMap<String, u64>,
    total: u64,
}

impl Places {
    /// Notes a part of the record `record` at `place`, so many bytes in.
    pub(crate) fn part(
        &mut self,
        place: Place<'_>,
        record: &[u8],
        offset: Option<u64>,
        reason: &str,
    ) {
        let within = offset
            .map_or(0, |offset| usize::try_from(offset).unwrap_or(usize::MAX))
            .min(record.len());
        let lines = record[..within].iter().filter(|b| **b == b'\n').count();
        let exact = Place {
            input: place.input,
            offset: place.offset + within as u64,
            line: place.line + lines as u64,
        };
        self.add(exact, reason);
    }

    /// Notes a record that is larger than any that is read.
    pub(crate) fn too_large(&mut self, place: Place<'_>, record_bytes_max: usize) {
        let max = bytes(record_bytes_max as u64);
        self.add(place, &format!("record is larger than {max}"));
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Adds what was noted after all of this.
    pub(crate) fn append(&mut self, later: Self) {
        self.total += later.total;
        let room = SHOWN_MAX - self.shown.len();
        self.shown.extend(later.shown.into_iter().take(room));
        for (kind, n) in later.by_reason {
            self.count(kind, n);
        }
    }

    /// Bytes held, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.shown.iter().chain(self.by_reason.keys());
        texts.map(|text| text.len() + 2 * size_of::<String>()).sum()
    }

    /// How often each reason was noted, the most frequent first.
    pub(crate) fn reasons(&self) -> Vec<(&str, u64)> {
        let mut reasons: Vec<_> = self
            .by_reason
            .iter()
            .map(|(reason, n)| (&**reason, *n))
            .collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        reasons
    }

    /// The closing section, a line each, with at most `shown_max` places; empty where there is nothing to tell.
    pub(crate) fn lines(&self, heading: &str, what: &str, shown_max: usize) -> Vec<String> {
        if self.total == 0 {
            return Vec::new();
        }
        let mut lines = vec![format!("{heading}: {}", counted(self.total, what))];
        let shown = self.shown.iter().take(shown_max);
        lines.extend(shown.map(|shown| format!("  {shown}")));
        let hidden = self.total + 1 - lines.len() as u64;
        if hidden > 0 {
            lines.push(format!("  and {} more; in all:", count(hidden)));
            let reasons = self.by_reason.iter();
            lines.extend(reasons.map(|(reason, n)| format!("  {:>9}  {reason}", count(*n))));
        }
        lines
    }

    fn add(&mut self, place: Place<'_>, reason: &str) {
        self.total += 1;
        if self.shown.len() < SHOWN_MAX {
            let Place {
                input,
                offset,
                line,
            } = place;
            self.shown
                .push(format!("{input}:{line} (byte {offset}): {reason}"));
        }
        self.count(without_numbers(reason), 1);
    }

    fn count(&mut self, mut kind: String, n: u64) {
        if !self.by_reason.contains_key(&kind) && self.by_reason.len() >= REASONS_MAX {
            kind = OTHER_REASONS.into();
        }
        *self.by_reason.entry(kind).or_default() += n;
    }
}

/// One kind of reason, whatever its positions and sizes: `cut off after N bytes`. Numbers in names (`UTF-8`) stay.
fn without_numbers(reason: &str) -> String {
    let mut kind = String::with_capacity(reason.len());
    for word in reason.split_inclusive(' ') {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            kind.push('N');
        }
        kind.push_str(&word[digits..]);
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        input: "a.json",
        offset: 100,
        line: 7,
    };

    #[test]
    fn the_place_is_that_of_the_part_not_of_its_record() {
        let mut log = Places::default();
        log.part(PLACE, b"{\n\n  x", Some(5), "no JSON");
        log.part(PLACE, b"{", Some(50), "cut off");
        log.part(PLACE, b"{", None, "no JSON");
        assert_eq!(
            log.lines("unreadable", "record", SHOWN_MAX),
            [
                "unreadable: 3 records",
                "  a.json:9 (byte 105): no JSON",
                "  a.json:7 (byte 101): cut off",
                "  a.json:7 (byte 100): no JSON",
            ]
        );
    }

    #[test]
    fn past_the_shown_ones_only_counts_grow() {
        let mut log = Places::default();
        for n in 0..1_000 {
            log.part(PLACE, b"", None, &format!("cut off after {n} bytes"));
        }
        let lines = log.lines("unreadable", "record", SHOWN_MAX);
        assert_eq!(lines.len(), 1 + SHOWN_MAX + 2);
        assert_eq!(lines[SHOWN_MAX + 1], "  and 980 more; in all:");
        assert_eq!(lines[SHOWN_MAX + 2], "      1,000  cut off after N bytes");
    }

    #[test]
    fn ever_new_reasons_are_bounded() {
        let mut log = Places::default();
        for n in 0..200_u8 {
            let reason = "x".repeat(usize::from(n));
            log.part(PLACE, b"", None, &reason);
        }
        assert_eq!(log.by_reason.len(), REASONS_MAX + 1);
        assert_eq!(log.by_reason[OTHER_REASONS], 170);
    }

    #[test]
    fn appended_logs_are_as_one() {
        let (mut whole, mut united) = (Places::default(), Places::default());
        for block in 0..7 {
            let mut log = Places::default();
            for n in 0..block {
                let reason = ["no JSON", "cut off"][n % 2];
                log.part(PLACE, b"", Some(n as u64), reason);
                whole.part(PLACE, b"", Some(n as u64), reason);
            }
            united.append(log);
        }
        assert_eq!(
            united.lines("unreadable", "record", SHOWN_MAX),
            whole.lines("unreadable", "record", SHOWN_MAX)
        );
    }
}
