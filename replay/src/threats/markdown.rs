//! The table as a document: for a pull request, a wiki, whoever plans a penetration test.

use std::fmt::Write;

use detector_core::rule::RuleMeta;

use super::answers::{found, standing, titled};
use super::evidence::Evidence;
use super::model::{Element, Kind, Model};
use super::proof::{name, rules_of, shown};
use super::table::{Material, Table, ThreatRow};
use crate::output::printable::printable;
use crate::output::quantity::counted;

pub(super) fn document(table: &Table, material: &Material<'_>) -> String {
    let mut out = String::new();
    let result = match table.red() {
        red if red.is_empty() => "Nothing is red.".to_owned(),
        red => format!("**Red: {}.**", safe(&red.join(", "))),
    };
    let _ = writeln!(out, "# Threats\n\n{result}");
    working_on(&mut out, table);
    go_wrong(&mut out, table);
    doing(&mut out, table);
    good_job(&mut out, table);
    questions(&mut out, table);
    penetration_test(&mut out, table, material);
    criteria(&mut out, table, material);
    to_do(&mut out, table);
    out
}

/// Other people's text, in which nothing is Markdown, HTML or a mention.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    // Nothing becomes a link by itself.
    safe.replace("://", ":&#8203;//")
}

fn heading(out: &mut String, text: &str) {
    let _ = writeln!(out, "\n## {text}\n");
}

fn row(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn head(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(cells.len()));
}

fn working_on(out: &mut String, table: &Table) {
    heading(out, "What are we working on?");
    head(
        out,
        &[
            "model",
            "components",
            "flows",
            "trust boundaries",
            "out of scope",
        ],
    );
    for model in &table.models {
        let left_out = model.out_of_scope.iter();
        let left_out: Vec<String> = left_out
            .map(|(name, why)| format!("{} ({})", safe(name), safe(why)))
            .collect();
        row(
            out,
            &[
                safe(&model.title),
                model.components.to_string(),
                model.flows.to_string(),
                model.boundaries.to_string(),
                left_out.join(", "),
            ],
        );
    }
}

fn go_wrong(out: &mut String, table: &Table) {
    heading(out, "What can go wrong?");
    head(out, &["threat", "", "STRIDE", "where"]);
    for threat in &table.threats {
        row(
            out,
            &[
                safe(&threat.id),
                safe(&threat.title),
                safe(&threat.stride.join(" ")),
                safe(&threat.elements().join(", ")),
            ],
        );
    }
    for model in &table.models {
        for (what, names) in [
            ("no threat is listed at", &model.without_threat),
            ("not in this model:", &model.lacks),
        ] {
            if !names.is_empty() {
                let _ = writeln!(
                    out,
                    "\n{}: {what} {}.",
                    safe(&model.title),
                    safe(&names.join(", "))
                );
            }
        }
    }
}

fn doing(out: &mut String, table: &Table) {
    heading(out, "What are we doing about it?");
    head(
        out,
        &["mitigation", "", "owner", "state", "baseline", "evidence"],
    );
    for mitigation in &table.mitigations {
        let baseline = if mitigation.baseline { "yes" } else { "" };
        let evidence = mitigation.evidence.map_or("not looked at", Evidence::name);
        let told = match mitigation.evidence {
            Some(_) => safe(&standing(mitigation)),
            None => evidence.to_owned(),
        };
        row(
            out,
            &[
                safe(&mitigation.id),
                safe(&mitigation.title),
                safe(&mitigation.owner),
                mitigation.state.to_owned(),
                baseline.to_owned(),
                told,
            ],
        );
    }
}

fn good_job(out: &mut String, table: &Table) {
    heading(out, "Did we do a good job?");
    head(
        out,
        &["threat", "state", "attacks", "near misses silent", "why"],
    );
    for threat in &table.threats {
        let near = &threat.near_misses;
        let mut why = threat.why.clone();
        if let Some(accepted) = &threat.accepted {
            why.insert(
                0,
                format!(
                    "accepted by {} until {}: {}",
                    accepted.by, accepted.until, accepted.reason
                ),
            );
        }
        why.extend(
            threat
                .decided
                .iter()
                .map(|d| format!("{d}, as the model says")),
        );
        row(
            out,
            &[
                safe(&threat.id),
                threat.state.name().to_owned(),
                found(threat),
                format!("{} of {}", near.silent, near.all),
                safe(&why.join("; ")),
            ],
        );
    }
    if let Some(review) = &table.review {
        let overdue = if review.overdue { ": **overdue**" } else { "" };
        let _ = writeln!(
            out,
            "\nReviewed by {} on {}, good until {}{overdue}.",
            safe(&review.by),
            review.on,
            review.due
        );
    }
}

fn questions(out: &mut String, table: &Table) {
    if table.questions.is_empty() {
        return;
    }
    heading(out, "What do people ask?");
    for question in &table.questions {
        let _ = writeln!(
            out,
            "- {}: *{}*\n  {}",
            question.persona,
            safe(&question.ask),
            safe(&question.answer)
        );
    }
}

fn penetration_test(out: &mut String, table: &Table, material: &Material<'_>) {
    heading(out, "Scope of a penetration test");
    let _ = writeln!(
        out,
        "What is tried becomes a recording: `replay capture` the log groups of that hour, write an `expected.yaml` \
         beside them, and `replay test` tells whether it was seen."
    );
    for threat in &table.threats {
        let _ = writeln!(out, "\n### {}: {}\n", safe(&threat.id), safe(&threat.title));
        let entries = entry_points(threat, material.models);
        if !entries.is_empty() {
            let _ = writeln!(out, "Ways in: {}.\n", entries.join("; "));
        }
        let recordings = |places: &[usize], out: &mut String| {
            for scenario in places.iter().map(|&at| &material.tested.scenarios[at]) {
                let about = safe(&scenario.expectation.about);
                let _ = writeln!(out, "- {about} ({})", safe(&shown(scenario)));
            }
        };
        if threat.attack_recordings.is_empty() {
            let _ = writeln!(out, "No recorded attack says what to try.");
        } else {
            let _ = writeln!(out, "What to try, as recorded:\n");
            recordings(&threat.attack_recordings, out);
            let events = threat.worst_events;
            let within = events.map_or_else(String::new, |events| {
                format!(" within {} of the attack", counted(events as u64, "event"))
            });
            let _ = writeln!(
                out,
                "\nWhat must be seen{within}, by one of: {}.",
                safe(&threat.rules.join(", "))
            );
        }
        if !threat.near_miss_recordings.is_empty() {
            let _ = writeln!(out, "\nWhat must stay silent:\n");
            recordings(&threat.near_miss_recordings, out);
        }
        let unseen = threat.unseen.iter();
        for text in unseen {
            let _ = writeln!(
                out,
                "\nWhat no log shows: {}.",
                safe(text.trim_end_matches('.'))
            );
        }
    }
}

/// Flows into elements that carry the threat, public ones first, each once.
fn entry_points(threat: &ThreatRow, models: &[Model]) -> Vec<String> {
    let mut points: Vec<(bool, String)> = Vec::new();
    for model in models {
        let targets: Vec<&Element> = model
            .of_kind(Kind::Component)
            .filter(|element| element.carries(&threat.id))
            .collect();
        for flow in model.of_kind(Kind::Flow) {
            let Some(target) = targets
                .iter()
                .find(|t| flow.target.as_deref() == Some(&*t.id))
            else {
                continue;
            };
            let from = model.name_of(flow.source.as_deref()).unwrap_or("somewhere");
            let public = if flow.is_public { ", public" } else { "" };
            let told = format!(
                "{} ({} to {}{public})",
                safe(&flow.name),
                safe(from),
                safe(&target.name)
            );
            if !points.iter().any(|(_, known)| *known == told) {
                points.push((!flow.is_public, told));
            }
        }
    }
    points.sort_by_key(|(is_inner, _)| *is_inner);
    points.into_iter().map(|(_, told)| told).collect()
}

/// What a rule says of itself is a sentence that can be tested.
fn criteria(out: &mut String, table: &Table, material: &Material<'_>) {
    heading(out, "Acceptance criteria");
    let rules = material.engine.rules();
    for threat in &table.threats {
        let of_it = rules_of(rules, &threat.id);
        if of_it.is_empty() {
            continue;
        }
        let _ = writeln!(out, "### {}: {}\n", safe(&threat.id), safe(&threat.title));
        for rule in of_it {
            let _ = writeln!(out, "- {}", criterion(rule, material));
        }
        out.push('\n');
    }
}

fn criterion(rule: &RuleMeta, material: &Material<'_>) -> String {
    let description = rule.description.as_deref().unwrap_or(&rule.title);
    let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut scores = material.tested.report.rules.iter();
    let score = scores.find(|score| score.name == name(rule));
    let worst = score.and_then(|score| score.time_to_alert.as_ref()?.worst_events);
    let worst = worst.map_or_else(String::new, |events| {
        format!(", at the latest after {}", counted(events as u64, "event"))
    });
    format!("{} ({}{worst})", safe(&description), safe(name(rule)))
}

fn to_do(out: &mut String, table: &Table) {
    heading(out, "To do");
    let mut is_empty = true;
    for mitigation in table.mitigations.iter().filter(|m| !m.is_built()) {
        let against = table.threats.iter();
        let against = against.filter(|threat| threat.mitigations.contains(&mitigation.id));
        let against: Vec<&str> = against.map(|threat| &*threat.id).collect();
        let effort = mitigation.effort.as_deref().unwrap_or("effort unknown");
        let _ = writeln!(
            out,
            "- [ ] {} ({}, {}, {}; {})",
            safe(&titled(mitigation)),
            safe(&mitigation.owner),
            mitigation.state,
            safe(effort),
            safe(&against.join(", "))
        );
        is_empty = false;
    }
    for red in table.red() {
        let _ = writeln!(out, "- [ ] {}", safe(&red));
        is_empty = false;
    }
    if is_empty {
        let _ = writeln!(out, "Nothing.");
    }
}
