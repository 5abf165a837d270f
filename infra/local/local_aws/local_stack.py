"""All of the local AWS in one: the stand-in's process, the template's resources, the function, its event source and
schedule, and a queue with the alerts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from . import template
from .alerts import AlertQueue
from .aws_server import CONTROL_PATH, METRICS_PATH
from .capacity import CAPACITY_PATH, Limits
from .cloudwatch import Clock, Metric, Metrics
from .destination import BucketDestination
from .event_source import EventSource, MappingMetrics, MappingSettings
from .faults import Fault
from .function import Function
from .function_settings import CREDENTIALS, REGION, FunctionSettings
from .resources import Stack
from .schedule import Schedule

START_SECONDS_MAX = 60.0


@dataclass
class Wishes:
    """What a test or a person wants other than the template's defaults."""

    parameters: dict[str, str] = field(default_factory=dict)
    log_groups: list[str] = field(default_factory=list)
    # Changes to the event source and to the function's variables.
    mapping: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float | None = None
    # What DynamoDB takes within a second; `None` for a table that takes everything at once.
    limits: Limits | None = field(default_factory=Limits)


class AwsServer:
    """The process with moto. It ends with us, because it ends with its standard input."""

    def __init__(self, folder: Path) -> None:
        ports_file = folder / "ports.json"
        ports_file.unlink(missing_ok=True)
        with (folder / "aws.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local_aws.aws_server", str(ports_file)],
                cwd=Path(__file__).resolve().parents[1],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_SECONDS_MAX
        while not ports_file.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.close()
                raise RuntimeError(f"the stand-in did not start: see {folder / 'aws.log'}")
            time.sleep(0.05)
        ports = json.loads(ports_file.read_text())
        self.plain_url = f"http://127.0.0.1:{ports['plain']}"
        self.faulty_url = f"http://127.0.0.1:{ports['faulty']}"

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.plain_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(max_pool_connections=50, retries={"max_attempts": 3}),
        )

    def control(self, method: str, body: dict[str, Any] | None = None, path: str = CONTROL_PATH) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.plain_url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _number(text: Any) -> int | None:
    return None if text is None else int(text)


class LocalAws:
    """Up when it has been made; `close` takes it down."""

    def __init__(self, folder: Path, package: Path, wishes: Wishes | None = None) -> None:
        wishes = wishes or Wishes()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.server = AwsServer(folder)
        try:
            self._build(package, wishes)
        except BaseException:
            self.server.close()
            raise

    def _build(self, package: Path, wishes: Wishes) -> None:
        self.set_limits(wishes.limits)
        self.clock = Clock()
        self.metrics = Metrics(self.clock)
        self.log_read = 0
        client = self.server.client
        for name in wishes.log_groups:
            client("logs").create_log_group(logGroupName=name)
        parameters = {
            "AWS::StackName": "vedette",
            "LogGroupNames": ",".join(wishes.log_groups),
        }
        self.stack = Stack(template.translated(), parameters | wishes.parameters, client)
        self.stack.create()
        self.stack.publish_outputs()
        self.queue = AlertQueue(client("sqs"), client("sns"), self.stack.ref("AlertTopic"), "alerts")
        declared = self.stack.properties("Detector")
        settings = FunctionSettings(
            name=declared["FunctionName"],
            arn=self.stack.attribute("Detector", "Arn"),
            package=package,
            endpoint_url=self.server.faulty_url,
            variables=declared["Environment"]["Variables"] | wishes.variables,
            memory_mb=declared["MemorySize"],
            timeout_seconds=wishes.timeout_seconds or declared["Timeout"],
            concurrency_max=_number(declared.get("ReservedConcurrentExecutions")),
        )
        self.function = Function(settings, self.folder / "function.log", self.metrics)
        mapping = self.stack.properties("DetectorRecords")
        stream_arn = mapping["EventSourceArn"]
        self.destination = BucketDestination(
            client("s3"), mapping["DestinationConfig"]["OnFailure"]["Destination"], settings.arn, stream_arn
        )
        self.source = EventSource(
            client("kinesis"),
            MappingSettings.of(mapping, **wishes.mapping),
            self.function.invoke,
            self.destination,
            MappingMetrics(self.metrics, settings.name, self.stack.ref("DetectorRecords")),
        )
        rule = self.stack.properties("DetectorSweep")
        self.schedule = Schedule(
            self.stack.attribute("DetectorSweep", "Arn"),
            rule["ScheduleExpression"],
            self.function.invoke,
            self.metrics.emitter("AWS/Events", RuleName=self.stack.ref("DetectorSweep")),
        )

    def client(self, service: str) -> Any:
        return self.server.client(service)

    @property
    def stream(self) -> str:
        return self.stack.ref("Stream")

    @property
    def bucket(self) -> str:
        return self.stack.ref("QuarantineBucket")

    def set_faults(self, seed: int, faults: list[Fault]) -> None:
        self.server.control("PUT", {"seed": seed, "faults": [asdict(fault) for fault in faults]})

    def told(self) -> dict[str, Any]:
        """Calls of the function by operation, and the faults that struck."""
        return self.server.control("GET")

    def set_limits(self, limits: Limits | None) -> None:
        self.server.control("PUT", {"limits": limits and asdict(limits)}, CAPACITY_PATH)

    def capacity(self) -> dict[str, Any]:
        """What was used of DynamoDB's capacity, as `Capacity.report` has it."""
        return self.server.control("GET", path=CAPACITY_PATH)

    def gather_metrics(self) -> Metrics:
        """All that was emitted so far: by our own parts, by the services, and in the function's log."""
        for told in self.server.control("GET", path=METRICS_PATH)["values"]:
            metric = Metric.of(told["namespace"], told["name"], told["dimensions"])
            self.metrics.add(metric, told["value"], told["at"] + self.clock.ahead_seconds)
        if self.function.log.exists():
            with self.function.log.open("rb") as log:
                log.seek(self.log_read)
                # The last line may be under way.
                text = log.read()
                whole = text[: text.rfind(b"\n") + 1]
            self.log_read += len(whole)
            self.metrics.add_log(whole.decode("utf-8", "replace").splitlines())
        return self.metrics

    def put_forward(self, seconds: float) -> None:
        """Lets time pass: for ages of records, and for what is emitted from now on."""
        self.gather_metrics()
        self.clock.ahead_seconds += seconds
        self.server.control("PUT", {"ahead_seconds": self.clock.ahead_seconds}, METRICS_PATH)

    def close(self) -> None:
        self.schedule.stop()
        self.source.stopping.set()
        self.function.close()
        self.source.stop()
        self.server.close()
