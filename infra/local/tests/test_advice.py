"""What the rules tell the on-call to do: each command exists, and leaves what was there before, also when run twice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.function_settings import CREDENTIALS, REGION
from local_aws.local_stack import AwsServer

from .advice import Advice, name_of, shipped

SHIPPED = list(shipped())
BLOCKS = sorted({block for advice in SHIPPED for block in advice.blocks()})
# The stand-in does not read queries of logs, so of blocks that differ in them alone one is run.
TO_RUN = list(
    {tuple(re.sub(r"--query-string .*", "", command) for command in block): block for block in BLOCKS}.values()
)
IP_SETS = [f"{name}-ipv{family}" for name in ("blocked", "challenged", "sign-in", "sign-up") for family in (4, 6)]
BEFORE = {4: ["192.0.2.0/24", "198.51.100.9/32"], 6: ["2001:db8:1::/48"]}
# What the stand-in for AWS does not do. The list may only shrink.
NOT_HERE = {
    "cloudtrail lookup-events",
}
# The advice as it was, with a fault of each kind.
HARMFUL = {
    "replaces": "wafv2 update-ip-set --scope REGIONAL --name blocked --id ID --lock-token TOKEN --addresses ADDRESS/32",
    "replaces ": "wafv2 update-web-acl --scope REGIONAL --name fleet --id ID --lock-token TOKEN --rules file://r.json "
    "--default-action Allow={} --visibility-config file://visibility.json",
    "undo": "cognito-idp admin-disable-user --user-pool-id POOL --username USER",
    "newcomers": "cognito-idp list-users --user-pool-id POOL --filter 'cognito:user_status = \"UNCONFIRMED\"'",
    "has no option": "cognito-idp admin-get-user --pool POOL --username USER",
    "needs --username": "cognito-idp admin-get-user --user-pool-id POOL",
    "has no cognito-idp": "cognito-idp admin-block-user --user-pool-id POOL --username USER",
    "not read before": "logs put-data-protection-policy --log-group-identifier GROUP --policy-document file://p.json",
}


@pytest.mark.parametrize("advice", SHIPPED, ids=lambda advice: advice.rule)
def test_each_command_is_one_that_the_aws_cli_knows(advice: Advice) -> None:
    assert advice.faults() == []


@pytest.mark.parametrize("kind", HARMFUL)
def test_advice_that_does_harm_is_found(kind: str) -> None:
    faults = Advice("old", f"Do this:\n    aws {HARMFUL[kind]}\n").faults()
    assert any(kind.strip() in fault for fault in faults), faults


def test_the_advice_is_there() -> None:
    assert len(SHIPPED) > 55
    assert sum(len(advice.commands()) for advice in SHIPPED) > 300


class Account:
    """An account of the stand-in in which others have been at work before."""

    def __init__(self, server: AwsServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.values = {
            "ADDRESS": "203.0.113.7",
            "NETWORK": "203.0.113.0/24",
            "USER": "mallory@example.com",
            "SUB": "3c8ec4fc-b8d3-4f15-abf0-2cc4950b6065",
            "NEW_PASSWORD": "Correct-Horse-9",
            "ROUTE": "/vehicles/{id}",
            "VEHICLE": "veh-1",
            "CLIENT": "client",
        }
        self._firewall()
        self._users()
        self._the_rest()
        # The program of the AWS CLI, and jq, as the on-call has them.
        self.programs = folder / "bin"
        self.programs.mkdir()
        (self.programs / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} -m awscli "$@"\n')
        (self.programs / "aws").chmod(0o755)
        assert shutil.which("jq"), "the advice of the rules uses jq: install it"

    def _firewall(self) -> None:
        wafv2 = self.server.client("wafv2")
        self.sets = {}
        for name in IP_SETS:
            family = int(name[-1])
            made = wafv2.create_ip_set(
                Name=name, Scope="REGIONAL", IPAddressVersion=f"IPV{family}", Addresses=BEFORE[family]
            )
            self.sets[name] = made["Summary"]
        visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
        rules = [
            {
                "Name": name,
                "Priority": number,
                "Statement": {"IPSetReferenceStatement": {"ARN": summary["ARN"]}},
                "Action": {"Block": {}} if name.startswith("blocked") else {"Challenge": {}},
                "VisibilityConfig": visible,
            }
            for number, (name, summary) in enumerate(self.sets.items())
        ]
        wafv2.create_web_acl(
            Name="fleet", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible, Rules=rules
        )

    def _users(self) -> None:
        cognito = self.server.client("cognito-idp")
        self.pool = cognito.create_user_pool(PoolName="fleet", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
        self.values["POOL"] = self.pool
        for name in (self.values["USER"], "ann@example.com", "bo@example.com"):
            cognito.admin_create_user(
                UserPoolId=self.pool,
                Username=name,
                UserAttributes=[{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}],
            )
            cognito.admin_set_user_password(UserPoolId=self.pool, Username=name, Password="Old-1-pass", Permanent=True)
        iam = self.server.client("iam")
        for name in (self.values["USER"], "ann"):
            iam.create_user(UserName=name)
            iam.create_login_profile(UserName=name, Password="Old-1-pass")
        self.values["KEY"] = iam.create_access_key(UserName=self.values["USER"])["AccessKey"]["AccessKeyId"]

    def _the_rest(self) -> None:
        for name in ("COGNITO_LOG", "TRAIL_LOG", "VEHICLES_LOG", "ACCESS_LOG", "LOG_GROUP"):
            self.values[name] = f"/log/{name.lower()}"
            self.server.client("logs").create_log_group(logGroupName=self.values[name])
        self.values["TABLE"] = "vehicles"
        self.server.client("dynamodb").create_table(
            TableName="vehicles",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        secrets = self.server.client("secretsmanager")
        self.values["SECRET"] = secrets.create_secret(Name="upstream", SecretString="old")["ARN"]
        self.rest_api = self.server.client("apigateway").create_rest_api(name="fleet")["id"]
        http_api = self.server.client("apigatewayv2").create_api(Name="fleet", ProtocolType="HTTP")
        self.http_api = http_api["ApiId"]
        role = self.server.client("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.values["FUNCTION"] = "vehicles"
        self.server.client("lambda").create_function(
            FunctionName="vehicles", Role=role, Runtime="nodejs22.x", Handler="x.y", Code={"ZipFile": b"code"}
        )

    def run(self, command: str) -> str:
        """Runs a command line as the on-call would, with the placeholders filled in; '' where AWS is not imitated."""
        values = dict(self.values)
        values["API"] = self.http_api if name_of(command).startswith("apigatewayv2") else self.rest_api
        if found := re.search(r"--name ((?:blocked|challenged|sign-in|sign-up)-ipv[46]) --id SET_ID", command):
            values["SET_ID"] = self.sets[found.group(1)]["Id"]
        line = re.sub(r"\b[A-Z]+(?:_[A-Z]+)*\b", lambda word: values.get(word.group(), word.group()), command)
        environment = os.environ | CREDENTIALS
        environment |= {"AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.server.plain_url, "AWS_PAGER": ""}
        environment["PATH"] = f"{self.programs}{os.pathsep}{environment['PATH']}"
        environment |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if name_of(command) in NOT_HERE:
            assert ran.returncode != 0, f"take it off the list of what is not here: {command}"
            return ""
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"
        if name_of(command) == "logs start-query":
            self.values["QUERY_ID"] = re.search(r'"queryId": "([^"]+)"', ran.stdout).group(1)
        return ran.stdout

    def as_before(self) -> None:
        """The user whom the advice is about may sign in."""
        cognito, mallory = self.server.client("cognito-idp"), self.values["USER"]
        cognito.admin_enable_user(UserPoolId=self.pool, Username=mallory)
        cognito.admin_set_user_password(UserPoolId=self.pool, Username=mallory, Password="Old-1-pass", Permanent=True)

    def without_rights(self) -> None:
        """The same user at the console, so that there is something to give back."""
        iam = self.server.client("iam")
        iam.attach_user_policy(UserName=self.values["USER"], PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")

    def addresses(self) -> dict[str, set[str]]:
        wafv2 = self.server.client("wafv2")
        read = {name: wafv2.get_ip_set(Name=name, Scope="REGIONAL", Id=s["Id"]) for name, s in self.sets.items()}
        return {name: set(answer["IPSet"]["Addresses"]) for name, answer in read.items()}

    def web_acl(self) -> dict[str, Any]:
        wafv2 = self.server.client("wafv2")
        summary = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"][0]
        return wafv2.get_web_acl(Name=summary["Name"], Scope="REGIONAL", Id=summary["Id"])["WebACL"]

    def users(self) -> dict[str, tuple[bool, str]]:
        found = self.server.client("cognito-idp").list_users(UserPoolId=self.pool)["Users"]
        return {user["Username"]: (user["Enabled"], user["UserStatus"]) for user in found}

    def administrators(self) -> dict[str, list[str]]:
        iam = self.server.client("iam")
        names = [user["UserName"] for user in iam.list_users()["Users"]]
        attached = {name: iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] for name in names}
        return {name: [policy["PolicyArn"] for policy in policies] for name, policies in attached.items()}

    def of_others(self) -> dict[str, Any]:
        """All that no advice about one user or one address may touch."""
        mallory = self.values["USER"]
        return {
            "rules": self.web_acl()["Rules"],
            "users": {name: user for name, user in self.users().items() if name != mallory},
            "administrators": {name: user for name, user in self.administrators().items() if name != mallory},
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        server = AwsServer(folder)
    try:
        yield Account(server, folder)
    finally:
        server.close()


@pytest.mark.parametrize("block", TO_RUN, ids=lambda block: name_of(block[-1]).replace(" ", "-"))
def test_run_twice_it_leaves_what_was_there(account: Account, block: tuple[str, ...]) -> None:
    others, addresses = account.of_others(), account.addresses()
    account.as_before()
    for _ in range(2):
        account.without_rights()
        for command in block:
            account.run(command)
    assert account.of_others() == others
    after = account.addresses()
    for name, there in addresses.items():
        assert there <= after[name], f"{name} lost {there - after[name]}"
    if name_of(block[-1]) == "wafv2 update-ip-set":
        assert after != addresses, "it added nothing"
        for command in block[-2:]:
            account.run(command.replace(" + [", " - ["))
        assert account.addresses() == addresses, "what undoes it does not"


def test_a_disabled_user_is_disabled_and_enabled_again(account: Account) -> None:
    account.as_before()
    mallory = account.values["USER"]
    user = "--user-pool-id POOL --username USER"
    account.run(f"aws cognito-idp admin-disable-user {user}")
    assert account.users()[mallory][0] is False
    back = next(block for block in BLOCKS if len(block) == 3 and "admin-enable-user" in block[0])
    for command in back:
        account.run(command)
    assert account.users()[mallory] == (True, "RESET_REQUIRED")


def test_what_the_advice_was_lost_what_was_there(account: Account) -> None:
    """The check above can fail: the old advice, with a token that is good, does what it was written down for."""
    before = account.addresses()
    token = account.run(
        "aws wafv2 get-ip-set --scope REGIONAL --name blocked-ipv4 --id SET_ID --query LockToken --output text"
    )
    account.run(
        "aws wafv2 update-ip-set --scope REGIONAL --name blocked-ipv4 --id SET_ID "
        f"--lock-token {token.strip()} --addresses ADDRESS/32"
    )
    assert not before["blocked-ipv4"] <= account.addresses()["blocked-ipv4"]
