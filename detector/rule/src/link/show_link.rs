//! Where each input of a correlation has the fields that its alerts show.

use detector_event::field::FieldTable;

use crate::draft::{CorrelationDraft, Target};
use crate::link::names::Names;
use crate::link::resolved::{FoundInput, Resolved};
use crate::model::{FieldTag, ShownField, ShownSource};
use crate::yaml::reference::Reference;

pub(crate) struct ShowLinker<'l> {
    pub(crate) names: &'l Names,
    pub(crate) fields: &'l mut FieldTable,
    pub(crate) draft: &'l CorrelationDraft,
    /// Line and message.
    pub(crate) problems: Vec<(u32, String)>,
}

impl ShowLinker<'_> {
    /// What each input has of the fields that are shown; `inputs` are all of them.
    pub(crate) fn link(&mut self, inputs: &[FoundInput<'_>]) -> Vec<Vec<ShownField>> {
        let mut shown = vec![Vec::new(); inputs.len()];
        let is_unknown = |(.., input): &FoundInput<'_>| matches!(input, Resolved::Unknown);
        for field in &self.draft.show {
            let mut is_somewhere = inputs.iter().any(is_unknown);
            let known = self.problems.len();
            for (&(reference, target, input), shown) in inputs.iter().zip(&mut shown) {
                if let Some(source) = self.source(field, reference, target, input) {
                    is_somewhere = true;
                    let tag = FieldTag::of(&field.text);
                    shown.push(ShownField { tag, source });
                }
            }
            if !is_somewhere && self.problems.len() == known {
                let message = format!(
                    "`vedette.show` names `{}`, which its correlations neither group by nor show",
                    field.text
                );
                self.problems.push((field.line, message));
            }
        }
        shown
    }

    /// Where an input has the field. An alias is shown of the rules that it names.
    fn source(
        &mut self,
        field: &Reference,
        reference: &Reference,
        target: Target,
        input: Resolved<'_>,
    ) -> Option<ShownSource> {
        let alias = self.draft.aliases.iter().find(|a| a.name == field.text);
        let mapped = match alias {
            None => None,
            Some(alias) => Some(alias.of_rule(target, self.names)?),
        };
        let name = mapped.map_or(&field.text, |(_, name)| name);
        match input {
            Resolved::Unknown => None,
            Resolved::Detection(_) => Some(ShownSource::Event(self.fields.slot(name))),
            Resolved::Correlation(_, child) => {
                let place = child.group_by.iter().position(|own| &**own == name);
                let shows = || child.show.iter().any(|own| &**own == name);
                let source = place
                    .map(ShownSource::ChildGroup)
                    .or_else(|| shows().then(|| ShownSource::ChildShown(FieldTag::of(name))));
                if let (None, Some((rule, _))) = (&source, mapped) {
                    let message = format!(
                        "alias `{}` takes `{name}`, which the correlation `{}` neither groups by nor shows",
                        field.text, reference.text
                    );
                    self.problems.push((rule.line, message));
                }
                source
            }
        }
    }
}
