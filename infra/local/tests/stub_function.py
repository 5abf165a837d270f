"""A function that notes what it is given, for tests of the local AWS itself. What it does stands in the records:

`ok…` is done; `fail-once…` fails the first time; `fail:…` always fails; `crash…` ends the process; `slow…` never
answers.
"""

import base64
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
NOTES = Path(os.environ["STUB_NOTES"])


def failed(record: dict, seen: set) -> bool:
    data = base64.b64decode(record["kinesis"]["data"]).decode()
    if data.startswith("crash"):
        sys.exit(1)
    if data.startswith("slow"):
        time.sleep(60)
    sequence_number = record["kinesis"]["sequenceNumber"]
    again = sequence_number in seen
    seen.add(sequence_number)
    return (data.startswith("fail-once") and not again) or data.startswith("fail:")


def handle(event: dict, seen: set) -> dict:
    note = [f"{r['eventID']} {base64.b64decode(r['kinesis']['data']).decode()[:40]}" for r in event["Records"]]
    with NOTES.open("a") as notes:
        notes.write(json.dumps(note) + "\n")
    failures = [r["kinesis"]["sequenceNumber"] for r in event["Records"] if failed(r, seen)]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}


def main() -> None:
    seen: set = set()
    while True:
        with urllib.request.urlopen(f"{API}/invocation/next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.load(answer)
        body = json.dumps(handle(event, seen)).encode()
        urllib.request.urlopen(f"{API}/invocation/{request_id}/response", data=body).read()


main()
