//! Conditions that no event can satisfy, or every event does: tests of a field that exclude each other.
//!
//! A search for a choice of tests that can all come out as the condition wants. What is known of two tests is little, and
//! what is not known is taken to be possible: a condition that is told of is contradictory, one that is not may be.

use hashbrown::HashMap;

use detector_event::event::LogSource;
use detector_event::field::FieldTable;

use crate::doubt::exclusion::{Literal, Values, exclude, is_impossible};
use crate::model::condition::{Expr, Number, Order, Place, Subject, Test};
use crate::yaml::yaml_tree::shortened;

/// Looks at tests before a condition is taken to be possible.
const STEPS_MAX: usize = 20_000;
/// Parts within each other, or one after the other, before it is: they are on the stack.
const DEPTH_MAX: usize = 250;

/// What is odd about a condition, in words; `None` where it may be true and may be false.
pub(crate) fn doubt(root: &Expr, fields: &FieldTable, sources: &[LogSource]) -> Option<String> {
    let impossible = |is_wanted, values| {
        let mut search = Search::new(values);
        let found = search.finds(&Todo::One(root, is_wanted, &Todo::Done));
        if found { None } else { search.clash }
    };
    let words = |clash: Clash<'_>| clash.words(fields);
    if let Some(clash) = impossible(true, Values::Several) {
        return Some(format!("the condition can never be true: {}", words(clash)));
    }
    if impossible(false, Values::Several).is_some() {
        return Some("the condition is true of every event of the log source".to_owned());
    }
    let impossible = |values| impossible(true, values).map(words);
    let is_cloudtrail = sources == [LogSource::CloudTrail];
    let of_one = is_cloudtrail.then(|| impossible(Values::OneWhereKnown(fields)));
    if let Some(clash) = of_one.flatten() {
        return Some(format!(
            "the condition can never be true: {clash}, and an event has one value of it"
        ));
    }
    let clash = impossible(Values::OneNumber)?;
    Some(format!(
        "the condition can be true only of a list of numbers: of one {clash}"
    ))
}

/// What is left to be satisfied.
enum Todo<'e, 't> {
    Done,
    /// This comes out so, and the rest.
    One(&'e Expr, bool, &'t Todo<'e, 't>),
    /// So many of these do at least, and the rest.
    Some(usize, &'e [Expr], bool, &'t Todo<'e, 't>),
}

/// Two that exclude each other; one that is impossible by itself is both.
#[derive(Debug, Clone, Copy)]
struct Clash<'e> {
    one: Literal<'e>,
    other: Literal<'e>,
}

struct Search<'e> {
    values: Values<'e>,
    steps: usize,
    depth: usize,
    /// What is wanted, and what is not, of each subject.
    chosen: HashMap<Subject, [Vec<Literal<'e>>; 2]>,
    clash: Option<Clash<'e>>,
}

impl<'e> Search<'e> {
    fn new(values: Values<'e>) -> Self {
        Self {
            values,
            steps: 0,
            depth: 0,
            chosen: HashMap::new(),
            clash: None,
        }
    }

    fn finds(&mut self, todo: &Todo<'e, '_>) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.depth > DEPTH_MAX {
            return true;
        }
        self.depth += 1;
        let found = self.finds_here(todo);
        self.depth -= 1;
        found
    }

    fn finds_here(&mut self, todo: &Todo<'e, '_>) -> bool {
        let (expr, is_wanted, rest) = match *todo {
            Todo::Done => return true,
            Todo::One(expr, is_wanted, rest) => (expr, is_wanted, rest),
            Todo::Some(number, parts, is_wanted, rest) => {
                return self.finds_some((number, parts, is_wanted), rest);
            }
        };
        match expr {
            Expr::Test(predicate) => {
                let took = self.take((predicate, is_wanted));
                let found = took && self.finds(rest);
                if took && !found {
                    self.give_back(predicate.subject, is_wanted);
                }
                found
            }
            Expr::Not(part) => self.finds(&Todo::One(part, !is_wanted, rest)),
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                let wanted = match expr {
                    Expr::All(_) => parts.len(),
                    Expr::AtLeast(number, _) => *number,
                    _ => 1,
                };
                // To be too few, the others must come out false.
                let number = match is_wanted {
                    true => wanted,
                    false => (parts.len() + 1).saturating_sub(wanted),
                };
                self.finds(&Todo::Some(number, parts, is_wanted, rest))
            }
        }
    }

    fn finds_some(
        &mut self,
        (mut number, mut parts, is_wanted): (usize, &'e [Expr], bool),
        rest: &Todo<'e, '_>,
    ) -> bool {
        // All of many tests, one after the other: a list of values may be long, and must not go as deep.
        let mut taken = Vec::new();
        let found = loop {
            if self.steps > STEPS_MAX {
                break true;
            }
            if number == 0 {
                break self.finds(rest);
            }
            let Some((first, others)) = parts.split_first().filter(|_| number <= parts.len())
            else {
                break false;
            };
            if number == parts.len()
                && let Expr::Test(predicate) = first
            {
                if !self.take((predicate, is_wanted)) {
                    break false;
                }
                taken.push(predicate.subject);
                (number, parts) = (number - 1, others);
                continue;
            }
            let with = Todo::Some(number - 1, others, is_wanted, rest);
            if self.finds(&Todo::One(first, is_wanted, &with)) {
                break true;
            }
            parts = others;
        };
        if !found {
            taken
                .into_iter()
                .for_each(|subject| self.give_back(subject, is_wanted));
        }
        found
    }

    /// Wants this of the test, too. Returns whether that is possible.
    fn take(&mut self, literal: Literal<'e>) -> bool {
        let [unwanted, wanted] = self.chosen.entry(literal.0.subject).or_default();
        // What two must not pass never excludes each other.
        let others: &[_] = if literal.1 { &*unwanted } else { &[] };
        self.steps += wanted.len() + others.len();
        let mut others = wanted.iter().chain(others);
        let other = match is_impossible(literal) {
            true => Some(literal),
            false => others
                .find(|other| exclude(literal, **other, self.values))
                .copied(),
        };
        match other {
            Some(other) => {
                self.clash.get_or_insert(Clash {
                    one: other,
                    other: literal,
                });
            }
            None if literal.1 => wanted.push(literal),
            None => unwanted.push(literal),
        }
        other.is_none()
    }

    fn give_back(&mut self, subject: Subject, is_wanted: bool) {
        let chosen = self.chosen.get_mut(&subject);
        chosen.and_then(|chosen| chosen[usize::from(is_wanted)].pop());
    }
}

impl Clash<'_> {
    fn words(self, fields: &FieldTable) -> String {
        let (one, other) = (
            literal_words(self.one, fields),
            literal_words(self.other, fields),
        );
        match one == other {
            true => format!("{one} never passes"),
            false => format!("{one} and {other} exclude each other"),
        }
    }
}

/// ``not `eventName|startswith: Get` ``
fn literal_words((predicate, is_wanted): Literal<'_>, fields: &FieldTable) -> String {
    let field = match predicate.subject {
        Subject::Field(slot) => fields.path(slot),
        Subject::AnyText => "",
    };
    let test = match &predicate.test {
        Test::Text(text) => {
            let place = match text.place {
                Place::Whole => "",
                Place::Start => "|startswith",
                Place::End => "|endswith",
                Place::Anywhere if field.is_empty() => "",
                Place::Anywhere => "|contains",
            };
            let colon = if field.is_empty() { "" } else { ": " };
            format!(
                "`{field}{place}{colon}{}`",
                shortened(&text.text).trim_matches('`')
            )
        }
        Test::Number(order, number) => format!("`{field}{}`", compared("", *order, *number)),
        Test::Moment {
            part,
            order,
            number,
        } => {
            let part = format!("|{part:?}").to_lowercase();
            format!("`{field}{}`", compared(&part, *order, *number))
        }
        Test::Null => format!("`{field}: null`"),
        Test::Present => format!("`{field}|exists`"),
        _ => format!("a test of `{field}`"),
    };
    match is_wanted {
        true => test,
        false => format!("not {test}"),
    }
}

fn compared(part: &str, order: Order, number: Number) -> String {
    let order = match order {
        Order::Eq => String::new(),
        order => format!("|{}", order.name()),
    };
    let number = match number {
        Number::Int(number) => number.to_string(),
        Number::Float(number) => number.to_string(),
    };
    format!("{part}{order}: {number}")
}
