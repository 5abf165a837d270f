"""What the function needs as it is deployed: a full batch, a cold start. The numbers are printed; the bounds are for a
slow machine.
"""

from __future__ import annotations

import gzip
import json
import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from local_aws.batches import PAYLOAD_BYTES_MAX, Record, event_of, first_batch
from local_aws.local_stack import LocalAws, Wishes

from .conftest import Up
from .test_attacks import close_all

# Milliseconds of its own until it asks for work.
INIT_MS_MAX = 100
BINARY_BYTES_MAX = 19_000_000
# For 6 MB: the function has a minute.
BATCH_SECONDS_MAX = 45
MEMORY_BYTES_MAX = 1_000_000_000


def identifier(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def cloudtrail_line(chance: random.Random, time_text: str) -> str:
    """A sign-in call as CloudTrail logs it to a log group; one of twenty fails, from one of 2,000 addresses."""
    fails = chance.random() < 0.05
    event = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "Unknown", "principalId": "Anonymous"},
        "eventTime": time_text,
        "eventSource": "cognito-idp.amazonaws.com",
        "eventName": "RespondToAuthChallenge" if fails else "GetUser",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": f"10.{chance.randrange(4)}.{chance.randrange(20)}.{chance.randrange(25)}",
        "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        "requestParameters": {
            "clientId": "5example5client5id5",
            "challengeName": "PASSWORD_VERIFIER",
            "challengeResponses": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "session": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "analyticsMetadata": {},
            "clientMetadata": {},
        },
        "responseElements": None,
        "additionalEventData": {"sub": identifier(chance)},
        "requestID": identifier(chance),
        "eventID": identifier(chance),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "cognito-idp.eu-west-1.amazonaws.com",
        },
    }
    if fails:
        event |= {"errorCode": "NotAuthorizedException", "errorMessage": "Incorrect username or password."}
    return json.dumps(event)


def full_batch() -> tuple[list[Record], int, int]:
    """Records of a subscription that fill an invocation; how much JSON they hold, and how many events."""
    chance = random.Random(1)
    now = round(time.time(), 3)
    time_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60))
    records: list[Record] = []
    json_bytes = events = 0
    while not records or not first_batch(records, 10_000)[1]:
        lines = [cloudtrail_line(chance, time_text) for _ in range(500)]
        payload = {
            "messageType": "DATA_MESSAGE",
            "owner": "111122223333",
            "logGroup": "aws-cloudtrail-logs",
            "logStream": "111122223333_CloudTrail_eu-west-1",
            "subscriptionFilters": ["vedette"],
            "logEvents": [
                {"id": f"{events + at:056}", "timestamp": int(now * 1000), "message": line}
                for at, line in enumerate(lines)
            ],
        }
        text = json.dumps(payload).encode()
        json_bytes += len(text)
        events += len(lines)
        data = gzip.compress(text, 9)
        records.append(Record("shardId-000000000000", str(10**55 + events), "1", data, now))
    batch, _ = first_batch(records, 10_000)
    # What did not fit is not in it.
    return batch, json_bytes * len(batch) // len(records), events * len(batch) // len(records)


def metrics(aws: LocalAws) -> dict[str, int]:
    """Of the last invocation."""
    lines = [json.loads(line) for line in (aws.folder / "function.log").read_text().splitlines()]
    return [line for line in lines if "_aws" in line][-1]


def test_a_full_batch_is_handled_in_time_and_memory(up: Up, deployed: Path, told: Callable[[str], None]) -> None:
    aws = up(deployed, Wishes())
    batch, json_bytes, events = full_batch()
    payload = event_of(batch, aws.source.settings.stream_arn)
    assert PAYLOAD_BYTES_MAX * 0.95 < len(payload) <= PAYLOAD_BYTES_MAX
    assert json_bytes > 50_000_000
    outcome = aws.function.invoke(payload)
    assert json.loads(outcome.payload) == {"batchItemFailures": []}, outcome
    written, calls = metrics(aws), aws.told()["calls"]
    assert written["Events"] == events
    # The same again finds all of it done: it reads, and writes its progress only.
    again = aws.function.invoke(payload)
    assert json.loads(again.payload) == {"batchItemFailures": []}
    second, calls_again = metrics(aws), aws.told()["calls"]
    memory = aws.function.memory_bytes_max
    told(
        f"{len(payload) / 1e6:.1f} MB of {len(batch)} records, {json_bytes / 1e6:.0f} MB of JSON, {events:,} events, "
        f"{written['Hits']:,} hits in {written['Groups']:,} groups: {written['InvocationTime']} ms, "
        f"{memory / 1e6:.0f} MB of memory, {calls}; the same again {second['InvocationTime']} ms, "
        f"{calls_again['dynamodb:PutItem'] - calls['dynamodb:PutItem']} writes"
    )
    assert calls_again["dynamodb:PutItem"] - calls["dynamodb:PutItem"] == 1
    assert outcome.seconds < BATCH_SECONDS_MAX
    assert memory < MEMORY_BYTES_MAX


def test_a_cold_start_is_short_and_the_program_small(up: Up, deployed: Path, told: Callable[[str], None]) -> None:
    aws = up(deployed, Wishes())
    starts = []
    for _ in range(5):
        begun = time.monotonic()
        close_all(aws)
        starts.append(time.monotonic() - begun)
        aws.function.replace_processes()
    inits = sorted(aws.function.init_seconds)
    size = (deployed / "bootstrap").stat().st_size
    told(
        f"cold start: {inits[0] * 1000:.0f} to {inits[-1] * 1000:.0f} ms until it asks for work, "
        f"first sweep answered after {min(starts) * 1000:.0f} ms; {size / 1e6:.1f} MB"
    )
    # The quickest start: the others waited for the processor, not for the function.
    assert inits[0] * 1000 < INIT_MS_MAX
    assert size < BINARY_BYTES_MAX
