//! Field modifiers: `field|contains|all` to what is done with the values, contradictions refused.

use rsigma_parser::Modifier;

use crate::model::condition::{Case, MomentPart, Order, Place};
use crate::yaml::near_name::suggestion;

/// The names a modifier may be written by.
const NAMES: [&str; 34] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "base64",
    "base64offset",
    "wide",
    "utf16le",
    "utf16be",
    "utf16",
    "windash",
    "re",
    "cidr",
    "cased",
    "exists",
    "expand",
    "fieldref",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "i",
    "ignorecase",
    "m",
    "multiline",
    "s",
    "dotall",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
];

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Text(Place),
    Regex,
    Cidr,
    Exists,
    Number(Order),
    OtherField(Place),
    Moment(MomentPart, Order),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Utf16 {
    Little,
    Big,
    /// Little-endian after a byte order mark.
    Marked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base64 {
    Whole,
    /// Anywhere in a longer encoded text: three alignments.
    Offset,
}

/// All that the modifiers of one field say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modifiers {
    pub(crate) operator: Operator,
    pub(crate) case: Case,
    /// Every value must match, not just one.
    pub(crate) all: bool,
    pub(crate) negated: bool,
    pub(crate) utf16: Option<Utf16>,
    pub(crate) base64: Option<Base64>,
    pub(crate) windash: bool,
    /// Values are placeholders of lists.
    pub(crate) expand: bool,
    pub(crate) regex_flags: RegexFlags,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RegexFlags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reading<'m> {
    place: Option<(&'m str, Place)>,
    /// Operators other than those on text.
    other: Option<(&'m str, Operator)>,
    order: Option<(&'m str, Order)>,
    moment: Option<(&'m str, MomentPart)>,
    field_reference: bool,
    utf16: Option<(&'m str, Utf16)>,
    base64: Option<(&'m str, Base64)>,
    windash: bool,
    expand: bool,
    cased: bool,
    all: bool,
    negated: bool,
    flags: RegexFlags,
    first_flag: Option<&'m str>,
}

/// Reads the part of a key behind the field name.
///
/// # Errors
/// The message for the author.
pub(crate) fn parse_modifiers(names: &[&str]) -> Result<Modifiers, String> {
    let mut reading = Reading::default();
    for (index, name) in names.iter().copied().enumerate() {
        if names.iter().take(index).any(|earlier| *earlier == name) {
            return Err(format!("modifier `{name}` stands twice"));
        }
        reading.take(name)?;
    }
    reading.finish()
}

impl<'m> Reading<'m> {
    fn take(&mut self, name: &'m str) -> Result<(), String> {
        let modifier: Modifier = name.parse().map_err(|()| match name {
            "not" => "`not` is no modifier, write `not` in the condition or use `neq`".to_owned(),
            _ => format!("unknown modifier `{name}`{}", suggestion(name, NAMES)),
        })?;
        match modifier {
            Modifier::Contains => claim(&mut self.place, name, Place::Anywhere),
            Modifier::StartsWith => claim(&mut self.place, name, Place::Start),
            Modifier::EndsWith => claim(&mut self.place, name, Place::End),
            Modifier::Re => claim(&mut self.other, name, Operator::Regex),
            Modifier::Cidr => claim(&mut self.other, name, Operator::Cidr),
            Modifier::Exists => claim(&mut self.other, name, Operator::Exists),
            Modifier::Lt => claim(&mut self.order, name, Order::Lt),
            Modifier::Lte => claim(&mut self.order, name, Order::Lte),
            Modifier::Gt => claim(&mut self.order, name, Order::Gt),
            Modifier::Gte => claim(&mut self.order, name, Order::Gte),
            Modifier::Minute => claim(&mut self.moment, name, MomentPart::Minute),
            Modifier::Hour => claim(&mut self.moment, name, MomentPart::Hour),
            Modifier::Day => claim(&mut self.moment, name, MomentPart::Day),
            Modifier::Week => claim(&mut self.moment, name, MomentPart::Week),
            Modifier::Month => claim(&mut self.moment, name, MomentPart::Month),
            Modifier::Year => claim(&mut self.moment, name, MomentPart::Year),
            Modifier::Wide | Modifier::Utf16be | Modifier::Utf16 => self.take_utf16(name, modifier),
            Modifier::Base64 => claim(&mut self.base64, name, Base64::Whole),
            Modifier::Base64Offset => claim(&mut self.base64, name, Base64::Offset),
            _ => self.take_flag(name, modifier),
        }
    }

    fn take_utf16(&mut self, name: &'m str, modifier: Modifier) -> Result<(), String> {
        if let Some((base64, _)) = self.base64 {
            return Err(format!("`{name}` must come before `{base64}`"));
        }
        let form = match modifier {
            Modifier::Utf16be => Utf16::Big,
            Modifier::Utf16 => Utf16::Marked,
            _ => Utf16::Little,
        };
        claim(&mut self.utf16, name, form)
    }

    fn take_flag(&mut self, name: &'m str, modifier: Modifier) -> Result<(), String> {
        match modifier {
            Modifier::All => self.all = true,
            Modifier::Cased => self.cased = true,
            Modifier::Neq => self.negated = true,
            Modifier::WindAsh => self.windash = true,
            Modifier::Expand => self.expand = true,
            Modifier::FieldRef => match self.place {
                Some((place, _)) => return Err(format!("`{place}` must come after `fieldref`")),
                None => self.field_reference = true,
            },
            _ => {
                self.first_flag.get_or_insert(name);
                match modifier {
                    Modifier::IgnoreCase => self.flags.ignore_case = true,
                    Modifier::Multiline => self.flags.multi_line = true,
                    _ => self.flags.dot_all = true,
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Modifiers, String> {
        let operator = self.operator()?;
        self.check_encodings(operator)?;
        if let (Some(flag), false) = (self.first_flag, operator == Operator::Regex) {
            return Err(format!(
                "`{flag}` is a flag of `re` and needs it; text ignores case unless `cased`"
            ));
        }
        let on_text = matches!(
            operator,
            Operator::Text(_) | Operator::OtherField(_) | Operator::Regex
        );
        if self.cased && !on_text {
            return Err("`cased` is for text, remove it".to_owned());
        }
        if self.expand {
            self.check_expand(operator)?;
        }
        if operator == Operator::Exists && (self.all || self.negated) {
            return Err("`exists` stands alone; for its opposite write `exists: false`".to_owned());
        }
        Ok(Modifiers {
            operator,
            case: if self.cased {
                Case::Kept
            } else {
                Case::Ignored
            },
            all: self.all,
            negated: self.negated,
            utf16: self.utf16.map(|(_, form)| form),
            base64: self.base64.map(|(_, form)| form),
            windash: self.windash,
            expand: self.expand,
            regex_flags: self.flags,
        })
    }

    fn operator(&self) -> Result<Operator, String> {
        let mut named: Vec<&str> = Vec::new();
        named.extend(self.other.map(|(name, _)| name));
        // A part of a moment may be compared with an order; everything else stands alone.
        match (self.moment, self.order) {
            (Some((moment, _)), _) => named.push(moment),
            (None, Some((order, _))) => named.push(order),
            (None, None) => {}
        }
        if self.field_reference {
            named.push("fieldref");
        } else {
            named.extend(self.place.map(|(name, _)| name));
        }
        if let [first, second, ..] = named[..] {
            return Err(format!(
                "`{first}` and `{second}` contradict each other, keep one"
            ));
        }
        let place = self.place.map_or(Place::Whole, |(_, place)| place);
        if self.field_reference
            && let Some((order, _)) = self.order
        {
            return Err(format!(
                "`fieldref` and `{order}` contradict each other, keep one"
            ));
        }
        let order = self.order.map(|(_, order)| order);
        Ok(match (self.other, self.moment, order) {
            (Some((_, operator)), ..) => operator,
            (None, Some((_, part)), _) => Operator::Moment(part, order.unwrap_or(Order::Eq)),
            (None, None, Some(order)) => Operator::Number(order),
            (None, None, None) if self.field_reference => Operator::OtherField(place),
            (None, None, None) => Operator::Text(place),
        })
    }

    /// A list is looked up as a whole: what changes each value, or asks for all of them, has no place beside it.
    fn check_expand(&self, operator: Operator) -> Result<(), String> {
        let encoding = self.utf16.map(|(name, _)| name);
        let other = encoding
            .or(self.base64.map(|(name, _)| name))
            .or(self.windash.then_some("windash"))
            .or(self.all.then_some("all"))
            .or(self
                .other
                .map(|(name, _)| name)
                .filter(|_| operator != Operator::Cidr))
            .or(self.moment.map(|(name, _)| name))
            .or(self.order.map(|(name, _)| name))
            .or(self.field_reference.then_some("fieldref"));
        match other {
            Some(name) => Err(format!(
                "`expand` does not go with `{name}`: it takes `contains`, `startswith`, `endswith`, `cidr`, `cased` and `neq`"
            )),
            None => Ok(()),
        }
    }

    fn check_encodings(&self, operator: Operator) -> Result<(), String> {
        let windash = self.windash.then_some("windash");
        let encoding = self
            .utf16
            .map(|(name, _)| name)
            .or(self.base64.map(|(name, _)| name));
        if let (Some(name), false) = (encoding.or(windash), matches!(operator, Operator::Text(_))) {
            return Err(format!(
                "`{name}` changes text and cannot be combined with a comparison that is not on text"
            ));
        }
        if let (Some(name), Some(windash)) = (encoding, windash) {
            return Err(format!(
                "`{windash}` and `{name}` contradict each other, keep one"
            ));
        }
        if let (Some((name, _)), None) = (self.utf16, self.base64) {
            return Err(format!(
                "`{name}` alone matches no log text, follow it by `base64` or `base64offset`"
            ));
        }
        if let (Some((_, Base64::Offset)), Operator::Text(Place::Start | Place::End)) =
            (self.base64, operator)
        {
            return Err("`base64offset` looks anywhere in the text, use `contains`".to_owned());
        }
        Ok(())
    }
}

/// Fills a place that may be filled once.
fn claim<'m, T>(slot: &mut Option<(&'m str, T)>, name: &'m str, value: T) -> Result<(), String> {
    match slot.replace((name, value)) {
        Some((earlier, _)) => Err(format!(
            "`{earlier}` and `{name}` contradict each other, keep one"
        )),
        None => Ok(()),
    }
}
