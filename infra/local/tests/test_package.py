"""What is given away: the function's package as it is deployed, and how infra/release packs."""

from __future__ import annotations

import filecmp
import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from local_aws.package import architecture
from local_aws.template import REPOSITORY

CAMPAIGN = os.environ.get("VEDETTE_CAMPAIGN")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("release", str(REPOSITORY / "infra" / "release"))
    spec = importlib.util.spec_from_loader("release", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_it_tells_nothing_of_the_machine_that_built_it(deployed: Path) -> None:
    program = (deployed / "bootstrap").read_bytes()
    cargo = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    for folder in (str(REPOSITORY), cargo, str(Path.home() / ".rustup")):
        assert folder.encode() not in program, folder
    # Where a panic is, it can tell all the same.
    assert b"/cargo/registry" in program
    # Names of sections. The standard library knows some, too, for backtraces.
    assert b"\0.symtab\0" not in program and b"\0.debug_info\0" not in program


def test_the_rules_lie_beside_it(deployed: Path) -> None:
    compared = filecmp.dircmp(deployed / "rules", REPOSITORY / "rules")
    assert not compared.left_only and not compared.right_only and not compared.diff_files


@pytest.mark.skipif(not CAMPAIGN, reason="builds the package once more, which takes minutes: VEDETTE_CAMPAIGN=1")
def test_built_in_another_folder_it_is_the_same_to_the_byte(deployed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns("target", "fixtures", ".git"))
    (tmp_path / "made").mkdir()
    tools = REPOSITORY / "target" / "local-aws" / "cargo-lambda" / "bin"
    # The Makefile finds its workspace by where it lies.
    subprocess.run(
        ["make", "build-Detector", f"ARTIFACTS_DIR={tmp_path / 'made'}", f"ARCHITECTURE={architecture()}"],
        cwd=copy / "infra",
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"} | {"CARGO_TARGET_DIR": str(tmp_path / "target")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert hashed(tmp_path / "made" / "bootstrap") == hashed(deployed / "bootstrap")


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def folder_of(place: Path, seconds: int, mode: int) -> Path:
    """The same content, made at another time by somebody with other habits."""
    (place / "rules").mkdir(parents=True)
    for name, text in (("bootstrap", "program"), ("rules/b.yml", "b"), ("rules/a.yml", "a")):
        path = place / name
        path.write_text(text)
        path.chmod(mode)
        os.utime(path, (seconds, seconds))
    return place


def test_the_same_content_makes_the_same_archives(release: ModuleType, tmp_path: Path) -> None:
    one, other = folder_of(tmp_path / "one", 10**9, 0o600), folder_of(tmp_path / "other" / "deep", 1_500_000_000, 0o777)
    for pack, name in ((release.zipped, "zip"), (lambda *it: release.tar(*it, "vedette"), "tar.gz")):
        files = [tmp_path / f"{folder.name}.{name}" for folder in (one, other)]
        for folder, file in zip((one, other), files, strict=True):
            pack(folder, file)
        assert hashed(files[0]) == hashed(files[1]), name
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {"bootstrap": "0o755", "rules/a.yml": "0o644", "rules/b.yml": "0o644"}
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert archive.getnames() == ["vedette/bootstrap", "vedette/rules/a.yml", "vedette/rules/b.yml"]
        assert archive.getmember("vedette/bootstrap").mode == 0o755
    sums = "".join(release.hashes(tmp_path))
    assert f"{hashed(tmp_path / 'one.zip')}  one.zip\n" in sums
