//! The condition of `temporal`: which of its rules have to be there.

use std::fmt;

use crate::model::Presence;

/// `(#0 and not #1)`, the inputs by their places; of a count `gte 2 of them`.
impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Presence], word: &str| {
            let parts: Vec<String> = parts.iter().map(Presence::to_string).collect();
            write!(f, "({})", parts.join(word))
        };
        match self {
            Presence::Count(threshold) => write!(f, "{threshold} of them"),
            Presence::Input(at) => write!(f, "#{at}"),
            Presence::And(parts) => list(f, parts, " and "),
            Presence::Or(parts) => list(f, parts, " or "),
            Presence::Not(part) => write!(f, "not {part}"),
        }
    }
}

impl Presence {
    /// Whether once it holds, more inputs cannot undo it.
    pub fn is_monotone(&self) -> bool {
        match self {
            Presence::Count(threshold) => threshold.is_monotone(),
            Presence::Input(_) => true,
            Presence::And(all) | Presence::Or(all) => all.iter().all(Presence::is_monotone),
            Presence::Not(_) => false,
        }
    }

    /// Whether it depends on an input.
    pub(crate) fn names(&self, input: usize) -> bool {
        match self {
            Presence::Count(_) => true,
            Presence::Input(named) => *named == input,
            Presence::And(all) | Presence::Or(all) => all.iter().any(|part| part.names(input)),
            Presence::Not(part) => part.names(input),
        }
    }

    /// Whether it is true only where this input is there, of so many. Where that is in doubt, not.
    pub fn needs(&self, input: usize, inputs: usize) -> bool {
        match self {
            Presence::Count(threshold) => {
                threshold.is_monotone() && !threshold.holds((inputs as u64).saturating_sub(1))
            }
            Presence::Input(named) => *named == input,
            Presence::And(all) => all.iter().any(|part| part.needs(input, inputs)),
            Presence::Or(any) => any.iter().all(|part| part.needs(input, inputs)),
            Presence::Not(_) => false,
        }
    }

    /// Whether some part is negated.
    pub fn has_not(&self) -> bool {
        match self {
            Presence::Count(_) | Presence::Input(_) => false,
            Presence::And(all) | Presence::Or(all) => all.iter().any(Presence::has_not),
            Presence::Not(_) => true,
        }
    }

    /// Whether it is true of some of so many inputs, at least one. Taken to be, where they are many, and where `not` stands
    /// within `not`: what is ruled out around one hit may be ruled in around another.
    pub(crate) fn can_hold(&self, inputs: usize) -> bool {
        const TRIED_MAX: usize = 12;
        let some = |chosen: u32| {
            (0..inputs)
                .map(|at| chosen >> at & 1 == 1)
                .collect::<Vec<_>>()
        };
        inputs > TRIED_MAX
            || self.has_not_within_not()
            || (1..1 << inputs).any(|chosen| self.holds(&some(chosen)))
    }

    fn has_not_within_not(&self) -> bool {
        match self {
            Presence::Count(_) | Presence::Input(_) => false,
            Presence::And(all) | Presence::Or(all) => all.iter().any(Self::has_not_within_not),
            Presence::Not(part) => part.has_not(),
        }
    }

    /// Inputs beyond the end of `present` are absent.
    pub fn holds(&self, present: &[bool]) -> bool {
        match self {
            Presence::Count(threshold) => {
                threshold.holds(present.iter().filter(|p| **p).count() as u64)
            }
            Presence::Input(input) => present.get(*input).copied().unwrap_or(false),
            Presence::And(all) => all.iter().all(|one| one.holds(present)),
            Presence::Or(any) => any.iter().any(|one| one.holds(present)),
            Presence::Not(one) => !one.holds(present),
        }
    }
}
