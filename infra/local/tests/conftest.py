"""What the tests share: the local AWS, and the built programs."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_aws.local_stack import LocalAws, Wishes

Up = Callable[..., LocalAws]


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No test hangs: after five minutes it ends with the stacks of all threads."""
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Brings local AWSs up, with the package as function; takes them down after the test."""
    running: list[LocalAws] = []

    def bring_up(package: Path, wishes: Wishes | None = None) -> LocalAws:
        local = LocalAws(tmp_path / f"aws-{len(running)}", package, wishes)
        running.append(local)
        return local

    yield bring_up
    for local in running:
        local.close()


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """A package with the stub as its function."""
    package = tmp_path / "stub"
    package.mkdir()
    program = package / "bootstrap"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {Path(__file__).parent / 'stub_function.py'}\n")
    program.chmod(0o755)
    return package
