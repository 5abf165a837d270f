//! A sign-in, a sign-up and a reset as both the export and CloudTrail have them.

use super::caller::Caller;
use super::cognito::Risk;
use super::scribe::Scribe;
use super::trail::{Call, HIDDEN};

/// How a sign-in ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Well,
    /// With a second factor.
    WellWithFactor,
    WrongPassword,
    /// The password is right and the second factor is not.
    WrongFactor,
    /// The password is right and the second factor is never answered.
    NoFactor,
}

const REFUSED: (&str, &str) = ("NotAuthorizedException", "Incorrect username or password.");

impl Scribe {
    /// The first call of a sign-in by SRP: it succeeds whatever the password, also for a name that nobody has.
    pub fn sign_in_start(&mut self, at: i64, who: &Caller) {
        let request = format!(
            r#"{{"authFlow":"USER_SRP_AUTH","authParameters":{HIDDEN},"clientMetadata":{{}},"clientId":"{}"}}"#,
            who.client
        );
        let response =
            format!(r#"{{"challengeName":"PASSWORD_VERIFIER","challengeParameters":{HIDDEN}}}"#);
        let call = Call {
            name: "InitiateAuth",
            request: &request,
            response: &response,
            ..Call::default()
        };
        self.call(at, who, call);
    }

    fn answer(&mut self, at: i64, who: &Caller, challenge: &str, error: Option<(&str, &str)>) {
        let request = format!(
            r#"{{"clientId":"{}","challengeName":"{challenge}","session":{HIDDEN},"challengeResponses":{HIDDEN},"clientMetadata":{{}}}}"#,
            who.client
        );
        let response = match error {
            Some(_) => String::new(),
            None => {
                format!(r#"{{"challengeParameters":{HIDDEN},"authenticationResult":{HIDDEN}}}"#)
            }
        };
        let call = Call {
            name: "RespondToAuthChallenge",
            error,
            request: &request,
            response: &response,
            has_sub: true,
        };
        self.call(at, who, call);
    }

    /// A sign-in by SRP. Of a name that nobody has there is no line in the export and no `sub` in CloudTrail.
    pub fn sign_in(&mut self, at: i64, who: &Caller, ends: Ends) {
        self.sign_in_judged(at, who, ends, Risk::NONE);
    }

    fn export_sign_in(&mut self, at: i64, who: &Caller, ends: Ends, risk: Risk) {
        let (response, challenges) = match ends {
            Ends::Well => ("Pass", r#"["Password:Success"]"#),
            Ends::WellWithFactor => ("Pass", r#"["Password:Success","Mfa:Success"]"#),
            Ends::WrongPassword => ("Fail", r#"["Password:Failure"]"#),
            Ends::WrongFactor => ("Fail", r#"["Password:Success","Mfa:Failure"]"#),
            Ends::NoFactor => ("InProgress", r#"["Password:Success"]"#),
        };
        self.activity(at, who, ("SignIn", response, challenges), risk);
    }

    pub fn sign_in_judged(&mut self, at: i64, who: &Caller, ends: Ends, risk: Risk) {
        self.export_sign_in(at, who, ends, risk);
        self.sign_in_start(at - 700, who);
        match ends {
            Ends::WrongPassword => self.answer(at, who, "PASSWORD_VERIFIER", Some(REFUSED)),
            _ => self.answer(at, who, "PASSWORD_VERIFIER", None),
        }
        match ends {
            Ends::WellWithFactor => self.answer(at, who, "SOFTWARE_TOKEN_MFA", None),
            Ends::WrongFactor => {
                let error = ("CodeMismatchException", "Invalid code received for user");
                self.answer(at, who, "SOFTWARE_TOKEN_MFA", Some(error));
            }
            _ => {}
        }
    }

    /// The same over the hosted page: asked for, sent, and shown again where it refuses.
    pub fn hosted_sign_in(&mut self, at: i64, who: &Caller, ends: Ends, risk: Risk) {
        let is_let_in = matches!(ends, Ends::Well | Ends::WellWithFactor);
        self.export_sign_in(at, who, ends, risk);
        self.hosted_page(at - 9000, who, "Login_GET", 200);
        let status = if is_let_in { 302 } else { 200 };
        self.hosted_page(at, who, "Login_POST", status);
    }

    /// A session is renewed; `error` says why not.
    pub fn refresh(&mut self, at: i64, who: &Caller, error: Option<&str>) {
        let request = format!(
            r#"{{"authFlow":"REFRESH_TOKEN_AUTH","authParameters":{HIDDEN},"clientId":"{}"}}"#,
            who.client
        );
        let response = format!(r#"{{"authenticationResult":{HIDDEN},"challengeParameters":{{}}}}"#);
        let call = Call {
            name: "InitiateAuth",
            error: error.map(|text| ("NotAuthorizedException", text)),
            request: &request,
            response: if error.is_some() { "" } else { &response },
            has_sub: true,
        };
        self.call(at, who, call);
    }

    /// Any other call with a user name, which CloudTrail hides.
    pub fn named_call(&mut self, at: i64, who: &Caller, name: &str, error: Option<(&str, &str)>) {
        let request = format!(
            r#"{{"clientId":"{}","username":{HIDDEN},"clientMetadata":{{}}}}"#,
            who.client
        );
        let call = Call {
            name,
            error,
            request: &request,
            response: "",
            has_sub: error.is_none(),
        };
        self.call(at, who, call);
    }

    /// A sign-up that makes an account.
    pub fn sign_up(&mut self, at: i64, who: &Caller) {
        self.activity(at, who, ("SignUp", "InProgress", "[]"), Risk::NONE);
        let request = format!(
            r#"{{"clientId":"{}","username":{HIDDEN},"password":{HIDDEN},"userAttributes":{HIDDEN},"clientMetadata":{{}}}}"#,
            who.client
        );
        let response = format!(
            r#"{{"userConfirmed":false,"userSub":"{}","codeDeliveryDetails":{{"destination":{HIDDEN},"deliveryMedium":"EMAIL","attributeName":"email"}}}}"#,
            who.sub_text()
        );
        let call = Call {
            name: "SignUp",
            request: &request,
            response: &response,
            has_sub: true,
            error: None,
        };
        self.call(at, who, call);
    }

    /// A sign-up under a name that `owner` has.
    pub fn sign_up_refused(&mut self, at: i64, owner: &Caller) {
        self.activity(at, owner, ("SignUp", "Fail", "[]"), Risk::NONE);
        let error = ("UsernameExistsException", "User already exists");
        self.named_call(at, owner, "SignUp", Some(error));
    }

    pub fn confirm(&mut self, at: i64, who: &Caller) {
        self.named_call(at, who, "ConfirmSignUp", None);
    }

    pub fn resend(&mut self, at: i64, who: &Caller) {
        self.activity(at, who, ("ResendCode", "Pass", "[]"), Risk::NONE);
        self.named_call(at, who, "ResendConfirmationCode", None);
    }

    /// A reset is asked for.
    pub fn forgot(&mut self, at: i64, who: &Caller) {
        self.activity(at, who, ("ForgotPassword", "InProgress", "[]"), Risk::NONE);
        self.named_call(at, who, "ForgotPassword", None);
    }

    /// The code of a reset is typed in, rightly or not.
    pub fn reset(&mut self, at: i64, who: &Caller, is_right: bool) {
        if is_right {
            self.activity(at, who, ("PasswordChange", "Pass", "[]"), Risk::NONE);
            self.named_call(at, who, "ConfirmForgotPassword", None);
            return;
        }
        let error = (
            "CodeMismatchException",
            "Invalid verification code provided, please try again.",
        );
        self.named_call(at, who, "ConfirmForgotPassword", Some(error));
    }
}
