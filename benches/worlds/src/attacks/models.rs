//! T6 to T8: data that models learn from, what they give away, and how they are tricked.

use super::assault::{Assault, From};
use super::list::List;
use crate::assistant::{KNOWLEDGE, LOADER, TRAINING};
use crate::lines::{Principal, Register, Said};
use crate::moment::{DAY, SECOND};

pub(super) fn add(list: &mut List) {
    poisoning(list);
    extraction(list);
    foreign(list);
    tricks(list);
}

fn whole_seconds(at: i64) -> i64 {
    at - at.rem_euclid(SECOND)
}

/// So many documents, so many an hour.
fn write(a: &mut Assault<'_>, by: Principal<'_>, bucket: &str, (per_hour, count): (f64, u64)) {
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let (at, who) = (whole_seconds(at), a.nobody(From::One, 0));
        let key = format!("manuals/{turn:03}.md");
        a.scribe.write_object(at, &who, by, bucket, &key);
        a.deed(at, &who);
    }
}

fn change(a: &mut Assault<'_>, by: Principal<'_>, after: i64, call: (&str, &str)) {
    let (at, who) = (whole_seconds(a.start + after), a.nobody(From::One, 0));
    a.scribe.change_model(at, &who, by, call);
    a.deed(at, &who);
}

const SOURCE: &str = r#"{"knowledgeBaseId":"KBWORLD001","dataSourceId":"DSWORLD001"}"#;

fn poisoning(list: &mut List) {
    let front_end = Principal::Role("fleet-front-end");
    list.add(
        "t6-front-end-role",
        "The role of the front end writes thirty documents in ten minutes and has them taken in.",
        move |a| {
            write(a, front_end, KNOWLEDGE, (180.0, 30));
            change(a, front_end, 660 * SECOND, ("StartIngestionJob", SOURCE));
        },
    );
    list.add(
        "t6-front-end-role-slow",
        "The role of the front end writes a document a day, and waits for the night.",
        move |a| write(a, front_end, KNOWLEDGE, (1.0 / 24.0, 4)),
    );
    list.add(
        "t6-pipeline-role",
        "The stolen role of the pipeline writes four hundred documents in an hour of the day.",
        |a| write(a, LOADER, KNOWLEDGE, (400.0, 400)),
    );
    list.add(
        "t6-pipeline-role-slow",
        "The stolen role of the pipeline writes three documents an hour for a day.",
        |a| write(a, LOADER, KNOWLEDGE, (3.0, 72)),
    );
    list.add(
        "t6-pipeline-role-night",
        "The stolen role of the pipeline writes five documents in the hour of the load.",
        |a| {
            a.start = a.world.end - 5 * DAY + 3600 * SECOND;
            write(a, LOADER, KNOWLEDGE, (5.0, 5));
        },
    );
    list.add(
        "t6-training-user",
        "An access key that leaked replaces sixty objects of the training data.",
        |a| write(a, Principal::User("data-science"), TRAINING, (60.0, 60)),
    );
    list.add(
        "t6-source",
        "A source of the knowledge base is led to another bucket.",
        |a| {
            let by = Principal::Role("fleet-developers");
            change(a, by, 0, ("UpdateDataSource", SOURCE));
        },
    );
    list.add(
        "t6-training-job",
        "An access key that leaked starts a training of its own.",
        |a| {
            let by = Principal::User("data-science");
            change(
                a,
                by,
                0,
                ("CreateModelCustomizationJob", r#"{"jobName":"tuned"}"#),
            );
        },
    );
}

/// Questions of accounts in turn, so many an hour in all.
fn ask(
    a: &mut Assault<'_>,
    (accounts, from): (u64, From),
    (per_hour, count): (f64, u64),
    said: Said,
) {
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let (at, account) = (whole_seconds(at), turn % accounts);
        let person = a.own_account(account);
        let who = a.caller(person, from, account);
        a.scribe.asked(at, &who, said);
        a.deed(at, &who);
    }
}

fn extraction(list: &mut List) {
    for (name, about, accounts, per_hour, count) in [
        (
            "t7-copy",
            "An account copies a model: 720 questions an hour for two hours.",
            1,
            720.0,
            1440,
        ),
        (
            "t7-copy-slow",
            "An account copies a model: sixty questions an hour for four days.",
            1,
            60.0,
            5760,
        ),
        (
            "t7-copy-spread",
            "Sixty accounts copy a model: 720 questions an hour for three hours.",
            60,
            720.0,
            2160,
        ),
        (
            "t7-copy-spread-slow",
            "Sixty accounts copy a model: a question an hour each for four days.",
            60,
            60.0,
            5760,
        ),
    ] {
        let from = if accounts == 1 {
            From::One
        } else {
            From::BotnetOf(accounts)
        };
        list.add(name, about, move |a| {
            ask(a, (accounts, from), (per_hour, count), Said::Answered)
        });
    }
}

/// Answers about vehicles of others, that were entered before the logs begin or the day before.
fn tell(a: &mut Assault<'_>, (per_hour, count): (f64, u64), is_registered: bool) {
    let thief = a.own_account(0);
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let (who, victim) = (a.caller(thief, From::One, 0), a.victim(turn));
        let vehicle = victim.vehicle(70_000 + turn);
        if is_registered {
            let owner = victim.caller(at - DAY, &mut a.scribe.chance);
            let entered = Register {
                vehicle: &vehicle,
                ..Register::default()
            };
            a.scribe.register(at - DAY, &owner, entered);
        }
        a.scribe.asked(at - 40, &who, Said::Answered);
        a.scribe.told_of(at, &who, &vehicle);
        a.deed(at, &who);
        a.suffers(victim);
    }
}

fn foreign(list: &mut List) {
    for (name, about, pace, is_registered) in [
        (
            "t7-foreign",
            "The tool lacks a check: the model tells an account of ten vehicles of others that were entered the day before.",
            (60.0, 10),
            true,
        ),
        (
            "t7-foreign-slow",
            "The same, one a day.",
            (1.0 / 24.0, 4),
            true,
        ),
        (
            "t7-foreign-old",
            "The model tells of ten vehicles of others; no line of the logs says whose they are.",
            (60.0, 10),
            false,
        ),
    ] {
        list.add(name, about, move |a| tell(a, pace, is_registered));
    }
}

fn tricks(list: &mut List) {
    for (name, about, accounts, per_hour, count) in [
        (
            "t8-probe",
            "An account tries twenty wordings in ten minutes.",
            1,
            120.0,
            20,
        ),
        (
            "t8-probe-slow",
            "An account tries a wording every half an hour for a day.",
            1,
            2.0,
            48,
        ),
        (
            "t8-probe-spread",
            "Forty accounts try three wordings each in an hour.",
            40,
            120.0,
            120,
        ),
        (
            "t8-probe-spread-slow",
            "Forty accounts try a wording each every four hours for a day.",
            40,
            10.0,
            240,
        ),
    ] {
        let from = if accounts == 1 {
            From::One
        } else {
            From::BotnetOf(accounts)
        };
        list.add(name, about, move |a| {
            ask(a, (accounts, from), (per_hour, count), Said::Stopped)
        });
    }
    list.add(
        "t8-guardrail-deleted",
        "A developer's role deletes the guardrail, and an account asks what it wants.",
        |a| {
            let by = Principal::Role("fleet-developers");
            change(
                a,
                by,
                0,
                (
                    "DeleteGuardrail",
                    r#"{"guardrailIdentifier":"grworld00001"}"#,
                ),
            );
            ask(a, (1, From::One), (60.0, 20), Said::Answered);
        },
    );
    list.unseen(
        "t8-passes",
        "An account finds a wording that the guardrail lets pass: a line of the application that says what was answered would show it.",
    );
}
