"""What the tests share: the local AWS, and the built programs."""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_aws.local_stack import LocalAws, Wishes
from local_aws.package import ALL, assembled, built, made
from local_aws.template import REPOSITORY

Up = Callable[..., LocalAws]

# The profile of the programs under test: `dist` is what is deployed, `dev` is quicker to build.
PROFILE = os.environ.get("E2E_PROFILE", "dev")
# Where they lie, when they have been built already: `cargo test` leaves them in target/debug.
PROGRAMS = os.environ.get("E2E_PROGRAMS")
# The function's package as it is deployed, where it has been made already.
PACKAGE = os.environ.get("E2E_PACKAGE")


@dataclass(frozen=True)
class Programs:
    """The programs under test, and the function's package; `audit` is the handler in Rust whose log is read."""

    bootstrap: Path
    package: Path
    replay: Path
    audit: Path


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function's package as the Makefile makes it, and nothing done to it afterwards."""
    if PACKAGE:
        return Path(PACKAGE).resolve()
    tools = REPOSITORY / "target" / "local-aws" / "cargo-lambda" / "bin"
    assert tools.exists(), "cargo-lambda is not there: `infra/local/environment cargo-lambda` installs it"
    return made(tmp_path_factory.mktemp("deployed") / "detector", PATH=f"{tools}:{os.environ['PATH']}")


@pytest.fixture(scope="session")
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    if PROGRAMS:
        bootstrap, replay, audit = (
            Path(PROGRAMS).resolve() / name for name in ("bootstrap", "replay", "examples/audit")
        )
    elif PROFILE == "dev":
        programs = built(ALL, PROFILE)
        bootstrap, replay, audit = (programs[name] for name in ("bootstrap", "replay", "audit"))
    else:
        package = request.getfixturevalue("deployed")
        audit = built(("-p", "detector-lambda", "--example", "audit"), PROFILE)["audit"]
        replay = built(("-p", "replay", "--features", "aws"), PROFILE)["replay"]
        return Programs(package / "bootstrap", package, replay, audit)
    package = assembled(bootstrap, tmp_path_factory.mktemp("package") / "detector")
    return Programs(bootstrap, package, replay, audit)


@pytest.fixture(autouse=True)
def bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test hangs: after three minutes it ends with the stacks of all threads."""
    # Building is bounded by cargo, and may take long.
    for name in {"programs", "deployed"}.intersection(request.fixturenames):
        request.getfixturevalue(name)
    faulthandler.dump_traceback_later(180, exit=True, file=sys.__stderr__)
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


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a measured number, whatever pytest does with output."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n    measured: {text}", end="", flush=True)

    return tell
