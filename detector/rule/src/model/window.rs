//! What a window type makes of its part of a rule.

use std::any::Any;
use std::fmt;

/// What a rule says of its window but for the timespan, as names with values: `("memory", "2592000000")`.
///
/// Values are written out by each type, never by way of `Debug`, and say the same for ever: the keys of stored state are
/// made of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowParts {
    /// The type, as keys of stored state name it.
    pub kind: &'static str,
    /// What the state of a group depends on. A rule that is edited in it starts anew.
    pub state: Vec<(&'static str, String)>,
    /// What only decides when a state holds that is there.
    pub judgement: Vec<(&'static str, String)>,
    /// The count from which on a group keeps no more, of a type that forgets what counts beyond.
    pub absorbs_at: Option<u64>,
}

/// A checked window: a type, and all that the rule says of it. What that is, the type alone knows; what stands here is
/// what others ask.
pub trait Window: Any + fmt::Debug + Send + Sync {
    /// What the rule says of its window, by name.
    fn parts(&self) -> WindowParts;

    /// When the rule fires, after "the rule fires at": `10 or more events within 10 minutes`. `inputs` are the rules that
    /// it refers to, as its file names them.
    fn fires_at(&self, inputs: &[&str]) -> String;

    /// The same of a group with these group-by values, of a type whose groups are not all judged alike.
    fn fires_at_of(&self, _group: &[&str], inputs: &[&str]) -> String {
        self.fires_at(inputs)
    }

    /// How long a hit matters after it has left the window, in milliseconds.
    fn memory_ms(&self) -> i64 {
        0
    }

    /// How long after a moment what happens still decides whether the condition holds at it, in milliseconds.
    fn looks_ahead_ms(&self) -> i64 {
        0
    }

    /// Whether the condition holds only at moments on which a hit of this input bears, too. Where that is in doubt, not.
    fn needs(&self, _input: usize) -> bool {
        false
    }

    /// Whether the condition's `field` is read as a number.
    fn reads_numbers(&self) -> bool {
        false
    }

    /// Whether it is read as a point on the earth, `52.52,13.41`.
    fn reads_points(&self) -> bool {
        false
    }

    /// Whether a hit of an input needs a value in the condition's fields.
    fn needs_value(&self, _input: usize) -> bool {
        true
    }

    /// The most that a group keeps one by one; beyond, its moments are estimates: `128 hits in an eighth of the timespan`.
    /// `None`: it keeps what it needs, however much comes.
    fn kept_at_most(&self) -> Option<String> {
        None
    }

    /// Why a hit could not be judged and what helps, after "could not be judged"; empty where all can be.
    fn unjudged_since(&self) -> &'static str {
        ""
    }

    /// What keeps the groups of the rule, whose quiet period is given, in the form that the crate of the states knows.
    fn groups(&self, quiet_ms: i64) -> Box<dyn Any>;
}
