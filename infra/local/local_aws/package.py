"""Builds the programs and puts the function's package together, as `sam build` does for AWS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from .template import REPOSITORY


def built(package: str, binary: str, profile: str = "dev") -> Path:
    """Builds a program of the workspace and tells where it is."""
    command = ["cargo", "build", "--locked", "--profile", profile, "-p", package, "--bin", binary]
    messages = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    for line in messages.splitlines():
        executable = json.loads(line).get("executable")
        if executable and Path(executable).name == binary:
            return Path(executable)
    raise RuntimeError(f"cargo built no {binary}")


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
