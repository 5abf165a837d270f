//! Words of keys, and values, that say what something is. All in lowercase; several of a thing (`tokens`) is implied.

use std::sync::LazyLock;

use super::meaning::Meaning;

pub(in crate::capture::pseudonym) type Words = LazyLock<Vec<&'static str>>;

fn list(words: &'static str) -> Vec<&'static str> {
    words.split(',').map(str::trim).collect()
}

/// A key with one of these words holds a secret.
pub(in crate::capture::pseudonym) static SECRETS: Words = LazyLock::new(|| {
    list(
        "
        password, passwd, passphrase, passcode, pwd, pswd, passwort, kennwort, secret, token, cookie, credential,
        cred, authorization, jwt, jwe, bearer, otp, totp, csrf, xsrf, assertion, mnemonic, plaintext, signature,
        cvv, cvc, ssn, iban, passport, jsessionid, phpsessid, sessid, webhook",
    )
});

/// As the last word of a key, or the only one.
pub(in crate::capture::pseudonym) static SECRETS_AT_END: Words = LazyLock::new(|| {
    list(
        "
        pass, pw, pin, auth, session, sid, sig, answer, dsn, creds, puk",
    )
});

/// Two words, one after the other.
pub(in crate::capture::pseudonym) static SECRET_PAIRS: Words = LazyLock::new(|| {
    list(
        "
        api key, private key, secret key, access key, signing key, encryption key, master key, session key,
        ssh key, shared key, storage key, account key, auth key, server key, subscription key, functions key, consumer key,
        session id, session data, connection string, conn str, user code, confirmation code, verification code,
        mfa code, sms code, otp code, security code, auth code, device code, access code, recovery code,
        backup code, reset code, pin code, card number, credit card, tax id, social security, seed phrase,
        recovery phrase, saml response, secret answer",
    )
});

/// Words that are secrets also as a part of another.
pub(in crate::capture::pseudonym) static SECRET_PARTS: Words = LazyLock::new(|| {
    list(
        "
        password, passwd, passphrase, secret, token, authorization, cookie, credential",
    )
});

/// Secrets of which a line has more than a word.
pub(in crate::capture::pseudonym) static HEADERS: Words = LazyLock::new(|| {
    list(
        "
        cookie, authorization, cookies",
    )
});

/// Keys that look like secrets and say only what kind there is, or what somebody may do.
pub(in crate::capture::pseudonym) static NO_SECRETS: Words = LazyLock::new(|| {
    list(
        "
        accesskeyid, awsaccesskeyid, sessioncredentialfromconsole, tokenizer, tokenization, secretary, publickey,
        signatureversion, keyid, nexttoken, continuationtoken, pagetoken, maxtokens",
    )
});

/// As the last word, what is told of a secret and is none itself.
pub(in crate::capture::pseudonym) static DESCRIPTORS: Words = LazyLock::new(|| {
    list(
        "
        last, used, changed, date, time, at, in, expiry, expires, expiration, exp, age, length, len, count, type,
        use, enabled, disabled, required, policy, status, state, version, algorithm, method, id, ids, name, names,
        arn, url, uri, endpoint, ttl, valid, validity, present, created, rotated, rotation, manager, issuer,
        context, provider, scope, scopes, limit, duration, timeout, error, reason, outcome, result, source, format,
        mode, flow, match, mismatch, attempts, retries, failed, failures, success, reset, verified, confirmed,
        config, configuration, settings, authenticated, kind, lifetime, usage, spec",
    )
});

/// As the first word: the value is yes or no, or a number.
pub(in crate::capture::pseudonym) static QUESTIONS: Words = LazyLock::new(|| {
    list(
        "
        is, has, can, should, requires, allow, num, max, min",
    )
});

static USERS: Words = LazyLock::new(|| {
    list(
        "
        user, user name, uname, login name, owner, sub, user sub, owner sub, from sub, to sub, user id, owner id,
        uid, usr, email, e mail, mail, email address, mail address, mailbox, nickname, surname, given name,
        family name, first name, last name, middle name, full name, display name, real name, forename, maiden name,
        preferred username, customer, customer id, customer name, driver, driver id, driver name, passenger,
        employee, employee id, person, subscriber, member, member id, patient, author, assignee, recipient, sender,
        requester, requestor, rider, birthdate, birth date, birthday, date of birth, dob, role session name,
        session name, source identity, on behalf of, principal id, account name, vorname, nachname, suser, duser,
        ruser, logname, auth user, remote user",
    )
});

/// Only where the key is no more than that: `ConsoleLogin` is nobody.
pub(in crate::capture::pseudonym) static USERS_ALONE: Words = LazyLock::new(|| {
    list(
        "
        login, logon, nick, actor, contact, holder, to, cn",
    )
});

static PHONES: Words = LazyLock::new(|| {
    list(
        "
        phone, phone number, mobile, mobile number, msisdn, tel, telephone, telefon, handy, fax, cell, sms to",
    )
});

static THINGS: Words = LazyLock::new(|| {
    list(
        "
        vin, vehicle, vehicle id, resource id, license plate, licence plate, number plate, plate, kennzeichen,
        registration number, device, device id, device key, device serial, device name, serial, serial number,
        imei, imsi, iccid, meid, udid, idfa, advertising id, mac, mac address, host name, computer name,
        partition key",
    )
});

static PLACES: Words = LazyLock::new(|| {
    list(
        "
        street, street address, address line, postal code, zip, zip code, postcode, plz, city, town, lat, lon, lng,
        latitude, longitude, coordinates, home address, postal address, shipping address, billing address, strasse,
        wohnort, house number, geo point, gps, birthplace, delivery address",
    )
});

static ACCOUNTS: Words = LazyLock::new(|| {
    list(
        "
        account, account id, recipient account id, owner account, account number",
    )
});

static ADDRESSES: Words = LazyLock::new(|| {
    list(
        "
        ip, ip address, source ip, client ip, remote ip, remote addr, remote address, addr, address, forwarded for,
        forwarded, cidr, remote host, ipv, client address",
    )
});

/// Which meaning, where a key ends so; the first that does counts.
pub(in crate::capture::pseudonym) static MEANINGS: [(Meaning, &Words); 6] = [
    (Meaning::Phone, &PHONES),
    (Meaning::Place, &PLACES),
    (Meaning::Thing, &THINGS),
    (Meaning::User, &USERS),
    (Meaning::Account, &ACCOUNTS),
    (Meaning::Address, &ADDRESSES),
];

/// An object under one of these is somebody, and [`OF_PERSONS`] within it tell who.
pub(in crate::capture::pseudonym) static PERSONS: Words = LazyLock::new(|| {
    list(
        "
        name, user, customer, driver, owner, person, member, employee, contact, passenger, patient, recipient, sender,
        author, assignee, subscriber, rider, claims, profile, holder, cardholder, guest, applicant, client, account, traveller, student",
    )
});

pub(in crate::capture::pseudonym) static OF_PERSONS: Words = LazyLock::new(|| {
    list(
        "
        name, id, first, last, given, family, display, full",
    )
});

/// Keys that say only how a value is written; its meaning is that of the key around it.
pub(in crate::capture::pseudonym) static TYPES_OF_VALUES: Words = LazyLock::new(|| {
    list(
        "
        S, N, B, SS, NS, M, L, stringValue, StringValue, value, Value, #text, VarCharValue",
    )
});

/// Of an object with two members, the one that names the other: `{"key":"owner","value":"Ada"}`.
pub(in crate::capture::pseudonym) static NAMING: Words = LazyLock::new(|| {
    list(
        "
        key, name, field, tagkey, attributename, header, k, label, property",
    )
});

pub(in crate::capture::pseudonym) static NAMED: Words = LazyLock::new(|| {
    list(
        "
        value, values, val, tagvalue, attributevalue, v, content, stringvalue, text",
    )
});

/// What `responseElements` has where AWS does not log the secret; anything else beside them is removed.
pub(in crate::capture::pseudonym) static OF_ACCESS_KEYS: Words = LazyLock::new(|| {
    list(
        "
        accesskeyid, status, username, createdate, expiration",
    )
});

pub(in crate::capture::pseudonym) static DIGESTS: Words = LazyLock::new(|| {
    list(
        "
        sha, md, hash, checksum, digest, etag, fingerprint, crc, thumbprint",
    )
});

pub(in crate::capture::pseudonym) static VERSIONS: Words = LazyLock::new(|| {
    list(
        "
        version, ver, release, build, v",
    )
});

pub(in crate::capture::pseudonym) static VOCABULARY: Words = LazyLock::new(|| {
    list(
        "
        type, name, response, status, level, outcome, method, source, action, decision, region, service, code,
        kind, category, result, state, route, path, event, reason, operation, severity",
    )
});

/// Values that name nobody and on which rules rely, besides none at all.
pub(in crate::capture::pseudonym) static KEPT: Words = LazyLock::new(|| {
    list(
        "
        -, *, HIDDEN_DUE_TO_SECURITY_REASONS, Anonymous, anonymous, ANONYMOUS_PRINCIPAL, unknown, root, null, none,
        None, undefined, nil, true, false, localhost, AWS Internal, n/a, N/A, (null), ***, ****, [], {}, Null",
    )
});

/// What Cognito says of a challenge, as in `Password:Success`: no secret, and rules rely on it.
pub(in crate::capture::pseudonym) static OUTCOMES: Words = LazyLock::new(|| {
    list(
        "
        Success, Failure",
    )
});

/// Words that follow `user:` or `owner:` in running text and are nobody.
pub(in crate::capture::pseudonym) static NOBODY: Words = LazyLock::new(|| {
    list(
        "
        a, an, the, is, was, are, were, has, had, not, no, does, did, cannot, could, can, must, may, already, with,
        for, from, in, on, at, by, of, to, and, or, id, name, pool, agent, error, missing, invalid, input, data,
        request, who, session, field, exceeded, user, users, this, that, all, each, every, any, it, unknown, reason, success, successful, password, token, role, account, email",
    )
});

/// Words of logs: a person who is called so must not take them from everybody else's lines.
pub(in crate::capture::pseudonym) static NO_NAMES: Words = LazyLock::new(|| {
    list(
        "
        admin, administrator, user, users, test, system, service, guest, info, support, noreply, no-reply, hello,
        mail, postmaster, webmaster, contact, office, sales, error, errors, warn, warning, debug, fatal, failed,
        fail, failure, success, pass, passed, denied, deny, allow, allowed, invalid, exception, login, signin,
        signup, the, and, for, with, not, from, null, none, unknown, start, end, report, get, post, put, delete,
        request, response, event, true, false, http, https, aws, lambda, amazonaws, role, session, other, chrome,
        windows, removed",
    )
});

/// What calls itself so before a slash and four numbers has a version there, and no address.
pub(in crate::capture::pseudonym) static PRODUCTS: Words = LazyLock::new(|| {
    list(
        "
        chrome, chromium, headlesschrome, crios, edg, edga, edgios, edge, opr, opios, opera, brave, vivaldi,
        yabrowser, samsungbrowser, firefox, fxios, safari, version, mobile, applewebkit, electron, whale,
        ucbrowser, silk, silk-accelerated, duckduckgo, gecko, trident, seamonkey, gsa, boto3, botocore, aws-cli,
        okhttp, dalvik, cfnetwork, darwin, go-http-client, java, python-requests, curl, wget, postmanruntime,
        terraform, powershell",
    )
});

/// Domains at which anybody gets an address for minutes. They name nobody, and rules look for them.
pub(in crate::capture::pseudonym) static DISPOSABLE: Words = LazyLock::new(|| {
    list(
        "
        10minutemail.com, dispostable.com, fakeinbox.com, getnada.com, guerrillamail.com, maildrop.cc,
        mailinator.com, mohmal.com, sharklasers.com, temp-mail.org, tempmail.dev, throwawaymail.com, trashmail.com,
        yopmail.com, grr.la",
    )
});
