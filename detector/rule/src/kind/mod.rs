//! What a window type is to the reader of rules: a name, what may stand under it, and what becomes of that.

mod by_value; // thresholds for groups
mod linker; // what it is given to link

use std::fmt;
use std::sync::Arc;

use crate::model::Window;
use crate::yaml::section::Section;

pub use by_value::ByValue;
pub(crate) use by_value::ThresholdsDraft;
pub use linker::Linker;
pub(crate) use linker::{Condition, Place};

/// A window type, as rule files name it. All of them are given to [`RuleSet::load`](crate::RuleSet::load).
#[derive(Debug, Clone, Copy)]
pub struct WindowKind {
    /// The `type` of the correlation, or the key under `vedette`.
    pub name: &'static str,
    pub form: Form,
}

#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A correlation type of Sigma.
    Type {
        takes: Takes,
        link: fn(&mut Linker<'_>) -> Arc<dyn Window>,
    },
    /// A mapping under `vedette` that makes another type of one of Sigma's.
    Attribute(Attribute),
}

/// What may stand in the condition of a type.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    pub compared: Compared,
    pub fields: Fields,
    /// `percentile`.
    pub rank: bool,
}

/// What the condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// A count, from 1 on.
    Count,
    /// A number that may have decimals.
    Number,
    /// How many of the rules are there, or which; without a condition, all of them.
    Rules,
    /// Nothing: a condition can only say again that all rules are needed.
    AllRules,
}

/// The fields whose values the condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    None,
    One,
    Several,
}

/// A type that Sigma does not have.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// The types of Sigma that it stands on.
    pub on: &'static [&'static str],
    /// Every key that may stand in it, and how it looks in a file.
    pub keys: &'static [&'static str],
    pub example: &'static str,
    /// `None`: something is wrong, which has been reported.
    pub read: fn(&mut Section<'_, '_>) -> Option<Arc<dyn Draft>>,
}

/// What an attribute says, before the rules that it names are found.
pub trait Draft: fmt::Debug {
    /// What does not fit is reported; what is returned then is of no use.
    fn link(&self, linker: &mut Linker<'_>) -> Arc<dyn Window>;
}
