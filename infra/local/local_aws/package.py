"""Builds the programs and puts the function's package together: by cargo, or by the Makefile, as `sam build` does."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

from .template import REPOSITORY

# With the same choice as `.ci/test` makes, libraries have the same features and are not built once more.
WORKSPACE = ("--workspace", "--features", "replay/aws")
ALL = (*WORKSPACE, "--bins", "--examples", "--tests")
FUNCTION = ("-p", "detector-lambda", "--bin", "bootstrap")


def built(choice: tuple[str, ...], profile: str = "dev") -> dict[str, Path]:
    """Builds programs of the workspace and tells by name where they are."""
    command = ["cargo", "build", "--locked", "--profile", profile, *choice]
    messages = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    executables = [json.loads(line).get("executable") for line in messages.splitlines()]
    return {Path(executable).name: Path(executable) for executable in executables if executable}


def assembled(bootstrap: Path, folder: Path) -> Path:
    """A folder with the function's program and the rules, as it lies in Lambda."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        os.link(bootstrap, folder / "bootstrap")
    except OSError:
        shutil.copy2(bootstrap, folder / "bootstrap")
    shutil.copytree(REPOSITORY / "rules", folder / "rules")
    return folder


def architecture() -> str:
    """Of this machine, by the name that the Makefile has for it."""
    return {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def made(folder: Path, **environment: str) -> Path:
    """The package as `sam build` makes it, by the steps of the Makefile, for this machine's processor."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["make", "build-Detector", f"ARTIFACTS_DIR={folder}", f"ARCHITECTURE={architecture()}"],
        cwd=REPOSITORY / "infra",
        env=os.environ | environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder
