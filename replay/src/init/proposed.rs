//! What is no setting, and depends on the service all the same: networks that many share, hours, roles of machines.
//! All of it takes something away from what is watched, so that all of it is a comment.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::init::seen::Shown;
use crate::init::text::{quoted, told};
use crate::init::values::Seen;
use crate::output::quantity::count;

/// Users that a network has before it is told of.
const USERS_MIN: usize = 10;

/// Networks, roles and countries that are told of.
const TOLD_MAX: usize = 20;

/// Comments that follow the settings; each document begins with `#---`.
pub(super) fn documents(shown: &Shown) -> String {
    let mut text = String::new();
    networks(shown, &mut text);
    hours(shown, &mut text);
    roles(shown, &mut text);
    text
}

fn networks(shown: &Shown, text: &mut String) {
    let mut networks: Vec<(&str, &Seen)> = (shown.networks.iter())
        .filter(|(_, seen)| seen.users() >= USERS_MIN)
        .collect();
    networks.sort_by_key(|(network, seen)| (Reverse((seen.users(), seen.times)), *network));
    let _ = writeln!(
        text,
        "\n# Networks with {USERS_MIN} users or more. Offices, carriers and VPNs look so, and so does who took over {USERS_MIN} accounts: find out\n# whose each is. Rules ask for them by `FIELD|cidr|expand: '%shared%'`; an entry ends with its last day (2027-01-31)."
    );
    if let Some(missing) = shown.networks.missing() {
        let _ = writeln!(text, "# {missing}.");
    }
    if networks.is_empty() {
        text.push_str("# None was seen.\n");
        return;
    }
    text.push_str("#---\n#shared_networks:\n#    shared:\n");
    for (network, seen) in networks.iter().take(TOLD_MAX) {
        let _ = writeln!(
            text,
            "#        - {{address: {}, owner: WHO, reason: WHAT IT IS, expires: LAST DAY}}    # {}",
            quoted(network),
            seen.told()
        );
    }
    tell_more(networks.len(), text);
}

fn hours(shown: &Shown, text: &mut String) {
    text.push_str(
        "\n# Hours in which users are there. A log says no time zone: these are UTC, and an hour off in summer where people set\n# their clocks. Name the zone (Europe/Berlin), and turn the hours into its own.\n",
    );
    let countries = shown.countries.by_times();
    if !countries.is_empty() {
        let countries: Vec<String> = (countries.iter().take(3))
            .map(|(country, seen)| format!("{} ({})", told(country), count(seen.times)))
            .collect();
        let _ = writeln!(
            text,
            "# Cognito takes most for being in {}.",
            countries.join(", ")
        );
    }
    match shown.hours.span() {
        Ok(span) => {
            let _ = writeln!(
                text,
                "# Of what users did from Monday to Friday {} % lies within these; {} % of all was on weekends.\n#---\n#calendars:\n#    office:\n#        zone: UTC\n#        hours: {{mon-fri: \"{:02}:00-{:02}:00\"}}",
                span.percent,
                shown.hours.weekend_percent(),
                span.from,
                span.to
            );
        }
        Err(why) => {
            let _ = writeln!(text, "# None is proposed: {why}.");
        }
    }
}

fn roles(shown: &Shown, text: &mut String) {
    let mut roles: BTreeMap<&str, (Seen, Vec<&str>)> = BTreeMap::new();
    for (value, seen) in shown.machine_roles.iter() {
        let (role, service) = value.rsplit_once(' ').unwrap_or((value, ""));
        let (all, services) = roles.entry(role).or_default();
        all.add(seen);
        services.push(service);
    }
    text.push_str(
        "\n# Roles that changed something. Where one is meant to, and an alert names it, it goes into the allowlist of that detector\n# (allowlist.yaml in its folder): a list is looked at by nobody, so each entry has an owner and a last day.\n",
    );
    if let Some(missing) = shown.machine_roles.missing() {
        let _ = writeln!(text, "# {missing}.");
    }
    if roles.is_empty() {
        text.push_str("# None was seen.\n");
        return;
    }
    let mut roles: Vec<_> = roles.into_iter().collect();
    roles.sort_by_key(|(role, (seen, _))| (Reverse(seen.times), *role));
    for (role, (seen, services)) in roles.iter().take(TOLD_MAX) {
        // AWS keeps this name for the roles that IAM Identity Center gives to people.
        let who = match role.contains("/AWSReservedSSO_") {
            true => "people; ",
            false => "",
        };
        let services: Vec<String> = services.iter().take(5).map(|it| told(it)).collect();
        let _ = writeln!(
            text,
            "#     - {{principal: {}, owner: WHO, reason: WHAT FOR, expires: LAST DAY}}    # {who}{}: {}",
            quoted(role),
            services.join(", "),
            seen.told()
        );
    }
    tell_more(roles.len(), text);
}

fn tell_more(all: usize, text: &mut String) {
    if all > TOLD_MAX {
        let _ = writeln!(text, "# And {} more.", count((all - TOLD_MAX) as u64));
    }
}
