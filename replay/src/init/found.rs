//! What a recording shows of each setting that is known: what can be taken, and what somebody has to decide.

use crate::init::prefixes::{NAMES_MIN, prefixes};
use crate::init::seen::Shown;
use crate::init::text::told;
use crate::init::values::{Seen, Values};
use crate::output::quantity::{count, counted};

/// Values of one setting that are taken; a setting holds a thousand.
const TAKEN_MAX: usize = 500;

/// Values that are proposed and not taken.
const LEFT_MAX: usize = 20;

/// One setting.
pub(super) struct Finding<'s> {
    pub(super) name: &'static str,
    /// One line: what it is.
    pub(super) about: &'static str,
    /// Sentences, one a line.
    pub(super) notes: Vec<String>,
    pub(super) taken: Vec<Proposal>,
    pub(super) left: Vec<Proposal>,
    looked_at: Vec<&'s Values>,
    lookup: Lookup,
}

pub(super) struct Proposal {
    pub(super) value: String,
    /// How often it was seen, and why it is proposed.
    pub(super) why: String,
}

/// How rules look into a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lookup {
    Whole,
    Within,
}

impl Finding<'_> {
    /// How often a value that stands there already was seen.
    pub(super) fn sighted(&self, value: &str) -> Option<Seen> {
        let value = value.to_lowercase();
        let mut all: Option<Seen> = None;
        for values in &self.looked_at {
            let of_kind = values.together(|name| self.finds(&value, name));
            if let Some(seen) = of_kind {
                all.get_or_insert_default().add(&seen);
            }
        }
        all
    }

    /// Whether what stands there already finds a value, too.
    pub(super) fn is_covered(&self, value: &str, known: &[String]) -> bool {
        let mut known = known.iter();
        known.any(|known| self.finds(&known.to_lowercase(), value))
    }

    fn finds(&self, known: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        match self.lookup {
            Lookup::Whole => name == known,
            Lookup::Within => name.contains(known),
        }
    }

    /// Values of the form, those seen most often first; the others are told of.
    fn of_form(&mut self, values: &Values, (what, is_form): Form) -> Vec<Proposal> {
        let (sound, odd): (Vec<_>, Vec<_>) =
            (values.by_times().into_iter()).partition(|(value, _)| is_form(value));
        let left_out = odd.first().map(|(first, _)| {
            let odd = count(odd.len() as u64);
            format!(
                "Left out, since no {what} looks so: {odd}, such as {}",
                told(first)
            )
        });
        for note in left_out.into_iter().chain(values.missing()) {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let proposal = |(value, seen): (&str, &Seen)| Proposal {
            value: value.to_owned(),
            why: seen.told(),
        };
        sound.into_iter().map(proposal).collect()
    }

    fn take(&mut self, values: &Values, form: Form) {
        self.taken = self.of_form(values, form);
        let more = self.taken.len().saturating_sub(TAKEN_MAX);
        self.taken.truncate(TAKEN_MAX);
        self.tell_more(more);
    }

    fn leave(&mut self, proposals: Vec<Proposal>) {
        self.left = proposals;
        let more = self.left.len().saturating_sub(LEFT_MAX);
        self.left.truncate(LEFT_MAX);
        self.tell_more(more);
    }

    fn tell_more(&mut self, more: usize) {
        if more > 0 {
            let more = count(more as u64);
            self.notes.push(format!("And {more} more, seen less often"));
        }
    }
}

/// What values are called, and whether a text can be one.
type Form = (&'static str, fn(&str) -> bool);

const CLIENT: Form = ("client id", |text| {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_+".contains(&byte);
    text.len() <= 128 && text.bytes().all(is_part)
});
const POOL: Form = ("user pool id", |text| {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    text.len() <= 55 && text.contains('_') && text.bytes().all(is_part)
});
const BUCKET: Form = ("bucket", is_name);
const DOMAIN: Form = ("mail domain", |text| {
    let domain = text.strip_prefix('@').unwrap_or_default();
    domain.contains('.') && is_name(domain)
});
const TEXT: Form = ("text", |_| true);

/// Of tables, buckets, functions, hosts.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(is_part)
}

/// All settings that are known, in the order in which they are written.
pub(super) fn findings(shown: &Shown) -> Vec<Finding<'_>> {
    vec![
        operator_roles(shown),
        training_buckets(shown),
        resource_prefixes(shown),
        internal_hosts(shown),
        finding("disposable_mail_domains", "mail addresses that are given out for minutes, from the @ on")
            .looking_at([&shown.mail_domains])
            .noting("Which domains give out such addresses no log says: look through `mail_domains`"),
        finding("detector_functions", "parts of the names of the functions that watch")
            .looking_at([&shown.functions])
            .within()
            .noting("Compare it with the function of your stack"),
        finding("audit_streams", "parts of the names of the streams on which audit logs travel")
            .looking_at([&shown.streams])
            .within()
            .noting("Compare it with the stream of your stack"),
        finding("app_clients", "client ids of the applications (Cognito)")
            .looking_at([&shown.clients])
            .taking(&shown.clients, CLIENT)
            .noting("Those with which sign-ins passed or calls succeeded"),
        finding("user_pools", "user pools of the service (Cognito)")
            .looking_at([&shown.pools])
            .taking(&shown.pools, POOL)
            .noting("Those in which sign-ins passed or calls succeeded"),
        finding("dynamodb_tables", "DynamoDB tables of the service")
            .looking_at([&shown.tables])
            .taking(&shown.tables, ("table", is_name))
            .noting("Those that were read or written"),
        finding("mail_domains", "mail domains of users, from the @ on")
            .looking_at([&shown.mail_domains])
            .taking(&shown.mail_domains, DOMAIN)
            .noting("Of user names with which something passed; which are your own people's no log says"),
    ]
}

fn finding<'s>(name: &'static str, about: &'static str) -> Finding<'s> {
    Finding {
        name,
        about,
        notes: Vec::new(),
        taken: Vec::new(),
        left: Vec::new(),
        looked_at: Vec::new(),
        lookup: Lookup::Whole,
    }
}

impl<'s> Finding<'s> {
    fn looking_at<const N: usize>(mut self, values: [&'s Values; N]) -> Self {
        self.looked_at = values.to_vec();
        self
    }

    fn within(mut self) -> Self {
        self.lookup = Lookup::Within;
        self
    }

    fn noting(mut self, note: &str) -> Self {
        self.notes.insert(0, note.to_owned());
        self
    }

    fn taking(mut self, values: &Values, form: Form) -> Self {
        self.take(values, form);
        self
    }
}

fn operator_roles(shown: &Shown) -> Finding<'_> {
    let mut finding = finding(
        "operator_roles",
        "roles (caller_role) that may reach every vehicle, whose accesses are therefore no attack",
    )
    .looking_at([&shown.caller_roles]);
    let mut roles = finding.of_form(&shown.caller_roles, TEXT);
    for role in &mut roles {
        let beyond = shown.roles_beyond.together(|name| name == role.value);
        let beyond = match beyond {
            Some(seen) => format!("{} at what somebody else owns", counted(seen.times, "time")),
            None => "never at what somebody else owns".to_owned(),
        };
        role.why = format!("{}, {beyond}", role.why);
    }
    finding.leave(roles);
    finding.noting("No role is taken by itself: who has one that stands here is not watched")
}

fn training_buckets(shown: &Shown) -> Finding<'_> {
    let mut finding = finding(
        "training_buckets",
        "S3 buckets that models are trained on or answer from",
    )
    .looking_at([&shown.buckets])
    .taking(&shown.source_buckets, BUCKET);
    for taken in &mut finding.taken {
        taken.why = format!("named as a source of a model, {}", taken.why);
    }
    let mut written = finding.of_form(&shown.written_buckets, BUCKET);
    let is_taken = |name: &str| {
        shown
            .source_buckets
            .together(|taken| taken == name)
            .is_some()
    };
    written.retain(|bucket| !is_taken(&bucket.value));
    for bucket in &mut written {
        bucket.why = format!("written: {}", bucket.why);
    }
    finding.leave(written);
    finding
        .noting("Whether a model learns from a bucket is known only where a call made it a source")
}

fn resource_prefixes(shown: &Shown) -> Finding<'_> {
    let kinds = [
        &shown.tables,
        &shown.functions,
        &shown.buckets,
        &shown.services,
    ];
    let mut finding = finding(
        "resource_prefixes",
        "how the names of the service's own tables, functions and buckets begin",
    )
    .looking_at(kinds)
    .within();
    for (value, prefix) in prefixes(&kinds) {
        if prefix.names < NAMES_MIN || !is_name(&value) {
            continue;
        }
        let names = count(prefix.names as u64);
        finding.taken.push(Proposal {
            value,
            why: format!("{names} names begin so, {}", prefix.seen.told()),
        });
    }
    finding.taken.truncate(TAKEN_MAX);
    finding.noting("Two parts that two names or more have in common; one part alone would be a word that anybody writes")
}

fn internal_hosts(shown: &Shown) -> Finding<'_> {
    let mut finding = finding(
        "internal_hosts",
        "parts of the names of hosts that nobody outside knows",
    )
    .looking_at([&shown.host_domains])
    .within();
    let hosts = finding.of_form(&shown.host_domains, ("host", is_name));
    finding.leave(hosts);
    finding.noting("Texts of the application name these; a text can repeat what a client sent, so none is taken by itself")
}
