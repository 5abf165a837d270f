//! What a detection rule tests: a tree of and, or, not over single tests of field values.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ipnet::IpNet;

use detector_event::field::{FieldTable, SlotId};

use crate::model::pattern::Pattern;
use crate::model::shared::list::Listed;

/// When a detection rule matches an event.
#[derive(Debug, Clone)]
pub struct Condition {
    pub root: Expr,
}

#[derive(Debug, Clone)]
pub enum Expr {
    Test(Predicate),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    /// At least so many of them.
    AtLeast(usize, Vec<Expr>),
    Not(Box<Expr>),
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Predicate {
    pub subject: Subject,
    pub test: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// True when any of the field's values passes the test.
    Field(SlotId),
    /// True when any text, number or boolean anywhere in the event, or its text line, passes the test.
    AnyText,
}

/// A test of one value. Text tests see numbers and booleans as their text and an object as its JSON without white space
/// between its parts; never null, nor an empty array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// Passes for any text.
    AnyText,
    Text(TextTest),
    /// Text with gaps.
    Glob(Glob),
    Regex(Pattern),
    /// Passes for numbers, and text that is one.
    Number(Order, Number),
    /// Passes for an address within the network.
    Cidr(IpNet),
    /// Passes for a value that a list has.
    Listed(Listed),
    /// Passes where the value compares so with a value of another field.
    OtherField {
        slot: SlotId,
        place: Place,
        case: Case,
    },
    /// Passes where the part of the moment (UTC) compares so.
    Moment {
        part: MomentPart,
        order: Order,
        number: Number,
    },
    /// Passes for an object, one of an array or a single one, in which all of this holds.
    Element(Element),
    /// The field is missing, or a value of it is null.
    Null,
    /// The field is there, whatever its value, null included.
    Present,
}

impl Test {
    /// What every text passes that passes this test, where that is one that is tested alone: some text is in it.
    pub fn needed_text(&self) -> Option<TextTest> {
        let (case, text) = match self {
            Test::Regex(pattern) => (Case::Kept, pattern.needed_text()?.to_owned()),
            Test::Glob(glob) => (glob.case, glob.longest_text()),
            _ => return None,
        };
        (!text.is_empty()).then(|| TextTest {
            place: Place::Anywhere,
            case,
            text: text.into(),
        })
    }
}

/// What an object at a field, one of an array or a single one, must be like. Equal where the tests are.
#[derive(Debug, Clone)]
pub struct Element(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Within the object.
    fields: FieldTable,
    root: Expr,
    /// The tests in words, to be compared by.
    written: String,
}

impl Element {
    pub(crate) fn new(fields: FieldTable, root: Expr) -> Self {
        let paths: Vec<&str> = fields.slots().map(|slot| fields.path(slot)).collect();
        let written = format!("{paths:?} {root:?}");
        Self(Arc::new(Inner {
            fields,
            root,
            written,
        }))
    }

    /// The fields of the tests, within the object.
    pub fn fields(&self) -> &FieldTable {
        &self.0.fields
    }

    pub fn root(&self) -> &Expr {
        &self.0.root
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.0.written == other.0.written
    }
}

impl Eq for Element {}

impl Hash for Element {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.written.hash(state);
    }
}

/// Text to be found, folded by [`fold`](super::fold) where the case does not count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TextTest {
    pub place: Place,
    pub case: Case,
    pub text: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    Ignored,
    Kept,
}

/// Where in the value the text must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Whole,
    Start,
    End,
    Anywhere,
}

/// A pattern over the whole value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    pub case: Case,
    pub parts: Box<[GlobPart]>,
}

impl Glob {
    fn longest_text(&self) -> String {
        let char_of = |part: &GlobPart| match part {
            GlobPart::Char(char) => Some(*char),
            _ => None,
        };
        let runs = self.parts.split(|part| char_of(part).is_none());
        let texts = runs.map(|run| run.iter().filter_map(char_of).collect::<String>());
        texts.max_by_key(String::len).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlobPart {
    Char(char),
    /// `?`: exactly one character.
    AnyChar,
    /// `*`: any characters, none included.
    AnyText,
    /// One of the characters that `windash` treats alike.
    Dash,
}

/// The characters that `windash` treats alike.
pub const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
}

impl Order {
    /// As a modifier is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Order::Lt => "lt",
            Order::Lte => "lte",
            Order::Gt => "gt",
            Order::Gte => "gte",
            Order::Eq => "eq",
        }
    }

    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Order::Lt => ordering.is_lt(),
            Order::Lte => ordering.is_le(),
            Order::Gt => ordering.is_gt(),
            Order::Gte => ordering.is_ge(),
            Order::Eq => ordering.is_eq(),
        }
    }
}

/// A number, exact up to 64 bits: neighbouring 64-bit ids stay apart.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    /// The number in a text such as `200`, ` 200.0` or `2e2`.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
            return None;
        }
        if let Ok(n) = text.parse::<i64>() {
            return Some(Number::Int(n.into()));
        }
        text.parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .map(Number::from_f64)
    }

    pub fn from_f64(n: f64) -> Self {
        // A float without a fraction is an exact integer, so that 200.0 and 200 are one number.
        if n.fract() == 0.0 && n.abs() < 1e38 {
            Number::Int(n as i128)
        } else {
            Number::Float(n)
        }
    }

    pub fn compare(self, other: Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }

    fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(n) => n,
        }
    }

    /// The same for equal numbers, and in some order.
    pub fn key(self) -> (bool, u128) {
        match self {
            Number::Int(n) => (false, n as u128),
            Number::Float(n) => (true, n.to_bits().into()),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MomentPart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Expr {
    /// Calls `see` with every test in it.
    pub fn each_test(&self, see: &mut dyn FnMut(&Predicate)) {
        match self {
            Expr::Test(predicate) => see(predicate),
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                for part in parts {
                    part.each_test(see);
                }
            }
            Expr::Not(part) => part.each_test(see),
        }
    }

    /// Calls `see` with every field that must be there for a test to speak for the expression.
    ///
    /// A field that stands only under `not`, or is asked to be missing, is not among them: without it the expression
    /// may well be true.
    pub fn each_wanted_field(&self, see: &mut dyn FnMut(SlotId)) {
        self.each_field_wanted_under(Polarity::Asserted, see);
    }

    fn each_field_wanted_under(&self, polarity: Polarity, see: &mut dyn FnMut(SlotId)) {
        let predicate = match self {
            Expr::Test(predicate) => predicate,
            Expr::Not(part) => return part.each_field_wanted_under(polarity.turned(), see),
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                for part in parts {
                    part.each_field_wanted_under(polarity, see);
                }
                return;
            }
        };
        let polarity = match predicate.test {
            Test::Null => polarity.turned(),
            _ => polarity,
        };
        if polarity == Polarity::Denied {
            return;
        }
        if let Subject::Field(slot) = predicate.subject {
            see(slot);
        }
        if let Test::OtherField { slot, .. } = predicate.test {
            see(slot);
        }
    }
}

/// Whether a test stands under an even or an odd number of `not`s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polarity {
    Asserted,
    Denied,
}

impl Polarity {
    fn turned(self) -> Self {
        match self {
            Polarity::Asserted => Polarity::Denied,
            Polarity::Denied => Polarity::Asserted,
        }
    }
}
