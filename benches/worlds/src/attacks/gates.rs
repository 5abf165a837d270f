//! T3: tokens, grants, receivers and operators.

use super::assault::{Assault, From};
use super::list::List;
use crate::causes::standing::agent_of_support;
use crate::lines::{Access, Caller};

pub(super) fn add(list: &mut List) {
    tokens(list);
    grants(list);
    operators(list);
}

/// Refused at the gateway, which does not say whose token it was.
fn refused(a: &mut Assault<'_>, (from, per_hour, count): (From, f64, u64), status: u16) {
    for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
        let who = a.nobody(from, turn);
        a.scribe
            .gateway(at, &who, ("GET", "/vehicles/{id}", status));
        a.deed(at, &who);
    }
}

fn tokens(list: &mut List) {
    list.add("t3-forged-tokens", "One address sends tokens of 300 users that it signed itself; the gateway refuses them, within an hour.", |a| refused(a, (From::One, 300.0, 300), 401));
    list.add("t3-forged-accepted", "A verifier that takes any signature: one address reads as 80 users, one vehicle of each, within an hour.", |a| {
        for (turn, at) in (0..).zip(a.pace(80.0, 80)) {
            let victim = a.victim(turn);
            let who = a.caller(victim, From::One, 0);
            let access = Access { verb: "read", vehicle: &victim.vehicle(0), owner: Some(&victim.sub()), is_allowed: true, ..Access::default() };
            a.scribe.gateway(at, &who, ("GET", "/vehicles/{id}", 200));
            a.scribe.access(at + 20, &who, access);
            a.deed(at + 20, &who);
            a.suffers(victim);
        }
    });
    list.add(
        "t3-401-burst",
        "One address is answered 401 five hundred times in ten minutes.",
        |a| refused(a, (From::One, 3000.0, 500), 401),
    );
    list.add(
        "t3-403-burst",
        "One address is answered 403 five hundred times in ten minutes.",
        |a| refused(a, (From::One, 3000.0, 500), 403),
    );
    list.add(
        "t3-401-slow",
        "One address is answered 401 forty times an hour for two days.",
        |a| refused(a, (From::One, 40.0, 1920), 401),
    );
    list.add(
        "t3-401-botnet",
        "A botnet is answered 401 two hundred times an hour for twelve hours, one address each.",
        |a| refused(a, (From::Botnet, 200.0, 2400), 401),
    );
}

fn grants(list: &mut List) {
    list.add("t3-grant-self-made", "An account shares twelve vehicles of others with itself and then reads them.", |a| {
        let thief = a.own_account(0);
        for (turn, at) in (0..).zip(a.pace(60.0, 12)) {
            let (who, victim) = (a.caller(thief, From::One, 0), a.victim(turn));
            let (vehicle, owner, own) = (victim.vehicle(0), victim.sub(), thief.sub());
            let fields = format!(r#""resource_type":"vehicle","resource_id":"{vehicle}","owner_sub":"{owner}","with_sub":"{own}","decision":"allow""#);
            a.scribe.application(at, "vehicle.share", &who, &fields);
            let access = Access { verb: "read", vehicle: &vehicle, owner: Some(&owner), is_allowed: true, grant: Some("shared"), ..Access::default() };
            a.scribe.access(at + 5000, &who, access);
            a.deed(at, &who);
            a.suffers(victim);
        }
    });
    list.add("t3-grant-claimed", "The application believes a grant that the request claims: an account reads 150 vehicles of others as shared, in three hours.", |a| {
        let thief = a.own_account(0);
        for (turn, at) in (0..).zip(a.pace(50.0, 150)) {
            let (who, victim) = (a.caller(thief, From::One, 0), a.victim(turn));
            let access = Access { verb: "read", vehicle: &victim.vehicle(0), owner: Some(&victim.sub()), is_allowed: true, grant: Some("shared"), ..Access::default() };
            a.scribe.access(at, &who, access);
            a.deed(at, &who);
            a.suffers(victim);
        }
    });
    for (name, about, per_hour, count) in [
        (
            "t3-receiver",
            "Forty users' accounts are in other hands: each transfers its vehicle to one receiver, within two hours.",
            20.0,
            40,
        ),
        (
            "t3-receiver-slow",
            "The same, one every three hours for four days.",
            0.33,
            30,
        ),
    ] {
        list.add(name, about, move |a| {
            let receiver = a.own_account(0).sub();
            for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
                let victim = a.victim(turn);
                let who = a.caller(victim, From::BotnetOf(9), turn);
                a.scribe
                    .transfer(at, &who, &victim.vehicle(0), (&victim.sub(), &receiver));
                a.deed(at, &who);
                a.suffers(victim);
            }
        });
    }
}

fn operators(list: &mut List) {
    let operator = |a: &Assault<'_>| -> Caller { agent_of_support(a.world, 0) };
    let snoop = move |a: &mut Assault<'_>, per_hour: f64, count: u64, few: u64| {
        let who = operator(a);
        for (turn, at) in (0..).zip(a.pace(per_hour, count)) {
            let victim = a.victim(turn % few);
            let access = Access {
                verb: "locate",
                vehicle: &victim.vehicle(0),
                owner: Some(&victim.sub()),
                is_allowed: true,
                grant: Some("operator"),
                role: Some("support"),
                reason: None,
            };
            a.scribe.gateway(at, &who, ("GET", "/vehicles/{id}", 200));
            a.scribe.access(at + 20, &who, access);
            a.deed(at + 20, &who);
            a.suffers(victim);
        }
    };
    list.add(
        "t3-operator-volume",
        "An agent of support, who reads 25 vehicles an hour, locates 900 in three.",
        move |a| snoop(a, 300.0, 900, u64::MAX),
    );
    list.add("t3-operator-stalks", "An agent of support locates one person's vehicle every twenty minutes, for four days and nights.", move |a| snoop(a, 3.0, 288, 1));
    list.add(
        "t3-operator-night",
        "An agent of support locates 80 vehicles by night.",
        move |a| {
            a.by_night();
            snoop(a, 20.0, 80, u64::MAX);
        },
    );
    list.add(
        "t3-operator-transfers",
        "An agent of support transfers eight customers' vehicles to an account of his own.",
        move |a| {
            let who = operator(a);
            let own = a.own_account(0).sub();
            for (turn, at) in (0..).zip(a.pace(4.0, 8)) {
                let victim = a.victim(turn);
                a.scribe
                    .transfer(at, &who, &victim.vehicle(0), (&victim.sub(), &own));
                a.deed(at, &who);
                a.suffers(victim);
            }
        },
    );
}
