"""The template, by the checks of others and by our own for what those do not see."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local_aws.local_stack import Wishes
from local_aws.resources import ACCOUNT
from local_aws.template import REPOSITORY, TEMPLATE, as_written, translated

from .conftest import Up
from .test_policies import Elsewhere

TEXT = TEMPLATE.read_text()
RESOURCES: dict[str, Any] = translated()["Resources"]


# The logs that have a parameter of their own.
ALONE = {"BedrockLogGroup": "/app/bedrock", "CloudFrontLogGroup": "/app/cloudfront"}


def properties(name: str) -> dict[str, Any]:
    return RESOURCES[name]["Properties"]


def test_cfn_lint_finds_nothing() -> None:
    lint = Path(sys.executable).parent / "cfn-lint"
    found = subprocess.run(
        [lint, "--include-checks", "I", "--ignore-checks", "I3042", "--", TEMPLATE],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, ""), found.stdout + found.stderr


def test_checkov_finds_nothing_that_is_not_justified() -> None:
    checkov = REPOSITORY / "target" / "local-aws" / "checkov" / "bin" / "checkov"
    if not checkov.exists():
        pytest.fail("checkov is not there: `infra/local/environment checkov` installs it")
    found = subprocess.run(
        [checkov, "-f", TEMPLATE, "--framework", "cloudformation", "--skip-download", "--output", "json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    results = json.loads(found.stdout)["results"]
    assert len(results["passed_checks"]) > 30
    assert [(check["check_id"], check["resource"]) for check in results["failed_checks"]] == []
    for check in results["skipped_checks"]:
        assert len(check["check_result"]["suppress_comment"]) > 40, check["check_id"]


def without_reason(text: str) -> list[str]:
    """Lines with a wildcard and no comment on the line or right above."""
    lines = text.splitlines()
    return [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if "*" in line.partition(" # ")[0]
        and not line.strip().startswith("#")
        and " # " not in line
        and not above.strip().startswith("#")
        # Patterns of parameters grant nothing.
        and "AllowedPattern" not in line
    ]


def test_every_wildcard_has_its_reason_beside_it() -> None:
    assert without_reason(TEXT) == []
    assert without_reason('Action: "*"\nAction: s3:* # all') == ['Action: "*"']


def test_policies_name_actions_and_resources() -> None:
    wide = []
    for name, resource in RESOURCES.items():
        for policy in resource.get("Properties", {}).get("Policies", []):
            for found in policies_in(policy):
                for statement in found["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    assert statement["Resource"], name
                    wide += [a for a in ([actions] if isinstance(actions, str) else actions) if "*" in a]
                    # Without this one no event source mapping is made, and it knows no resource (test_policies.py).
                    if actions != "kinesis:ListStreams":
                        wide += [name for wide_open in [statement["Resource"]] if wide_open == "*"]
    assert wide == []


def policies_in(node: dict[str, Any]) -> list[dict[str, Any]]:
    """A policy, or the one that a condition adds."""
    if "Fn::If" in node:
        return [branch for branch in node["Fn::If"][1:] if "PolicyDocument" in branch]
    return [node]


def test_the_event_source_loses_nothing_and_never_tries_for_ever() -> None:
    mapping = properties("DetectorRecords")
    # The stream is new with the mapping: from LATEST on, what came before the mapping was active would be lost.
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["ParallelizationFactor"] == 1
    assert 1 <= mapping["MaximumRetryAttempts"] <= 10_000
    # Given up before the stream forgets them.
    retention = properties("Stream")["RetentionPeriodHours"] * 3600
    age = mapping["MaximumRecordAgeInSeconds"]
    assert 60 <= age < retention
    # Sweeps wait no longer than that for a record.
    variables = properties("Detector")["Environment"]["Variables"]
    assert variables["RECORD_AGE_MAX"] == f"{age // 3600}h"
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["QuarantineBucket", "Arn"]}
    assert 1 <= mapping["BatchSize"] <= 10_000
    assert 0 <= mapping["MaximumBatchingWindowInSeconds"] <= 5


def test_the_function_is_the_one_that_is_built() -> None:
    function = properties("Detector")
    assert function["Runtime"] == "provided.al2023"
    assert function["Architectures"] == ["arm64"]
    assert as_written()["Resources"]["Detector"]["Metadata"]["BuildMethod"] == "makefile"
    # A sweep ends before the next one begins.
    assert function["Timeout"] <= 60
    assert properties("DetectorSweep")["ScheduleExpression"] == "rate(1 minute)"


def test_the_functions_variables_are_those_that_it_knows() -> None:
    source = (REPOSITORY / "detector" / "lambda" / "src" / "config.rs").read_text()
    for name in properties("Detector")["Environment"]["Variables"]:
        assert f'"{name}"' in source, f"the function does not read {name}"


def test_every_alarm_tells_operations_and_is_described() -> None:
    alarms = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    readme = (REPOSITORY / "infra" / "README.md").read_text()
    assert len(alarms) >= 8
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "OperationsTopic"}], name
        assert alarm["TreatMissingData"] in ("breaching", "notBreaching"), name
    # Those of the log groups are told of once for all of them.
    first_cells = re.findall(r"^\| (`[^|]*Alarm`) \|", readme, re.MULTILINE)
    told = {name for cell in first_cells for name in re.findall(r"`(\w+…?Alarm)`", cell)}
    wanted = {re.sub(r"^(Log\w+?)(\d|Bedrock|CloudFront)Alarm$", r"\1…Alarm", name) for name in alarms}
    assert told == wanted, "infra/README.md lists other alarms"
    for name in ("SilenceAlarm", "SweepAlarm", "WatermarkAlarm", "ReadLagAlarm"):
        assert alarms[name]["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("groups", [0, 1, 8])
@pytest.mark.parametrize("alone", [{}, ALONE])
def test_the_dashboard_is_json_and_shows_every_alarm(groups: int, alone: dict[str, str]) -> None:
    names = ",".join(f"/app/{at}" for at in range(groups))
    groups += len(alone)
    stack = Elsewhere("aws", LogGroupNames=names, **alone)
    resources = stack.resources()
    dashboard = json.loads(resources["Dashboard"]["DashboardBody"])
    assert len(dashboard["widgets"]) == 8
    shown = dashboard["widgets"][0]["properties"]["alarms"]
    alarms = [name for name in resources if RESOURCES[name]["Type"] == "AWS::CloudWatch::Alarm"]
    assert sorted(shown) == sorted(stack.attribute(name, "Arn") for name in alarms)
    assert len([name for name in alarms if name.startswith("Log")]) == 3 * groups
    forwarded = [
        m for widget in dashboard["widgets"] for m in widget["properties"].get("metrics", []) if "/app/" in str(m)
    ]
    assert len(forwarded) == groups


def test_a_log_that_has_a_parameter_of_its_own_speaks_for_itself() -> None:
    """Its entries are that log's, and what is no JSON there is told of."""
    variables = Elsewhere("aws", **ALONE).resources()["Detector"]["Environment"]["Variables"]
    for group in ALONE.values():
        assert group in variables["JSON_LOG_GROUPS"].split(",")
        assert group not in variables["APPLICATION_LOG_GROUPS"].split(",")


def test_all_that_is_kept_is_encrypted_with_our_keys() -> None:
    assert properties("Stream")["StreamEncryption"]["EncryptionType"] == "KMS"
    assert properties("Table")["SSESpecification"]["SSEType"] == "KMS"
    assert properties("AlertTopic")["KmsMasterKeyId"] == {"Ref": "Key"}
    # Whoever disables the key of the data is told of by the other one, which CloudWatch may use, and it alone.
    assert properties("OperationsTopic")["KmsMasterKeyId"] == {"Ref": "OperationsKey"}
    assert "cloudwatch.amazonaws.com" in json.dumps(properties("OperationsKey")["KeyPolicy"])
    assert "cloudwatch.amazonaws.com" not in json.dumps(properties("Key")["KeyPolicy"])
    assert properties("DetectorLog")["KmsKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_what_is_kept_long_outlives_the_stack() -> None:
    for name in ("Table", "QuarantineBucket", "Key", "OperationsKey"):
        kept = (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"])
        assert kept == ("Retain", "Retain"), name
    assert properties("Table")["DeletionProtectionEnabled"] is True


def test_concurrency_is_reserved_unless_told_otherwise() -> None:
    reserved = "ReservedConcurrentExecutions"
    assert int(Elsewhere("aws").resources()["Detector"][reserved]) >= 10
    assert reserved not in Elsewhere("aws", ReservedConcurrency="0").resources()["Detector"]


def test_the_template_makes_what_it_says(up: Up, stub: Path) -> None:
    """What the stand-in has afterwards, and not what it was asked for: it passes over some things without a word."""
    groups = [f"/app/{at}" for at in range(8)] + list(ALONE.values())
    parameters = {"AlertEmail": "on-call@example.com", "QuarantineDays": "7", "Lateness": "20m"}
    parameters |= ALONE | {"LogGroupNames": ",".join(groups[:8])}
    aws = up(stub, Wishes(parameters=parameters, log_groups=groups))
    stream, bucket, table = aws.stream, aws.bucket, aws.stack.ref("Table")

    described = aws.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert described["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert described["RetentionPeriodHours"] == 24
    assert described["EncryptionType"] == "KMS"
    assert len(aws.client("kinesis").list_shards(StreamName=stream)["Shards"]) == 4

    dynamodb = aws.client("dynamodb")
    made = dynamodb.describe_table(TableName=table)["Table"]
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert made["DeletionProtectionEnabled"] is True
    assert [key["AttributeName"] for key in made["KeySchema"]] == ["bucket", "group"]
    assert {a["AttributeName"]: a["AttributeType"] for a in made["AttributeDefinitions"]} == {
        "bucket": "B",
        "group": "B",
        "due": "N",
    }
    (index,) = made["LocalSecondaryIndexes"]
    assert index["IndexName"] == "due"
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert made["SSEDescription"]["SSEType"] == "KMS"
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"

    sns = aws.client("sns")
    for topic, key in (("AlertTopic", "Key"), ("OperationsTopic", "OperationsKey")):
        attributes = sns.get_topic_attributes(TopicArn=aws.stack.ref(topic))["Attributes"]
        assert attributes["KmsMasterKeyId"] == aws.stack.ref(key)
        found = sns.list_subscriptions_by_topic(TopicArn=aws.stack.ref(topic))["Subscriptions"]
        assert "on-call@example.com" in [s["Endpoint"] for s in found if s["Protocol"] == "email"]

    s3 = aws.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (expiry,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert expiry["Expiration"]["Days"] == 7
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())

    logs = aws.client("logs")
    for group in groups:
        (subscribed,) = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
        assert subscribed["destinationArn"] == f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/{stream}"
        assert subscribed["filterPattern"] == ""

    variables = aws.function.settings.variables
    assert variables["LATENESS"] == "20m"
    assert variables["QUARANTINE"] == f"s3://{bucket}/records"
    assert variables["RULES"] == "rules"


def test_rules_may_lie_in_a_bucket(up: Up, stub: Path) -> None:
    aws = up(stub, Wishes(parameters={"RulesBucket": "our-rules", "RulesPrefix": "live"}))
    assert aws.function.settings.variables["RULES"] == "s3://our-rules/live"
