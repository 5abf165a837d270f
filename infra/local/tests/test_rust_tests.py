"""Tests of the Rust packages that ask for an AWS: the state store over DynamoDB, `replay send` and `replay capture`."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from local_aws.local_stack import AwsServer
from local_aws.package import WORKSPACE
from local_aws.template import REPOSITORY

from .conftest import Programs

TESTS = ("dynamodb_store", "dynamodb_faults", "local_aws")


def test_those_that_ask_for_an_aws_pass_with_this_one(programs: Programs, tmp_path: Path) -> None:
    # The programs are built by now, and the tests with them.
    server = AwsServer(tmp_path)
    try:
        ran = subprocess.run(
            ["cargo", "test", "--locked", *WORKSPACE, *(f"--test={name}" for name in TESTS)],
            cwd=REPOSITORY,
            env=os.environ | {"VEDETTE_AWS_ENDPOINT": server.plain_url},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
    finally:
        server.close()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "not tested" not in ran.stdout + ran.stderr
    passed = [int(number) for number in re.findall(r"test result: ok\. (\d+) passed", ran.stdout)]
    assert len(passed) == len(TESTS) and all(passed), ran.stdout
