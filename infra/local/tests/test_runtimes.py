"""What Lambda's own runtime clients write of the lines of an application, and of errors that nobody caught, is read."""

from __future__ import annotations

import json
import re
import textwrap
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local_aws.template import REPOSITORY

from .conftest import Programs
from .documents import blocks_of
from .recordings import replay
from .runtime_clients import HANDLERS, Client, LogEvent, Run, payload

LANGUAGES = {"js": "audit.mjs", "python": "audit.py", "rust": "audit.rs"}
NAMES = ("node-3.3.0", "node-4.0.2", "python", "rust")
EVERY = [
    pytest.param(Client(name, log_format, is_framed), id=f"{name}-{log_format}-{'frames' if is_framed else 'lines'}")
    for name in NAMES
    for log_format in ("Text", "JSON")
    for is_framed in (False, True)
]
every_client = pytest.mark.parametrize("client", EVERY)

# Handler: the level that the runtime writes; none where the application's line stands alone.
WAYS = {
    "node": {"audit.handler": "INFO", "audit.warning": "WARN"},
    "python": {"audit.handler": None, "audit.logged": "INFO", "audit.warning": "WARNING"},
    "rust": {"audit.handler": None, "audit.logged": "INFO", "audit.warning": "WARN"},
}
# Objects, and fields beside a message, are JSON in this format only.
WAYS_IN_JSON = {
    "node": {"audit.object": "INFO"},
    "python": {"audit.object": "INFO", "audit.extra": "INFO"},
    "rust": {"audit.fields": "INFO"},
}
UNHANDLED = "b1d3f5a7-8c9e-45fc-b7d2-8a0c2e4f6b33"
# Handlers that fail. An error that one in Rust returns looks like one that it logs.
FAILING = {
    "node": ("audit.handler", "audit.rejection", "broken.handler"),
    "python": ("audit.handler", "broken.handler", "missing.handler"),
    "rust": ("audit.panics",),
}


def request(number: int, vehicle: str) -> dict[str, Any]:
    """As API Gateway sends it, of a user who owns `veh-1`."""
    context = {
        "requestId": f"gateway-{number}",
        "identity": {"sourceIp": "192.0.2.7", "userAgent": 'app "of the fleet"\n{1}'},
        "authorizer": {"claims": {"sub": "5f0c1b7e-ann"}},
    }
    return {"requestContext": context, "pathParameters": {"id": vehicle}}


def ways(client: Client, among: dict[str, dict[str, str | None]]) -> dict[str, str | None]:
    return among[client.name.split("-")[0]]


def hits(program: Path, folder: Path, rules: Path, log: list[LogEvent]) -> list[dict[str, str]]:
    saved = folder / "payload.json"
    saved.write_text(json.dumps(payload(log)))
    ran = replay(program, "match", "--quiet", "--rules", rules, saved)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def rule(number: int, fields: dict[str, str | bool]) -> str:
    """A rule that hits one line, by all that it must have."""
    detection = {"line": fields, "condition": "line"}
    told = {"title": f"Line {number}", "id": f"00000000-0000-4000-8000-{number:012d}", "name": f"line_{number}"}
    source = {"product": "aws", "service": "lambda"}
    # JSON is YAML.
    return json.dumps(told | {"level": "informational", "logsource": source, "detection": detection})


def wanted(handler: str, sent: dict[str, Any], runtime_id: str, level: str | None) -> dict[str, str | bool]:
    """The fields that the line of an answered request must have."""
    context, vehicle = sent["requestContext"], sent["pathParameters"]["id"]
    fields: dict[str, str | bool] = {
        "event": "vehicle.read",
        "request_id": context["requestId"],
        "resource_id": vehicle,
        "decision": "deny",
    }
    if handler == "audit.handler":
        fields["decision"] = "allow" if vehicle == "veh-1" else "deny"
        fields["source_ip"] = context["identity"]["sourceIp"]
        fields["user_agent"] = context["identity"]["userAgent"]
        fields["sub"] = context["authorizer"]["claims"]["sub"]
        fields["resource_type"] = "vehicle"
        fields["owner_sub"] = "5f0c1b7e-ann" if vehicle == "veh-1" else "83d2a9c4-bob"
    if level is not None:
        fields |= {"runtime.level": level, "runtime.request_id": runtime_id, "runtime.line|exists": True}
    return fields


@every_client
def test_lines_of_the_application_are_events(client: Client, programs: Programs, tmp_path: Path) -> None:
    chosen = ways(client, WAYS) | (ways(client, WAYS_IN_JSON) if client.log_format == "JSON" else {})
    begun = time.time()
    log: list[LogEvent] = []
    rules: list[str] = []
    for handler, level in chosen.items():
        sent = [request(len(rules) + i, vehicle) for i, vehicle in enumerate(("veh-1", "veh-2"))]
        run = client.run(handler, sent, tmp_path, programs.audit)
        assert not any(outcome.failed for outcome in run.outcomes), (handler, run)
        log += run.log
        for one, runtime_id in zip(sent, run.request_ids, strict=True):
            rules.append(rule(len(rules), wanted(handler, one, runtime_id, level)))
    file = tmp_path / "lines.yml"
    file.write_text("\n---\n".join(rules))
    found = hits(programs.replay, tmp_path, file, log)
    assert sorted(hit["rule_id"] for hit in found) == [json.loads(one)["id"] for one in rules], log
    assert len({hit["event_id"] for hit in found}) == len(rules)
    # By the second, which is all that the one of Python writes.
    times = [datetime.fromisoformat(hit["event_time"]).timestamp() for hit in found]
    assert all(int(begun) <= moment <= time.time() for moment in times)


@every_client
def test_errors_that_nobody_caught_are_seen(client: Client, programs: Programs, tmp_path: Path) -> None:
    rules = REPOSITORY / "rules"

    def seen(run: Run) -> int:
        return sum(hit["rule_id"] == UNHANDLED for hit in hits(programs.replay, tmp_path, rules, run.log))

    for handler in FAILING[client.name.split("-")[0]]:
        run = client.run(handler, [{}], tmp_path, programs.audit)
        assert run.outcomes[0].failed
        # A process that ends over it says so once more.
        assert seen(run) in (1, 2), (handler, run.log)
    run = client.run("audit.caught", [request(0, "veh-2")], tmp_path, programs.audit)
    assert not run.outcomes[0].failed
    assert "stored after all" in "".join(event.message for event in run.log)
    assert seen(run) == 0, run.log


def paragraphs(text: str) -> list[str]:
    """Blocks between empty lines, without the indentation that all lines of one have."""
    return [textwrap.dedent(one).strip("\n") for one in re.split(r"\n\s*\n", text.strip("\n"))]


def snippets() -> dict[str, list[str]]:
    """What the documents show of an application that logs, by language."""
    found: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for language, text in blocks_of(tuple(LANGUAGES)):
        if "vehicle.read" in text:
            found[language].append(text)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_documents_show_what_was_tested(language: str) -> None:
    handler = (HANDLERS / LANGUAGES[language]).read_text()
    (snippet,) = snippets()[language]
    tested = paragraphs(handler)
    at = -1
    for one in paragraphs(snippet):
        assert one in tested[at + 1 :], f"{LANGUAGES[language]} has no such lines:\n{one}"
        at = tested.index(one, at + 1)
