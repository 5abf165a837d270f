//! The table as a person reads it, in the order of the four questions.

use std::fmt::Write;

use super::answers::{found, standing, titled};
use super::proof::State;
use super::table::{MitigationRow, ModelRow, Table, ThreatRow};
use crate::output::printable::printable;
use crate::output::quantity::counted;
use crate::report::table::Paint;

pub(super) fn page(table: &Table, paint: Paint) -> String {
    let mut page = Page {
        text: String::new(),
        paint,
    };
    page.heading("What are we working on?");
    match table.models.is_empty() {
        true => page.line(
            1,
            "no model: draw one in Threat Dragon, or name one by --model",
        ),
        false => table.models.iter().for_each(|model| page.model(model)),
    }
    page.heading("What can go wrong?");
    table.threats.iter().for_each(|threat| page.threat(threat));
    for model in &table.models {
        page.lacks(model);
    }
    page.heading("What are we doing about it?");
    table.mitigations.iter().for_each(|m| page.mitigation(m));
    let to_do = table.mitigations.iter().filter(|m| !m.is_built());
    for mitigation in to_do {
        let effort = mitigation.effort.as_deref().unwrap_or("effort unknown");
        page.line(
            1,
            &format!(
                "to do: {}, {} ({effort}, {})",
                titled(mitigation),
                mitigation.owner,
                mitigation.state
            ),
        );
    }
    page.heading("Did we do a good job?");
    table.threats.iter().for_each(|threat| page.state(threat));
    page.review(table);
    if !table.questions.is_empty() {
        page.heading("What do people ask?");
    }
    for question in &table.questions {
        page.line(1, &format!("{}: {}", question.persona, question.ask));
        page.line(2, &question.answer);
    }
    page.text.push('\n');
    match table.red() {
        red if red.is_empty() => page.line(0, "nothing is red"),
        red => page.red(0, &format!("red: {}", red.join(", "))),
    }
    page.text
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    /// Titles, names and the like are other people's text.
    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{}", "  ".repeat(depth), printable(line));
    }

    fn painted(&mut self, depth: usize, line: &str, style: owo_colors::Style) {
        match self.paint {
            Paint::Plain => self.line(depth, line),
            Paint::Colour => {
                let line = style.style(printable(line));
                let _ = writeln!(self.text, "{}{line}", "  ".repeat(depth));
            }
        }
    }

    fn red(&mut self, depth: usize, line: &str) {
        self.painted(depth, line, owo_colors::Style::new().red());
    }

    fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.painted(0, heading, owo_colors::Style::new().bold());
    }

    fn model(&mut self, model: &ModelRow) {
        self.line(
            1,
            &format!(
                "{}: {}, {}, {} ({})",
                model.title,
                counted(model.components as u64, "component"),
                counted(model.flows as u64, "flow"),
                match model.boundaries {
                    1 => "1 trust boundary".to_owned(),
                    n => format!("{n} trust boundaries"),
                },
                model.path
            ),
        );
        for (name, reason) in &model.out_of_scope {
            let reason = match reason.trim() {
                "" => "no reason is given",
                reason => reason,
            };
            self.line(2, &format!("out of scope: {name}: {reason}"));
        }
    }

    fn threat(&mut self, threat: &ThreatRow) {
        let stride = match threat.stride.is_empty() {
            true => String::new(),
            false => format!(" [{}]", threat.stride.join(" ")),
        };
        self.line(1, &format!("{}: {}{stride}", threat.id, threat.title));
        let elements = threat.elements();
        if !elements.is_empty() {
            self.line(2, &format!("at {}", elements.join(", ")));
        }
    }

    fn lacks(&mut self, model: &ModelRow) {
        if !model.without_threat.is_empty() {
            let names = model.without_threat.join(", ");
            self.line(
                1,
                &format!("{}: no threat is listed at {names}", model.title),
            );
        }
        if !model.lacks.is_empty() {
            let ids = model.lacks.join(", ");
            self.line(1, &format!("{}: not in this model: {ids}", model.title));
        }
    }

    fn mitigation(&mut self, mitigation: &MitigationRow) {
        let baseline = match mitigation.baseline {
            true => ", baseline",
            false => "",
        };
        let line = format!(
            "{} ({}{baseline}): {}",
            titled(mitigation),
            mitigation.owner,
            standing(mitigation)
        );
        match mitigation.is_red() {
            true => self.red(1, &line),
            false => self.line(1, &line),
        }
    }

    fn state(&mut self, threat: &ThreatRow) {
        let near = &threat.near_misses;
        let proof = format!(
            "{}; {} of {} silent",
            found(threat),
            near.silent,
            match near.all {
                1 => "1 near miss".to_owned(),
                n => format!("{n} near misses"),
            }
        );
        let told = match (threat.state, &threat.accepted, &threat.decided) {
            (State::Accepted, Some(accepted), _) => format!(
                "by {} until {}: {}",
                accepted.by, accepted.until, accepted.reason
            ),
            (State::Undetected, ..) => "no rule names it".to_owned(),
            _ => proof,
        };
        let decided = threat.decided.iter();
        let decided: String = decided
            .map(|status| format!(" ({status}, as the model says)"))
            .collect();
        let line = format!("{} {}{decided}: {told}", threat.id, threat.state.name());
        match threat.is_red() {
            true => self.red(1, &line),
            false => self.line(1, &line),
        }
        if threat.state == State::Unproven {
            for why in &threat.why {
                self.line(2, &format!("- {why}"));
            }
        }
    }

    fn review(&mut self, table: &Table) {
        let Some(review) = &table.review else {
            return self.line(
                1,
                "nobody has said that they went through this: write `review`",
            );
        };
        let line = format!(
            "reviewed by {} on {}, good until {}",
            review.by, review.on, review.due
        );
        match review.overdue {
            true => self.red(1, &format!("{line}: overdue")),
            false => self.line(1, &line),
        }
    }
}
