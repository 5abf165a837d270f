"""What `sam build` runs. The program itself is built by these steps for the tests of the package (test_package.py),
which takes minutes; here a small one takes its place, under the same settings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

from local_aws.package import architecture
from local_aws.template import REPOSITORY


def run_make(folder: Path, cargo: str, *settings: str) -> Path:
    """The Makefile with another `cargo`; gives the folder that it fills."""
    program = folder / "cargo"
    program.write_text(f"#!/bin/sh\n{cargo}")
    program.chmod(0o755)
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    subprocess.run(
        ["make", "build-Detector", f"ARTIFACTS_DIR={artifacts}", *settings],
        cwd=REPOSITORY / "infra",
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "RUSTFLAGS": ""},
        capture_output=True,
        timeout=170,
        check=True,
    )
    return artifacts


def test_the_package_is_built_for_lambdas_processors(tmp_path: Path) -> None:
    """With a cargo that tells how it was called in the place of the real one."""
    told = tmp_path / "told"
    tells = f"""
echo "$*" >{told}
echo "$RUSTFLAGS" >>{told}
while [ $# -gt 0 ]; do [ "$1" != --lambda-dir ] || folder="$2"; shift; done
echo program >"$folder/bootstrap"
"""
    artifacts = run_make(tmp_path, tells)
    arguments, flags = told.read_text().splitlines()
    assert (
        "--profile dist" in arguments
        and "--arm64" in arguments
        and "--locked" in arguments
        and "-p detector-lambda" in arguments
    )
    # An empty value would leave the workspace's `native` in force.
    assert "-Ctarget-cpu=neoverse-n1" in flags.split()
    assert f"--remap-path-prefix={REPOSITORY}=/vedette" in flags.split()
    assert (artifacts / "bootstrap").read_text() == "program\n"
    rules = [path.relative_to(REPOSITORY) for path in (REPOSITORY / "rules").rglob("*.y*ml")]
    assert rules and all((artifacts / path).exists() for path in rules)


def test_the_program_is_stripped_of_its_symbols(tmp_path: Path) -> None:
    """A program with the name, and thereby the profile, of the function's: of a package that has a profile of its own,
    cargo leaves out what the profile says of stripping."""
    settings = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["profile"]["dist"]
    own = settings["package"]["detector-lambda"]
    assert own, "the package has no profile of its own any more: this test may go"
    small = tmp_path / "small"
    (small / "src").mkdir(parents=True)
    (small / "src" / "main.rs").write_text('fn main() { println!("{:?}", std::env::args()); }\n')
    (small / "Cargo.toml").write_text(
        "[package]\nname = 'detector-lambda'\nversion = '0.0.0'\nedition = '2024'\n[workspace]\n"
        "[[bin]]\nname = 'bootstrap'\npath = 'src/main.rs'\n"
        f"[profile.dist]\ninherits = 'release'\nlto = '{settings['lto']}'\nstrip = '{settings['strip']}'\n"
        f"[profile.dist.package.detector-lambda]\nopt-level = '{own['opt-level']}'\n"
    )
    cargo = shutil.which("cargo")
    builds = f"""
while [ $# -gt 0 ]; do [ "$1" != --lambda-dir ] || folder="$2"; shift; done
CARGO_TARGET_DIR={small}/target {cargo} build --profile dist --quiet --manifest-path {small}/Cargo.toml
cp {small}/target/dist/bootstrap "$folder/bootstrap"
"""
    artifacts = run_make(tmp_path, builds, f"ARCHITECTURE={architecture()}")
    program = (artifacts / "bootstrap").read_bytes()
    # The name of the section that holds the symbols.
    assert b".symtab" not in program
    assert len(program) < 1_000_000
