//! People and secrets in sentences, told by the words around them: what servers say of those who sign in, greetings,
//! folders that are named after somebody, commands.

use std::sync::LazyLock;

use regex::Regex;

use super::identities::user;
use crate::capture::pseudonym::found::{Found, What};
use crate::capture::pseudonym::stand_in::StandIns;
use crate::capture::pseudonym::words::lists::NOBODY;

fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("the expression is well formed")
}

/// What sshd, databases and applications say; names in quotes; the third word of access logs; paths.
static USERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?imx)
        (?-u:\b)(?:invalid|illegal|for|by|as|from|of|new|unknown)\ user(?:\ name)?\ (?P<plain>[^\s"'`,;:=()<>\[\]]+)
        | (?-u:\b)(?:user|username|login|account|customer|driver|owner|member)\ ["'`\u{2018}\u{201c}](?P<quoted>[^"'`\u{2019}\u{201d}\n]{1,128})["'`\u{2019}\u{201d}]
        | ^\S{1,64}\ \S{1,64}\ (?P<logged>[^\s\[]{1,128})\ \[\d{2}/[a-z]{3}/
        | (?-u:\b)(?:accepted|failed)\ [a-z/-]{4,24}\ for\ (?P<tried>[^\s"'`,;:=()<>\[\]]+)\ from
        | (?-u:\b)(?:log-?[io]n|logged\ (?:in|on|out)|sign(?:ed)?[-\ ]?(?:in|on|up|out)|authenticated)(?:\ [a-z]+){0,2}\ (?:for|as|by|of)\ (?P<signed>[^\s"'`,;:=()<>\[\]]+)
        | (?-u:\b)(?:invited|approved|requested|assigned|reported|uploaded|owned|created|updated|modified|deleted|changed)\ by\ (?P<done>[^\s"'`,;:=()<>\[\]]+)
        | (?-u:\b)[A-Z][A-Z0-9-]{1,15}\\{1,4}(?P<domain>[a-z][a-z0-9._-]{1,63})\ (?:logg|sign|fail|auth|from|has|was)
        "#,
    )
});
/// Folders, and routes, that are named after somebody.
static FOLDERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?x)(?:/home/ | /Users/ | (?i:\\{1,4}users\\{1,4})
        | /(?:users|owners|customers|drivers|members|employees|profiles|people)/ )(?P<name>[^\s"'`/\\,;:&?=()<>{}\[\]\#]+)"#,
    )
});
/// Names with a title or a greeting before them, or a mail address behind.
static TITLED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?x)
        (?-u:\b)(?:Dear|Hello|Hi|Hallo|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Prof\.?|Herrn?|Frau|Monsieur|Madame)\x20
            (?P<after>\p{Lu}[\p{L}\d'’-]+(?:\x20\p{Lu}[\p{L}\d'’-]+){0,3})
        | (?P<before>\p{Lu}[\p{L}\d'’.-]+(?:\x20\p{Lu}[\p{L}\d'’.-]+){0,3})\x20<[^<>\s@]{1,64}@
        | ['\x22](?P<shown>[^'\x22<>\n]{1,64})['\x22]\x20?<[^<>\s@]{1,64}@",
    )
});
/// Codes that are sent to somebody, and passwords on command lines.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)
        (?-u:\b)(?:one-?\ ?time|verification|confirmation|security|sms|login|sign-?in|reset|access|auth\w*)\ (?:code|pin|password|passcode)
            (?:\ (?:is|was))?:?\ (?P<code>[a-z]{0,8}\d[a-z0-9-]{3,})
        | (?-u:\b)identified\ (?:with\ \w{1,64}\ )?by\ ['\x22](?P<sql>[^'\x22]+)
        | (?-u:\b)ssh-?pass\ -p\ ?(?P<shell>[^\s'\x22]+)
        | (?-u:\b)(?:mysql\w*|mariadb\w*)(?:\ [^\s]{1,64}){0,8}?\ -p(?P<option>[^\s'\x22]+)
        | (?-u:\b)curl(?:\ [^\s]{1,256}){0,8}?\ (?:-u|--user)\ ?['\x22]?(?P<user>[^\s:'\x22]+):(?P<password>[^\s'\x22]+)",
    )
});

/// Parts of paths that are nobody.
const NO_FOLDERS: [&str; 20] = [
    "me",
    "self",
    "current",
    "search",
    "list",
    "new",
    "all",
    "count",
    "login",
    "export",
    "ec2-user",
    "ubuntu",
    "runner",
    "node",
    "app",
    "sbx_user1051",
    "public",
    "shared",
    "default",
    "Public",
];

pub(in crate::capture::pseudonym) fn spot(text: &str, names: &StandIns, found: &mut Vec<Found>) {
    for all in USERS.captures_iter(text) {
        let groups = [
            "plain", "quoted", "logged", "tried", "signed", "done", "domain",
        ];
        for one in groups.into_iter().filter_map(|it| all.name(it)) {
            let bare = one.as_str().trim_end_matches(['.', '!', '?']);
            if !NOBODY.contains(&&*bare.to_lowercase()) {
                user(text, one.start()..one.start() + bare.len(), names, found);
            }
        }
    }
    for all in TITLED.captures_iter(text) {
        for one in ["after", "before", "shown"]
            .into_iter()
            .filter_map(|it| all.name(it))
        {
            found.push(Found::new(
                one.range(),
                What::Name,
                names.user(one.as_str()),
            ));
        }
    }
    for all in SECRETS.captures_iter(text) {
        for one in ["code", "option", "password", "sql", "shell"]
            .into_iter()
            .filter_map(|it| all.name(it))
        {
            found.push(Found::secret(one.range()));
        }
        if let Some(one) = all.name("user") {
            user(text, one.range(), names, found);
        }
    }
    for all in FOLDERS.captures_iter(text) {
        if let Some(one) = all.name("name")
            && !NO_FOLDERS.contains(&one.as_str())
        {
            user(text, one.range(), names, found);
        }
    }
}
