//! A number of a condition over numbers, with decimals or without.

use std::fmt;

use crate::model::comparison::Comparison;
use crate::yaml::yaml_tree::Kind;

/// A finite number. Without decimals it is shown like a whole number.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Decimal(f64);

/// A part of a number by which two may differ and still be equal: decimals have no exact form, and 0.1 and 0.2 shall make
/// 0.3. Whole numbers up to 2^51 are told apart.
const EQUAL_WITHIN: f64 = 2.0 * f64::EPSILON;

impl Decimal {
    /// `None` for what is no number, or none that is finite.
    pub(crate) fn read(value: &Kind) -> Option<Self> {
        let number = match value {
            Kind::Int(n) => *n as f64,
            Kind::Number(text) => text.parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(Self(number))
    }

    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether a number that was computed compares so with this one.
    pub fn is_met(self, comparison: Comparison, number: f64) -> bool {
        let size = number.abs().max(self.0.abs());
        let is_equal = (number - self.0).abs() <= size * EQUAL_WITHIN;
        match comparison {
            Comparison::Lt => number < self.0 && !is_equal,
            Comparison::Lte => number < self.0 || is_equal,
            Comparison::Gt => number > self.0 && !is_equal,
            Comparison::Gte => number > self.0 || is_equal,
            Comparison::Eq => is_equal,
            Comparison::Neq => !is_equal,
        }
    }
}

impl From<u32> for Decimal {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As it is shown.
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_shown_as_such() {
        let shown = |value| Decimal::read(&value).map(|number| format!("{number:?}"));
        assert_eq!(shown(Kind::Int(-200)).as_deref(), Some("-200"));
        for (text, expected) in [("2.50", "2.5"), ("-.5", "-0.5"), ("1e3", "1000")] {
            let value = Kind::Number(text.to_owned());
            assert_eq!(shown(value).as_deref(), Some(expected));
        }
        assert_eq!(shown(Kind::Number("1e999".to_owned())), None);
        assert_eq!(shown(Kind::Text("many".to_owned())), None);
    }

    #[test]
    fn sums_of_decimals_are_what_they_are_on_paper() {
        use Comparison::{Eq, Gt, Gte, Lt, Lte, Neq};
        let met = |bound: &str| {
            let bound = Decimal::read(&Kind::Number(bound.to_owned())).unwrap();
            move |number: f64| {
                let all = [Lt, Lte, Gt, Gte, Eq, Neq];
                all.map(|comparison| bound.is_met(comparison, number))
            }
        };
        let equal = [false, true, false, true, true, false];
        assert_eq!(met("0.3")(0.1 + 0.2), equal);
        assert_eq!(met("-0.3")(-0.1 - 0.2), equal);
        assert_eq!(met("0.0")(0.0), equal);
        let below = [true, true, false, false, false, true];
        assert_eq!(met("0.3")(0.299_999_999_999), below);
        assert_eq!(met("0.0")(-1e-300), below);
        assert_eq!(met("1125899906842625.0")(1_125_899_906_842_624.0), below);
    }
}
