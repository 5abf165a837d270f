//! Words of keys, and values, that say what something is. All in lowercase; several of a thing (`tokens`) is implied.

use super::key::Meaning;

/// A key with one of these words holds a secret.
pub(super) const SECRETS: [&str; 34] = [
    "password", "passwd", "passphrase", "passcode", "pwd", "pswd", "passwort", "kennwort", "secret", "token", "cookie",
    "credential", "cred", "authorization", "jwt", "jwe", "bearer", "otp", "totp", "csrf", "xsrf", "assertion",
    "mnemonic", "plaintext", "signature", "cvv", "cvc", "ssn", "iban", "passport", "jsessionid", "phpsessid", "sessid",
    "webhook",
];

/// As the last word of a key, or the only one.
pub(super) const SECRETS_AT_END: [&str; 11] = [
    "pass", "pw", "pin", "auth", "session", "sid", "sig", "answer", "dsn", "creds", "puk",
];

/// Two words, one after the other.
pub(super) const SECRET_PAIRS: [&str; 42] = [
    "api key", "private key", "secret key", "access key", "signing key", "encryption key", "master key",
    "session key", "ssh key", "shared key", "storage key", "auth key", "server key", "subscription key",
    "functions key", "consumer key", "session id", "session data", "connection string", "conn str",
    "user code", "confirmation code", "verification code", "mfa code", "sms code", "otp code", "security code",
    "auth code", "device code", "access code", "recovery code", "backup code", "reset code", "pin code", "card number",
    "credit card", "tax id", "social security", "seed phrase", "recovery phrase", "saml response", "secret answer",
];

/// Words that are secrets also as a part of another.
pub(super) const SECRET_PARTS: [&str; 8] = [
    "password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "credential",
];

/// Secrets of which a line has more than a word.
pub(super) const HEADERS: [&str; 3] = ["cookie", "authorization", "cookies"];

/// Keys that look like secrets and say only what kind there is, or what somebody may do.
pub(super) const NO_SECRETS: [&str; 13] = [
    "accesskeyid",
    "awsaccesskeyid",
    "sessioncredentialfromconsole",
    "tokenizer",
    "tokenization",
    "secretary",
    "publickey",
    "signatureversion",
    "keyid",
    "nexttoken",
    "continuationtoken",
    "pagetoken",
    "maxtokens",
];

/// As the last word, what is told of a secret and is none itself.
pub(super) const DESCRIPTORS: [&str; 76] = [
    "last", "used", "changed", "date", "time", "at", "in", "expiry", "expires", "expiration", "exp", "age", "length",
    "len", "count", "type", "use", "enabled", "disabled", "required", "policy", "status", "state", "version",
    "algorithm", "method", "id", "ids", "name", "names", "arn", "url", "uri", "endpoint", "ttl", "valid", "validity",
    "present", "created", "rotated", "rotation", "manager", "issuer", "context", "provider", "scope", "scopes",
    "limit", "duration", "timeout", "error", "reason", "outcome", "result", "source", "format", "mode", "flow",
    "match", "mismatch", "attempts", "retries", "failed", "failures", "success", "reset", "verified", "confirmed",
    "config", "configuration", "settings", "authenticated", "kind", "lifetime", "usage", "spec",
];

/// As the first word: the value is yes or no, or a number.
pub(super) const QUESTIONS: [&str; 9] = [
    "is", "has", "can", "should", "requires", "allow", "num", "max", "min",
];

const USERS: [&str; 73] = [
    "user", "user name", "uname", "login name", "owner", "sub", "user sub", "owner sub", "from sub",
    "to sub", "user id", "owner id", "uid", "usr", "email", "e mail", "mail", "email address", "mail address",
    "mailbox", "nickname", "surname", "given name", "family name", "first name", "last name", "middle name",
    "full name", "display name", "real name", "forename", "maiden name", "preferred username", "customer",
    "customer id", "customer name", "driver", "driver id", "driver name", "passenger", "employee", "employee id",
    "person", "subscriber", "member", "member id", "patient", "author", "assignee", "recipient", "sender",
    "requester", "requestor", "rider", "birthdate", "birth date", "birthday", "date of birth", "dob",
    "role session name", "session name", "source identity", "on behalf of", "principal id", "account name",
    "vorname", "nachname", "suser", "duser", "ruser", "logname", "auth user", "remote user",
];

/// Only where the key is no more than that: `ConsoleLogin` is nobody.
pub(super) const USERS_ALONE: [&str; 8] = ["login", "logon", "nick", "actor", "contact", "holder", "caller_id", "to"];

const PHONES: [&str; 12] = [
    "phone", "phone number", "mobile", "mobile number", "msisdn", "tel", "telephone", "telefon", "handy", "fax",
    "cell", "sms to",
];

const THINGS: [&str; 29] = [
    "vin", "vehicle", "vehicle id", "resource id", "license plate", "licence plate", "number plate", "plate",
    "kennzeichen", "registration number", "device", "device id", "device key", "device serial", "device name", "serial",
    "serial number", "imei", "imsi", "iccid", "meid", "udid", "idfa", "advertising id", "mac", "mac address",
    "host name", "computer name", "partition key",
];

const PLACES: [&str; 27] = [
    "street", "street address", "address line", "postal code", "zip", "zip code", "postcode", "plz", "city", "town",
    "lat", "lon", "lng", "latitude", "longitude", "coordinates", "home address", "postal address", "shipping address",
    "billing address", "strasse", "wohnort", "house number", "geo point", "gps", "birthplace", "delivery address",
];

const ACCOUNTS: [&str; 5] = ["account", "account id", "recipient account id", "owner account", "account number"];

const ADDRESSES: [&str; 15] = [
    "ip", "ip address", "source ip", "client ip", "remote ip", "remote addr", "remote address", "addr", "address",
    "forwarded for", "forwarded", "cidr", "remote host", "ipv", "client address",
];

/// Which meaning, where a key ends so; the first that does counts.
pub(super) const MEANINGS: &[(Meaning, &[&str])] = &[
    (Meaning::Phone, &PHONES),
    (Meaning::Place, &PLACES),
    (Meaning::Thing, &THINGS),
    (Meaning::User, &USERS),
    (Meaning::Account, &ACCOUNTS),
    (Meaning::Address, &ADDRESSES),
];

/// An object under one of these is somebody, and [`OF_PERSONS`] within it tell who.
pub(super) const PERSONS: [&str; 19] = [
    "user", "customer", "driver", "owner", "person", "member", "employee", "contact", "passenger", "patient",
    "recipient", "sender", "author", "assignee", "subscriber", "rider", "claims", "profile", "holder",
];

pub(super) const OF_PERSONS: [&str; 8] = [
    "name", "id", "first", "last", "given", "family", "display", "full",
];

/// Keys that say only how a value is written; its meaning is that of the key around it.
pub(super) const TYPES_OF_VALUES: [&str; 13] = [
    "S", "N", "B", "SS", "NS", "M", "L", "stringValue", "StringValue", "value", "Value", "#text", "VarCharValue",
];

/// Of an object with two members, the one that names the other: `{"key":"owner","value":"Ada"}`.
pub(super) const NAMING: [&str; 9] = [
    "key", "name", "field", "tagkey", "attributename", "header", "k", "label", "property",
];

pub(super) const NAMED: [&str; 9] = [
    "value", "values", "val", "tagvalue", "attributevalue", "v", "content", "stringvalue", "text",
];

/// What `responseElements` has where AWS does not log the secret; anything else beside them is removed.
pub(super) const OF_ACCESS_KEYS: [&str; 5] = ["accesskeyid", "status", "username", "createdate", "expiration"];

pub(super) const DIGESTS: [&str; 9] = [
    "sha", "md", "hash", "checksum", "digest", "etag", "fingerprint", "crc", "thumbprint",
];

pub(super) const VERSIONS: [&str; 5] = ["version", "ver", "release", "build", "v"];

pub(super) const VOCABULARY: [&str; 23] = [
    "type", "name", "response", "status", "level", "outcome", "method", "source", "action", "decision", "region",
    "service", "code", "kind", "category", "result", "state", "route", "path", "event", "reason", "operation",
    "severity",
];

/// Values that name nobody and on which rules rely.
pub(super) const KEPT: [&str; 26] = [
    "", "-", "*", "HIDDEN_DUE_TO_SECURITY_REASONS", "Anonymous", "anonymous", "ANONYMOUS_PRINCIPAL", "unknown", "root",
    "null", "none", "None", "undefined", "nil", "true", "false", "localhost", "AWS Internal", "n/a", "N/A",
    "(null)", "***", "****", "[]", "{}", "Null",
];

/// What Cognito says of a challenge, as in `Password:Success`: no secret, and rules rely on it.
pub(super) const OUTCOMES: [&str; 2] = ["Success", "Failure"];

/// Words that follow `user:` or `owner:` in running text and are nobody.
pub(super) const NOBODY: [&str; 44] = [
    "a", "an", "the", "is", "was", "are", "were", "has", "had", "not", "no", "does", "did", "cannot", "could", "can",
    "must", "may", "already", "with", "for", "from", "in", "on", "at", "by", "of", "to", "and", "or", "id", "name",
    "pool", "agent", "error", "missing", "invalid", "input", "data", "request", "who", "session", "field", "exceeded",
];

/// Words of logs: a person who is called so must not take them from everybody else's lines.
pub(super) const NO_NAMES: [&str; 72] = [
    "admin", "administrator", "user", "users", "test", "system", "service", "guest", "info", "support", "noreply",
    "no-reply", "hello", "mail", "postmaster", "webmaster", "contact", "office", "sales", "error", "errors", "warn",
    "warning", "debug", "fatal", "failed", "fail", "failure", "success", "pass", "passed", "denied", "deny", "allow",
    "allowed", "invalid", "exception", "login", "signin", "signup", "the", "and", "for", "with", "not", "from",
    "null", "none", "unknown", "start", "end", "report", "get", "post", "put", "delete", "request", "response",
    "event", "true", "false", "http", "https", "aws", "lambda", "amazonaws", "role", "session", "other", "chrome",
    "windows", "removed",
];

/// What calls itself so before a slash and four numbers has a version there, and no address.
pub(super) const PRODUCTS: [&str; 46] = [
    "chrome", "chromium", "headlesschrome", "crios", "edg", "edga", "edgios", "edge", "opr", "opios", "opera", "brave",
    "vivaldi", "yabrowser", "samsungbrowser", "firefox", "fxios", "safari", "version", "mobile", "applewebkit",
    "electron", "whale", "ucbrowser", "silk", "silk-accelerated", "duckduckgo", "gecko", "trident", "seamonkey",
    "gsa", "boto3", "botocore", "aws-cli", "okhttp", "dalvik", "cfnetwork", "darwin", "go-http-client", "java",
    "python-requests", "curl", "wget", "postmanruntime", "terraform", "powershell",
];

/// Domains at which anybody gets an address for minutes. They name nobody, and rules look for them.
pub(super) const DISPOSABLE: [&str; 15] = [
    "10minutemail.com", "dispostable.com", "fakeinbox.com", "getnada.com", "guerrillamail.com", "maildrop.cc",
    "mailinator.com", "mohmal.com", "sharklasers.com", "temp-mail.org", "tempmail.dev", "throwawaymail.com",
    "trashmail.com", "yopmail.com", "grr.la",
];
