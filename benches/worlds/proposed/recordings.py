"""Attacks that show in a share, against the own past, or in what is new; a recording has several, days apart."""

from ..names import CHROME, HIDDEN, SCRIPT, sub_of, user
from ..scenario import Scenario
from .credential_stuffing import known_for_days

DAY = 24 * 3600
PHONE = "Firefox 139, Linux"


def home(n):
    return f"198.18.{n // 250 % 256}.{1 + n % 250}"


def sign_ins(s, first, last, count, base):
    """As many people sign in, each once."""
    for i, moment in enumerate(s.spread(count, first, last)):
        s.cognito(moment, "SignIn", "Pass", home(base + i), base + i, deviceName=PHONE)


def attack_verdicts():
    s = Scenario("credential_stuffing/attack_verdicts", "2026-09-01T08:00:00",
                 "Cognito doubts sign-ins and the pool lets them pass: one that it takes for a takeover, one with a password "
                 "that is for sale, one at high risk from a new device, and a day later thirty at risk among a hundred.")
    number, bot = 81_000, "203.0.113.120"
    takeover = s.cognito(s.at(0), "SignIn", "Pass", bot, number, riskLevel="High", riskDecision="AccountTakeover")
    sold = s.cognito(s.at(4 * 3600), "SignIn", "Pass", "203.0.113.121", number + 1, compromisedCredentialDetected="true")
    known_for_days(s, number + 2)
    risky = s.cognito(s.at(8 * 3600), "SignIn", "Pass", "203.0.113.122", number + 2, riskLevel="High")
    sign_ins(s, DAY, DAY + 3600, 100, 81_100)
    many = [s.cognito(moment, "SignIn", "Pass", home(900 + i), 81_300 + i, riskLevel="Medium")
            for i, moment in enumerate(s.spread(30, DAY, DAY + 3600))]
    s.attack("takeover", [takeover], within=1, by=[("sign_in_doubted", {"message.userName": user(number)})])
    s.attack("sold", [sold], within=1, by=[("sign_in_with_known_password", {"message.userName": user(number + 1)})])
    s.attack("risky", [risky], within=1, by=[("sign_in_at_high_risk", {"message.userName": user(number + 2)})])
    s.attack("many", many, within=30, by=[("sign_ins_at_risk", {"message.userPoolId": s.pool})])
    return s.write()


def attack_prompts():
    s = Scenario("credential_stuffing/attack_prompts", "2026-09-04T09:00:00",
                 "Passwords are known, and second factors asked for: of one user twelve times in half an hour, of another "
                 "twelve times in a day, of thirty once each; the codes of a fourth are guessed, and his password was "
                 "guessed fast. A fifth's is guessed from twenty addresses, and found.")
    asked = {"eventResponse": "InProgress", "challenges": ["Password:Success"]}

    def ask(moment, address, number):
        return s.cognito(moment, "SignIn", "InProgress", address, number, **asked)

    fast = [ask(moment, "203.0.113.125", 82_000) for moment in s.spread(12, 0, 1800)]
    patient = [ask(moment, "203.0.113.126", 82_001) for moment in s.spread(12, DAY, 2 * DAY - 3600)]
    sign_ins(s, 3 * DAY, 3 * DAY + 5 * 3600, 100, 82_100)
    many = [ask(moment, home(1500 + i), 82_300 + i) for i, moment in enumerate(s.spread(30, 3 * DAY, 3 * DAY + 5 * 3600))]
    guessed = [s.cognito(moment, "SignIn", "Fail", "203.0.113.127", 82_002, challenges=["Password:Success", "Mfa:Failure"])
               for moment in s.spread(20, 5 * DAY, 5 * DAY + 1800)]
    hammered = [s.cognito(moment, "SignIn", "Fail", "203.0.113.128", 82_003) for moment in s.spread(90, 6 * DAY, 6 * DAY + 300)]
    for days in (3, 5):
        s.cognito(s.at(days * DAY), "SignIn", "Pass", "198.51.100.209", 82_004, deviceName=PHONE)
    spread = [s.cognito(moment, "SignIn", "Fail", f"198.19.{100 + i}.7", 82_004)
              for i, moment in enumerate(s.spread(20, 8 * DAY, 8 * DAY + 1800))]
    spread.append(s.cognito(s.at(8 * DAY + 1900), "SignIn", "Pass", "198.19.130.7", 82_004))

    def of(number):
        return {"message.userName": user(number)}

    s.attack("fast", fast, within=12, by=[("mfa_prompts", of(82_000))])
    s.attack("patient", patient, within=12, by=[("mfa_prompts_patient", of(82_001))])
    s.attack("many", many, within=30, by=[("mfa_prompts_of_many", {"message.userPoolId": s.pool})])
    s.attack("guessed", guessed, within=20, by=[("mfa_guessed", of(82_002))])
    s.attack("hammered", hammered, within=80, by=[("brute_force_fast", of(82_003))])
    s.attack("spread", spread, user(82_004), within=21,
             by=[("brute_force_distributed", of(82_004)), ("brute_force_distributed_account_taken", {"user": user(82_004)})])
    return s.write()


def attack_administrators():
    s = Scenario("credential_stuffing/attack_administrators", "2026-09-20T08:00:00",
                 "An administrator of the account is tried from ten networks, each once, until one is let in; and the root "
                 "user signs in, whom nobody of the company was.")
    tries = [s.console(moment, f"198.19.{150 + i}.9", "deploy", good=False) for i, moment in enumerate(s.spread(10, 0, 8 * 3600))]
    tries.append(s.console(s.at(8 * 3600 + 600), "198.19.170.9", "deploy", good=True))
    root = s.console(s.at(3 * DAY), "203.0.113.129", "root", good=True)
    root.body["userIdentity"] = {"type": "Root", "principalId": "111122223333", "accountId": "111122223333",
                                 "arn": "arn:aws:iam::111122223333:root", "accessKeyId": ""}
    arn = "arn:aws:iam::111122223333:user/deploy"
    account = {"recipientAccountId": "111122223333"}
    s.attack("spray", tries, within=11, incidents=3,
             by=[("console_networks", {"userIdentity.arn": arn}), ("console_spray", account),
                 ("console_networks_account_taken", {"arn": arn})])
    s.attack("root", [root], within=1, by=[("console_root", account)])
    return s.write()


def attack_names():
    s = Scenario("credential_stuffing/attack_names", "2026-09-24T08:00:00",
                 "Names are looked for by sign-ins that nobody finishes, from one address and then from many; codes are sent "
                 "that nobody gives; one script renews the sessions of twenty users.")
    client = {"requestParameters.clientId": s.client}
    one = [s.srp_start(moment, "203.0.113.130", CHROME) for moment in s.spread(90, 0, 3000)]
    many = []
    for i, moment in enumerate(s.spread(160, DAY, DAY + 3000)):
        many.append(s.srp_start(moment, home(2000 + i), CHROME))
        if i % 4 == 0:
            s.srp_answer(moment + 900, home(2000 + i), CHROME, 83_000 + i, good=True)
    sent = [s.cloudtrail(moment, "InitiateAuth", home(2300 + i), CHROME,
                         requestParameters={"authFlow": "USER_AUTH", "authParameters": HIDDEN, "clientId": s.client},
                         responseElements={"challengeName": "SMS_OTP", "session": HIDDEN})
            for i, moment in enumerate(s.spread(100, 3 * DAY, 3 * DAY + 3000))]
    renewed = [s.cloudtrail(moment, "InitiateAuth", "203.0.113.131", SCRIPT,
                            requestParameters={"authFlow": "REFRESH_TOKEN_AUTH", "authParameters": HIDDEN, "clientId": s.client},
                            responseElements={"authenticationResult": HIDDEN},
                            additionalEventData={"sub": sub_of(83_500 + i)})
               for i, moment in enumerate(s.spread(20, 5 * DAY, 5 * DAY + 1800))]
    address = {"sourceIPAddress": "203.0.113.130"}
    s.attack("one", one, within=90, incidents=2, by=[("names_unanswered_address", address)])
    s.attack("many", many, within=160, by=[("names_unanswered", client)])
    s.attack("sent", sent, within=100, by=[("codes_never_given", client)])
    s.attack("renewed", renewed, within=20, by=[("credential_stuffing_renewals", {"sourceIPAddress": "203.0.113.131"})])
    return s.write()


def attack_unusual_codes():
    s = Scenario("credential_stuffing/attack_unusual_codes", "2026-10-14T14:00:00",
                 "Five weeks in which a reset, a code sent again, a wrong code, a hosted page and a refused sign-up come every "
                 "other hour. Then each of them a hundred times in an hour, from as many addresses, on days of their own.")
    def reset(moment, i):
        return s.cognito(moment, "ForgotPassword", "InProgress", home(3000 + i), 84_000 + i, challenges=[])

    def resent(moment, i):
        return s.cognito(moment, "ResendCode", "Pass", home(3000 + i), 84_000 + i, challenges=[])

    def refused(moment, i):
        return s.code_refused(moment, "ConfirmForgotPassword", home(3000 + i), CHROME)

    def hosted(moment, i):
        return s.hosted_page(moment, "Login_POST", home(3000 + i), CHROME, 200)

    def sign_up(moment, i):
        return s.cognito(moment, "SignUp", "Fail", home(3000 + i), 84_000 + i, challenges=[])

    rules = {"resets": (reset, "password_resets_unusual", {"message.clientId": s.client}),
             "resent": (resent, "sign_up_codes_unusual", {"message.clientId": s.client}),
             "refused": (refused, "codes_refused_unusual", {"requestParameters.clientId": s.client}),
             "hosted": (hosted, "hosted_page_unusual", {"recipientAccountId": "111122223333"}),
             "sign_ups": (sign_up, "sign_up_refusals_unusual", {"message.clientId": s.client})}
    for day, (name, (make, rule, group)) in enumerate(rules.items()):
        for i, moment in enumerate(s.spread(35 * 12, -35 * DAY, 0)):
            make(moment, 500 + i)
        events = [make(moment, i) for i, moment in enumerate(s.spread(100, day * DAY, day * DAY + 3000))]
        s.attack(name, events, within=100, by=[(rule, group)])
    return s.write()


def attack_numbers():
    s = Scenario("registration_flood/attack_numbers", "2026-10-20T08:00:00",
                 "Numbers of vehicles are tried by forty accounts, five by each; a farm of accounts registers from one address; "
                 "an account registers two hundred in a day; an import has five thousand.")
    taken = "vin already registered"
    tried = [s.register(moment, home(4000 + i % 40), CHROME, 85_000 + i % 40, 61_000 + i, taken if i % 4 else None)
             for i, moment in enumerate(s.spread(200, 0, 5 * 3600))]
    farm = [s.register(moment, "203.0.113.135", CHROME, 85_100 + i % 15, 61_300 + i) for i, moment in enumerate(s.spread(45, 2 * DAY, 2 * DAY + 500))]
    slow = [s.register(moment, "203.0.113.136", CHROME, 85_200, 61_400 + i) for i, moment in enumerate(s.spread(200, 4 * DAY, 5 * DAY - 3600))]
    huge = [s.register(moment, "203.0.113.137", SCRIPT, 85_201, 62_000 + i, import_id="import-85201-1")
            for i, moment in enumerate(s.spread(5_100, 8 * DAY, 8 * DAY + 7200))]
    s.attack("tried", tried, within=200, by=[("registration_fake_spread", {"service": s.service})])
    s.attack("farm", farm, "203.0.113.135", within=45)
    s.attack("slow", slow, within=130, by=[("registration_vehicles_slow", {"sub": sub_of(85_200)})])
    s.attack("huge", huge, within=5_010, by=[("registration_import_huge", {"import_id": "import-85201-1"})])
    return s.write()


def attack_allowed():
    s = Scenario("cross_owner_access/attack_allowed", "2026-11-04T10:00:00",
                 "Five weeks of a driver's and an operator's work, a few vehicles an hour. Then the driver's account reads two "
                 "hundred by its grants, the operator looks at eighty, and follows one; a script acts for twenty accounts, one "
                 "account deletes a fleet, and one receives the vehicles of eight owners.")
    shared, operator = {"grant": "shared"}, {"grant": "operator", "caller_role": "operator"}
    for i, moment in enumerate(s.spread(35 * 48, -35 * DAY, 0)):
        s.access(moment, "read", home(5000), 86_000, 63_000 + i % 7, 86_900, allow=True, **shared)
        if i % 2:
            s.access(moment + 9_000, "read", home(5001), 86_001, 63_100 + i % 500, 86_800 + i % 50, allow=True, **operator)
    volume = [s.access(moment, "read", "203.0.113.140", 86_000, 64_000 + i, 86_900, allow=True, **shared)
              for i, moment in enumerate(s.spread(200, 600, 3000))]
    looked = [s.access(moment, "locate", home(5001), 86_001, 64_300 + i, 86_700 + i, allow=True, **operator)
              for i, moment in enumerate(s.spread(80, DAY, DAY + 3000))]
    followed = [s.access(moment, "locate", home(5001), 86_001, 64_500, 86_699, allow=True, **operator)
                for moment in s.spread(30, 3 * DAY, 4 * DAY - 7200)]
    script = [s.access(moment, "read", "203.0.113.141", 86_100 + i, 64_600 + i, 86_100 + i, allow=True, agent=SCRIPT)
              for i, moment in enumerate(s.spread(20, 5 * DAY, 5 * DAY + 1800))]
    deleted = [s.access(moment, "delete", "203.0.113.142", 86_200, 64_700 + i, 86_200, allow=True)
               for i, moment in enumerate(s.spread(150, 7 * DAY, 7 * DAY + 1500))]
    received = [s.transfer(moment, home(5100 + i), 86_300 + i, 64_900 + i, 86_300 + i, 86_400)
                for i, moment in enumerate(s.spread(8, 9 * DAY, 10 * DAY))]
    s.attack("volume", volume, within=200, by=[("cross_owner_unusual_volume", {"sub": sub_of(86_000)})])
    s.attack("looked", looked, within=80, by=[("cross_owner_operator_unusual", {"sub": sub_of(86_001)})])
    s.attack("followed", followed, within=30,
             by=[("cross_owner_operator_follows", {"sub": sub_of(86_001), "resource_id": followed[0].body["resource_id"]})])
    s.attack("script", script, within=20,
             by=[("cross_owner_script_of_many", {"source_ip": "203.0.113.141", "user_agent": SCRIPT})])
    s.attack("deleted", deleted, within=110, by=[("cross_owner_mass_deletion", {"sub": sub_of(86_200)})])
    s.attack("received", received, within=8, by=[("cross_owner_receiver", {"to_sub": sub_of(86_400)})])
    return s.write()


def attack_refused():
    s = Scenario("cross_owner_access/attack_refused", "2026-11-24T10:00:00",
                 "Five weeks in which an access and a request are refused every other hour. Then sixty accounts are refused "
                 "three times each, a route is asked for by nobody, and tokens are tried, from one address and from sixty.")
    for i, moment in enumerate(s.spread(35 * 12, -35 * DAY, 0)):
        s.access(moment, "read", home(6000 + i), 87_000 + i, 65_000 + i, 87_900, allow=False)
        s.gateway(moment, home(6000 + i), None, "/vehicles/{id}", 401)
    spread = [s.access(moment, "read", home(6500 + i % 60), 88_000 + i % 60, 65_500 + i, 87_900, allow=False)
              for i, moment in enumerate(s.spread(180, 0, 3000))]
    nobody = [s.access(moment, "read", home(6600 + i % 90), 0, 66_000 + i, 87_900, allow=False, sub=None)
              for i, moment in enumerate(s.spread(200, 2 * DAY, 2 * DAY + 3000))]
    one = [s.gateway(moment, "203.0.113.145", None, "/vehicles/{id}", 401) for moment in s.spread(150, 4 * DAY, 4 * DAY + 500)]
    many = [s.gateway(moment, home(6700 + i % 60), None, "/vehicles/{id}", 401)
            for i, moment in enumerate(s.spread(240, 6 * DAY, 6 * DAY + 3000))]
    s.attack("spread", spread, within=180, by=[("cross_owner_probing_spread", {"service": s.service})])
    s.attack("nobody", nobody, within=200, by=[("cross_owner_nobody_refused", {"service": s.service})])
    s.attack("one", one, within=110, by=[("gateway_refusals_address", {"ip": "203.0.113.145"})])
    s.attack("many", many, within=240, by=[("gateway_refusals_spread", {"apiId": s.api})])
    return s.write()


def attack_explored():
    s = Scenario("error_leak/attack_explored", "2026-12-08T10:00:00",
                 "Five weeks in which a request is bad every other hour. Then somebody asks for the schema, a tool tries values "
                 "from one address, and another one from many.")
    for i, moment in enumerate(s.spread(35 * 12, -35 * DAY, 0)):
        s.gateway(moment, home(7000 + i), 89_000 + i, "/export", 400)
    texts = ["GraphQL introspection is not allowed", 'Cannot query field "ownr" on type "Vehicle". Did you mean "owner"?']
    asked = [s.response(moment, "203.0.113.150", 89_500, "/export", 400, texts[i % 2])
             for i, moment in enumerate(s.spread(12, 0, 500))]
    fuzzed = [s.gateway(moment, "203.0.113.151", 89_501, "/vehicles/{id}", 400) for moment in s.spread(320, 2 * DAY, 2 * DAY + 550)]
    many = [s.gateway(moment, home(7500 + i), 89_600 + i, "/vehicles/{id}", 400)
            for i, moment in enumerate(s.spread(150, 4 * DAY, 4 * DAY + 3000))]
    s.attack("asked", asked, within=12, by=[("error_leak_schema", {"source_ip": "203.0.113.150"})])
    s.attack("fuzzed", fuzzed, within=210, by=[("error_leak_fuzzing", {"ip": "203.0.113.151"})])
    s.attack("many", many, within=150, by=[("error_leak_bad_requests_unusual", {"apiId": s.api})])
    return s.write()


SCENARIOS = [attack_verdicts, attack_prompts, attack_administrators, attack_names, attack_unusual_codes, attack_numbers,
             attack_allowed, attack_refused, attack_explored]
