//! Lines that were written after the forms, by somebody who tried to get names and secrets past them.

pub(crate) const TRIED: [(&str, &str); 44] = [
    (
        r#"0AX4XfWhq"#,
        r#"https://fleet.example/callback?code=4/0AX4XfWhq&state=xyz"#,
    ),
    (
        r#"gretel"#,
        r#"{"device":"gretel-iphone-12","userAgent":"okhttp/4.9 (gretel-iphone-12; iOS 17.1.2)"}"#,
    ),
    (
        r#"gretel"#,
        r#"{"event":"login","user":"gretel"} trailing words"#,
    ),
    (r#"gretel"#, r#"{event: login, user: gretel}"#),
    (
        r#"gretel"#,
        r#"{"event":"login","agent":"Mozilla "evil" x","user":"gretel"}"#,
    ),
    (
        r#"gretel"#,
        r#"{"headers":{"x-user-email":"gretel@x.org"}}"#,
    ),
    (r#"gretel"#, r#"{"body":"{\"user\":\"gretel\",\"n\":"}"#),
    (
        r#"gretel"#,
        r#"{"message":"{\"user\":\"gretel\"} and more"}"#,
    ),
    (r#"gretel"#, r#"gretel@x.org"#),
    (r#"gretel"#, r#"From: "gretel h" <gretel@x.org>"#),
    (r#"gretel"#, r#"user=gretel;role=admin"#),
    (r#"gretel"#, r#"{"device":"gretel-iphone-12"}"#),
    (
        r#"gretel"#,
        r#"{"deviceName":"gretel-iphone-12","x":"gretel-iphone-12 joined"}"#,
    ),
    (r#"gretel"#, r#"CN=gretel,OU=people"#),
    (r#"gretel"#, r#"{"subject":"CN=gretel, O=x"}"#),
    (r#"gretel"#, r#"{"sub":"auth0|gretel"}"#),
    (
        r#"gretel"#,
        r#"{"identityId":"eu-west-1:0453171e-831e-46bb-a512-a4a6d2e6c5ef","login":"gretel"}"#,
    ),
    (
        r#"gretel"#,
        r#"arn:aws:cognito-idp:eu-west-1:444455556666:userpool/x user gretel@x.org"#,
    ),
    (
        r#"gretel"#,
        r#"arn%3Aaws%3Aiam%3A%3A444455556666%3Auser%2Fgretel"#,
    ),
    (r#"gretel"#, r#"444455556666:gretel is federated"#),
    (r#"gretel"#, r#"{"principalId":"444455556666:gretel"}"#),
    (
        r#"gretel"#,
        r#"arn:aws:sts::444455556666:federated-user/gretel"#,
    ),
    (r#"gretel"#, r#"{"federatedUserId":"444455556666:gretel"}"#),
    (r#"gretel"#, r#"{"sourceIdentity":"gretel"}"#),
    (
        r#"gretel"#,
        r#"arn:aws:iam::444455556666:saml-provider/gretel-idp"#,
    ),
    (
        r#"gretel"#,
        r#"{"webIdFederationData":{"attributes":{"sub":"gretel"}}}"#,
    ),
    (
        r#"gretel"#,
        r#"{"tagSet":{"items":[{"key":"Owner","value":"gretel"}]}}"#,
    ),
    (r#"gretel"#, r#"{"tags":{"CreatedBy":"gretel"}}"#),
    (
        r#"gretel"#,
        r#"{"requestParameters":{"tags":"Owner=gretel&x=1"}}"#,
    ),
    (r#"B MW 1234"#, r#"{"numberPlate":"B MW 1234"}"#),
    (r#"B MW 1234"#, r#"plate=B MW 1234"#),
    (r#"B-MW 1234"#, r#"{"kennzeichen":"B-MW 1234"}"#),
    (r#"WBA3A5C50CF256985"#, r#"vin: WBA3A5C50CF256985,"#),
    (
        r#"WBA3A5C50CF256985"#,
        r#"/vehicles/WBA3A5C50CF256985/doors"#,
    ),
    (r#"WBA3A5C50CF256985"#, r#"%57BA3A5C50CF256985"#),
    (r#"pAss!w0rd#"#, r#"DB_PASSWORD="pAss!w0rd#""#),
    (
        r#"pAss!w0rd#"#,
        r#"{"Parameters":{"MasterUserPassword":{"S":"pAss!w0rd#"}}}"#,
    ),
    (r#"pAss!w0rd#"#, r#"password = pAss!w0rd#"#),
    (r#"pAss!w0rd#"#, r#"pass:pAss!w0rd#"#),
    (r#"pAss!w0rd#"#, r#"{"password":{"a":["pAss!w0rd#"]}}"#),
    (r#"pAss!w0rd#"#, r#"{"password":["pAss!w0rd#""#),
    (r#"pAss!w0rd#"#, r#"my password is "pAss!w0rd#""#),
    (r#"correct horse"#, r#"{"passphrase":"correct horse"}"#),
    (r#"correct horse"#, r#"passphrase=correct horse"#),
];
