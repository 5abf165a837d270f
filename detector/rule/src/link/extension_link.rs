//! What an extension makes of the window that it stands on, with the rules that it names.

use crate::draft::{CorrelationDraft, ExtensionDraft, ExtensionKind, Target};
use crate::link::names::Names;
use crate::model::{OwnerParts, RatioParts, WEEK_MS, WindowSpec};
use crate::yaml::reference::Reference;

/// How long the timespan of a baseline may be.
const SLOT_MS: std::ops::RangeInclusive<i64> = 15 * 60 * 1000..=24 * 3600 * 1000;

/// Links one extension; all that is wrong with it is in `problems`, with its line.
pub(crate) struct ExtensionLinker<'l> {
    pub(crate) names: &'l Names,
    pub(crate) draft: &'l CorrelationDraft,
    pub(crate) targets: &'l [Target],
    pub(crate) problems: Vec<(u32, String)>,
}

impl ExtensionLinker<'_> {
    /// `None` where it does not fit.
    pub(crate) fn window(
        &mut self,
        base: &WindowSpec,
        extension: &ExtensionDraft,
    ) -> Option<WindowSpec> {
        for (reference, target) in self.draft.inputs.iter().zip(self.targets) {
            if matches!(target, Target::Correlation(_)) {
                let (key, rule) = (extension.key, &reference.text);
                self.problems.push((
                    extension.line,
                    format!("`vedette.{key}` looks at events, but `{rule}` is a correlation: name detection rules"),
                ));
            }
        }
        match (&extension.kind, base) {
            (ExtensionKind::Ratio { .. }, WindowSpec::EventCount { threshold }) => {
                Some(WindowSpec::Ratio {
                    threshold: threshold.clone(),
                    parts: self.ratio(&extension.kind)?,
                })
            }
            (ExtensionKind::FirstSeen(parts), WindowSpec::ValueCount { threshold }) => {
                if parts.memory_ms < self.draft.timespan_ms {
                    self.problem(extension, "the `memory` of `vedette.first_seen` is shorter than the timespan: a value would be new again while it is in the window");
                }
                Some(WindowSpec::FirstSeen {
                    threshold: threshold.clone(),
                    parts: *parts,
                })
            }
            (ExtensionKind::Owner { memory_ms, .. }, WindowSpec::ValueCount { threshold }) => {
                if *memory_ms < self.draft.timespan_ms {
                    self.problem(extension, "the `memory` of `vedette.owner` is shorter than the timespan: take the longest time for which nobody registers or transfers anew");
                }
                Some(WindowSpec::Owner {
                    threshold: threshold.clone(),
                    parts: self.owner(extension)?,
                })
            }
            (ExtensionKind::Baseline(parts), WindowSpec::EventCount { threshold }) => {
                let timespan_ms = self.draft.timespan_ms;
                if !SLOT_MS.contains(&timespan_ms) || WEEK_MS % timespan_ms != 0 {
                    self.problem(extension, "`vedette.baseline` compares with the same time of past weeks: it needs a timespan from `15m` to `24h` that divides the week, as `1h`");
                }
                if !threshold.is_monotone() {
                    self.problem(extension, "`vedette.baseline` is for more than usual: its condition takes `gte` or `gt`, the fewest events that matter");
                }
                Some(WindowSpec::Baseline {
                    threshold: threshold.clone(),
                    parts: *parts,
                })
            }
            (kind, _) => {
                let (key, needed) = (extension.key, kind.sigma_type());
                let message = format!(
                    "`vedette.{key}` stands on `type: {needed}`, which this correlation is not"
                );
                self.problem(extension, &message);
                None
            }
        }
    }

    fn problem(&mut self, extension: &ExtensionDraft, message: &str) {
        self.problems.push((extension.line, message.to_owned()));
    }

    /// `None` for another kind.
    fn ratio(&mut self, kind: &ExtensionKind) -> Option<RatioParts> {
        let ExtensionKind::Ratio {
            of,
            to,
            bounds,
            at_least,
        } = kind
        else {
            return None;
        };
        let parts = RatioParts {
            of: self.inputs(of, "ratio"),
            to: self.inputs(to, "ratio"),
            bounds: bounds.clone(),
            at_least: *at_least,
        };
        for (at, reference) in self.draft.inputs.iter().enumerate() {
            if !parts.of.contains(&at) && !parts.to.contains(&at) {
                let rule = &reference.text;
                self.problems.push((
                    reference.line,
                    format!("`vedette.ratio` has `{rule}` neither in `of` nor in `to`: add it, or remove it from `rules`"),
                ));
            }
        }
        Some(parts)
    }

    /// `None` for another kind.
    fn owner(&mut self, extension: &ExtensionDraft) -> Option<OwnerParts> {
        let ExtensionKind::Owner {
            given_by,
            ended_by,
            memory_ms,
        } = &extension.kind
        else {
            return None;
        };
        let parts = OwnerParts {
            given_by: self.inputs(given_by, "owner"),
            ended_by: self.inputs(ended_by, "owner"),
            memory_ms: *memory_ms,
        };
        for &at in &parts.given_by {
            if let (true, Some(reference)) =
                (parts.ended_by.contains(&at), self.draft.inputs.get(at))
            {
                let message = format!(
                    "`vedette.owner` has `{}` in `given_by` and in `ended_by`: leave it in one of them",
                    reference.text
                );
                self.problem(extension, &message);
            }
        }
        if (0..self.draft.inputs.len()).all(|at| parts.owner_from(at).is_some()) {
            self.problem(extension, "of the `rules`, `vedette.owner` leaves none whose hits are accesses: add the rule of what owners alone may do");
        }
        Some(parts)
    }

    /// The places of the rules among the correlation's.
    fn inputs(&mut self, references: &[Reference], key: &str) -> Vec<usize> {
        let mut places = Vec::new();
        for Reference { text, line } in references {
            let target = self.names.find(text);
            let place = match target {
                Some(target) => self.targets.iter().position(|known| *known == target),
                None => self
                    .draft
                    .inputs
                    .iter()
                    .position(|input| input.text == *text),
            };
            match place {
                Some(place) if places.contains(&place) => self.problems.push((
                    *line,
                    format!("`vedette.{key}` names the rule `{text}` twice, by id and by name"),
                )),
                Some(place) => places.push(place),
                None => {
                    let message = match target {
                        None => self.names.unknown(text),
                        Some(_) => format!(
                            "`vedette.{key}` names the rule `{text}`, which is not among `rules`"
                        ),
                    };
                    self.problems.push((*line, message));
                }
            }
        }
        places
    }
}
