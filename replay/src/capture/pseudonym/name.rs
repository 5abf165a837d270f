//! What a value is, by the key under which it stands.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// To be removed.
    Secret,
    /// A person, or what acts for one.
    User,
    /// A vehicle or device, which leads to a person.
    Thing,
    /// An AWS account.
    Account,
    /// Told by its form alone.
    Nothing,
}

/// Keys, in lowercase letters and digits, that hold a secret wherever these occur in them.
const SECRET_PARTS: [&str; 8] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "privatekey",
];

/// Keys that are secrets as a whole.
const SECRETS: [&str; 14] = [
    "session",
    "pwd",
    "pin",
    "otp",
    "apikey",
    "xapikey",
    "signature",
    "samlresponse",
    "assertion",
    "answer",
    "usercode",
    "confirmationcode",
    "verificationcode",
    "mfacode",
];

/// Keys that look like secrets and say only what kind there is.
const NO_SECRETS: [&str; 5] = [
    "tokenuse",
    "tokentype",
    "credentialtype",
    "nexttoken",
    "sessioncredentialfromconsole",
];

const USERS: [&str; 24] = [
    "user",
    "username",
    "cognitousername",
    "preferredusername",
    "userid",
    "uid",
    "login",
    "owner",
    "customerid",
    "email",
    "emailaddress",
    "mail",
    "phone",
    "phonenumber",
    "givenname",
    "familyname",
    "middlename",
    "nickname",
    "fullname",
    "sub",
    "ownersub",
    "fromsub",
    "tosub",
    "rolesessionname",
];

const THINGS: [&str; 9] = [
    "vin",
    "vehicleid",
    "resourceid",
    "licenseplate",
    "plate",
    "deviceid",
    "devicekey",
    "deviceserial",
    "imei",
];

const ACCOUNTS: [&str; 4] = ["account", "accountid", "recipientaccountid", "owneraccount"];

impl Meaning {
    pub(super) fn of(key: &str) -> Self {
        let bare: String = key
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_in = |list: &[&str]| list.contains(&&*bare);
        match () {
            () if is_in(&NO_SECRETS) => Meaning::Nothing,
            () if is_in(&SECRETS) || SECRET_PARTS.iter().any(|it| bare.contains(it)) => {
                Meaning::Secret
            }
            () if is_in(&USERS) || bare.ends_with("usersub") => Meaning::User,
            () if is_in(&THINGS) => Meaning::Thing,
            () if is_in(&ACCOUNTS) => Meaning::Account,
            () => Meaning::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_in_any_spelling() {
        for (key, meaning) in [
            ("accessToken", Meaning::Secret),
            ("x-amz-security-token", Meaning::Secret),
            ("PASSWORD", Meaning::Secret),
            ("Set-Cookie", Meaning::Secret),
            ("session", Meaning::Secret),
            ("token_use", Meaning::Nothing),
            ("cognito:username", Meaning::User),
            ("owner_sub", Meaning::User),
            ("userSub", Meaning::User),
            ("resource_id", Meaning::Thing),
            ("recipientAccountId", Meaning::Account),
            ("sessionContext", Meaning::Nothing),
            ("eventName", Meaning::Nothing),
            ("errorCode", Meaning::Nothing),
        ] {
            assert_eq!(Meaning::of(key), meaning, "{key}");
        }
    }
}
