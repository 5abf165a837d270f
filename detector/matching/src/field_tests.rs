//! The tests of one field that are evaluated together: a look into a table or one pass, however many they are.

use hashbrown::HashMap;
use ipnet::IpNet;

use detector_event::field::SlotId;
use detector_event::slots::{Slots, Value};
use detector_rule::{Case, Number, Order, Place, Test, fold_into, is_folded};

use super::buffers::Buffers;
use super::memo::Memo;
use super::object_text::Objects;
use super::predicate::PredicateId;
use super::substring::Substrings;
use super::value_text::{number_of, text_of};

type Table<K> = HashMap<K, PredicateId, foldhash::fast::FixedState>;

#[derive(Debug, Default)]
pub(super) struct FieldTests {
    whole_folded: Table<Box<str>>,
    whole_cased: Table<Box<str>>,
    within_folded: Substrings,
    within_cased: Substrings,
    equal: Table<Number>,
    orders: Vec<(Order, Number, PredicateId)>,
    networks: Vec<(IpNet, PredicateId)>,
    any_text: Option<PredicateId>,
    null: Option<PredicateId>,
    present: Option<PredicateId>,
    /// Whether any of them looks at text.
    has_texts: bool,
}

impl FieldTests {
    /// Adds a test that is not slow.
    pub(super) fn add(&mut self, test: &Test, id: PredicateId) {
        self.has_texts |= matches!(test, Test::Text(_) | Test::AnyText);
        match test {
            Test::Text(test) => {
                let (whole, within) = match test.case {
                    Case::Ignored => (&mut self.whole_folded, &mut self.within_folded),
                    Case::Kept => (&mut self.whole_cased, &mut self.within_cased),
                };
                match test.place {
                    Place::Whole => {
                        whole.insert(test.text.clone(), id);
                    }
                    place => within.add(&test.text, place, id),
                }
            }
            Test::Number(Order::Eq, number) => {
                self.equal.insert(*number, id);
            }
            Test::Number(order, number) => self.orders.push((*order, *number, id)),
            Test::Cidr(net) => self.networks.push((*net, id)),
            Test::AnyText => self.any_text = Some(id),
            Test::Null => self.null = Some(id),
            Test::Present => self.present = Some(id),
            Test::Glob(_)
            | Test::Regex(_)
            | Test::OtherField { .. }
            | Test::Moment { .. }
            | Test::Listed(_)
            | Test::Element(_) => {
                unreachable!("slow tests are not evaluated together")
            }
        }
    }

    pub(super) fn compile(&mut self) {
        self.within_folded.compile();
        self.within_cased.compile();
    }

    /// The same as [`FieldTests::evaluate_field`] where the field has one value, and that came before; `false`, with nothing
    /// told, where not.
    #[inline(always)]
    pub(super) fn recall_field(
        &self,
        slots: &Slots<'_>,
        slot: SlotId,
        memo: &Memo,
        mut pass: impl FnMut(PredicateId),
    ) -> bool {
        let Some(passed) = slots.only_text(slot).and_then(|text| memo.recall(text)) else {
            return false;
        };
        self.present.into_iter().for_each(&mut pass);
        passed.iter().copied().for_each(pass);
        true
    }

    /// Tells `pass` of every test that a value of the field passes.
    #[inline(never)]
    pub(super) fn evaluate_field(
        &self,
        slots: &Slots<'_>,
        slot: SlotId,
        objects: Objects<'_>,
        memo: &mut Memo,
        buffers: &mut Buffers,
        pass: &mut dyn FnMut(PredicateId),
    ) {
        if slots.is_present(slot) {
            self.present.into_iter().for_each(&mut *pass);
        } else {
            self.null.into_iter().for_each(&mut *pass);
        }
        let mut has_containers = false;
        for value in slots.values(slot) {
            if *value == Value::Null {
                self.null.into_iter().for_each(&mut *pass);
            }
            has_containers |= *value == Value::Container;
            let Value::Text(text) = value else {
                self.evaluate_value(value, buffers, pass);
                continue;
            };
            if let Some(passed) = memo.recall(text) {
                passed.iter().copied().for_each(&mut *pass);
                continue;
            }
            let mut passed = std::mem::take(&mut buffers.passed);
            passed.clear();
            self.evaluate_value(value, buffers, &mut |id| passed.push(id));
            memo.keep(text, &passed);
            passed.iter().copied().for_each(&mut *pass);
            buffers.passed = passed;
        }
        if has_containers && self.has_texts {
            objects.each(slot, &mut |text| {
                self.evaluate_text(text, &mut buffers.folded, pass);
            });
        }
    }

    /// The tests that one value passes, of those that its text decides.
    fn evaluate_value(
        &self,
        value: &Value<'_>,
        buffers: &mut Buffers,
        pass: &mut dyn FnMut(PredicateId),
    ) {
        let Some(text) = text_of(value, &mut buffers.text) else {
            return;
        };
        self.evaluate_text(text, &mut buffers.folded, pass);
        if !(self.equal.is_empty() && self.orders.is_empty())
            && let Some(number) = number_of(value)
        {
            self.evaluate_number(number, pass);
        }
        if !self.networks.is_empty() {
            self.evaluate_address(text, pass);
        }
    }

    /// Tells `pass` of every test on text that `text` passes.
    pub(super) fn evaluate_text(
        &self,
        text: &str,
        buffer: &mut String,
        pass: &mut dyn FnMut(PredicateId),
    ) {
        self.any_text.into_iter().for_each(&mut *pass);
        if let Some(id) = self.whole_cased.get(text) {
            pass(*id);
        }
        self.within_cased.find(text, pass);
        if self.whole_folded.is_empty() && self.within_folded.is_empty() {
            return;
        }
        let folded = if is_folded(text) {
            text
        } else {
            buffer.clear();
            fold_into(text, buffer);
            buffer
        };
        if let Some(id) = self.whole_folded.get(folded) {
            pass(*id);
        }
        self.within_folded.find(folded, pass);
    }

    fn evaluate_number(&self, number: Number, pass: &mut dyn FnMut(PredicateId)) {
        if let Some(id) = self.equal.get(&number) {
            pass(*id);
        }
        for (order, bound, id) in &self.orders {
            if number
                .compare(*bound)
                .is_some_and(|ordering| order.holds(ordering))
            {
                pass(*id);
            }
        }
    }

    fn evaluate_address(&self, text: &str, pass: &mut dyn FnMut(PredicateId)) {
        let Ok(address) = text.parse::<std::net::IpAddr>() else {
            return;
        };
        // An IPv4 address in an IPv6 one is the IPv4 address.
        let address = address.to_canonical();
        for (net, id) in &self.networks {
            if net.contains(&address) {
                pass(*id);
            }
        }
    }
}
