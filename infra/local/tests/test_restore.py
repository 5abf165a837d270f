"""The table is lost and had back, by the commands of the runbook as they are written there."""

from __future__ import annotations

from pathlib import Path

from local_aws.function_settings import CREDENTIALS, REGION
from local_aws.local_stack import Wishes

from .conftest import Programs, Up
from .documents import commands, shell, shims
from .recordings import attack, on_stream, send
from .test_attacks import close_all


def test_what_was_open_closes_after_a_restore(up: Up, programs: Programs, tmp_path: Path) -> None:
    aws = up(programs.package, Wishes(parameters={"Lateness": "24h"}))
    send(programs.replay, aws, aws.stream, attack("cross_owner_access"))
    aws.source.start()
    aws.source.wait_until_read(sum(map(len, on_stream(aws, aws.stream).values())), 60)
    opened = {notice["alert"]["alert_id"] for notice in aws.queue.receive()}
    assert opened

    endpoint = {"AWS_ENDPOINT_URL": aws.server.plain_url, "AWS_DEFAULT_REGION": REGION}
    environment = shims(tmp_path / "programs", programs.replay) | CREDENTIALS | endpoint
    (runbook,) = commands("infra/README.md", "The table is lost")
    ran = shell(runbook, environment, 120)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    # The old one is protected: it has to be unprotected first, by somebody who means it.
    dynamodb, table = aws.client("dynamodb"), aws.stack.ref("Table")
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    restored = dynamodb.describe_table(TableName="vedette-restored")["Table"]
    assert restored["DeletionProtectionEnabled"] is True
    assert [index["IndexName"] for index in restored["LocalSecondaryIndexes"]] == ["due"]
    ttl = dynamodb.describe_time_to_live(TableName="vedette-restored")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")

    # As a deployment with the parameter has it.
    aws.stack.parameters["StateTable"] = "vedette-restored"
    variables = aws.stack.properties("Detector")["Environment"]["Variables"]
    assert variables["TABLE_NAME"] == "vedette-restored"
    aws.function.settings.variables.update(variables)
    aws.function.replace_processes()
    close_all(aws)
    closed = {notice["alert"]["alert_id"] for notice in aws.queue.receive() if notice["alert"]["status"] == "closed"}
    assert opened <= closed


def test_a_protected_table_is_not_deleted_by_a_slip(up: Up, stub: Path) -> None:
    aws = up(stub)
    dynamodb = aws.client("dynamodb")
    try:
        dynamodb.delete_table(TableName=aws.stack.ref("Table"))
    except dynamodb.exceptions.ClientError as refused:
        assert "DeletionProtection" in str(refused) or "deletion protection" in str(refused)
    else:
        raise AssertionError("the table is gone")
