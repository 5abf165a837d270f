"""The commands of the documents, as they are written there: taken out of the text, never retyped."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from local_aws.template import REPOSITORY

AWS_CLI = REPOSITORY / "target" / "local-aws" / "awscli" / "bin"


def section(document: str, title: str) -> str:
    """The text under a heading, up to the next heading of any kind."""
    text = (REPOSITORY / document).read_text()
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", _without_code(text), re.MULTILINE | re.DOTALL)
    assert found, f"{document} has no section `{title}`"
    return text[found.start(1) : found.end(1)]


def commands(document: str, title: str) -> list[str]:
    """The blocks of shell commands of a section."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section(document, title), re.MULTILINE | re.DOTALL)
    assert blocks, f"{document}, `{title}`: no commands"
    return blocks


def blocks_of(languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """The blocks of code in these languages, of whatever document of the repository: language and text."""
    documents = [path for depth in ("", "*/", "*/*/") for path in REPOSITORY.glob(f"{depth}*.md")]
    texts = [path.read_text() for path in documents if path.relative_to(REPOSITORY).parts[0] != "target"]
    wanted = "|".join(languages)
    return [
        found for text in texts for found in re.findall(rf"^```({wanted})\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


def _without_code(text: str) -> str:
    """The same with the `#` of comments in blocks of code hidden: they are no headings."""
    return re.sub(r"^```.*?^```", lambda block: block.group().replace("#", "."), text, flags=re.MULTILINE | re.DOTALL)


def shims(folder: Path, replay: Path) -> dict[str, str]:
    """An environment in which `replay`, and `cargo run … -p replay --`, is the program under test, and `aws` the CLI of
    today. What `cargo` is asked for else, it does.
    """
    assert (AWS_CLI / "aws").exists(), "the AWS CLI is not there: `infra/local/environment awscli` installs it"
    folder.mkdir(exist_ok=True)
    aws = folder / "aws"
    aws.write_text(f'#!/bin/sh\nexec "{AWS_CLI}/aws" "$@"\n')
    program = folder / "replay"
    program.write_text(f'#!/bin/sh\nexec "{replay}" "$@"\n')
    cargo = folder / "cargo"
    cargo.write_text(
        f"""#!/bin/sh
case "$*" in
"run --release -p replay --features aws -- "*) shift 7; exec "{replay}" "$@" ;;
"run --release -p replay -- "*) shift 5; exec "{replay}" "$@" ;;
esac
PATH="{os.environ["PATH"]}" exec cargo "$@"
"""
    )
    for made in (aws, program, cargo):
        made.chmod(0o755)
    # Nothing of whoever runs the tests: neither a region nor a profile.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"PATH": f"{folder}:{os.environ['PATH']}", "AWS_CONFIG_FILE": "none", "AWS_PAGER": ""}


def shell(text: str, environment: dict[str, str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs commands at the root of the repository, until one fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
