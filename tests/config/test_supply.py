"""Where packages come from and what the portal is made of (OP-04)."""

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import make_sbom

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(tmp_path):
    """A folder with one tiny package, and its hash."""
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    parts = {
        "tiny.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return tmp_path, hashlib.sha256(wheel.read_bytes()).hexdigest()


def install(folder, digest):
    """What the set-up does, from a folder instead of a registry."""
    lock = folder / "requirements.lock"
    lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--no-deps", "--no-index", "--find-links", str(folder)]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--root-user-action"]
    command += ["ignore", "--target", str(folder / "out"), "--require-hashes"]
    return subprocess.run(
        [*command, "-r", str(lock)], capture_output=True, text=True, check=False
    )


def test_a_package_with_another_hash_is_not_installed(shop):
    folder, digest = shop
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")

    refused, taken = install(folder, other), install(folder, digest)

    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    assert (folder / "out" / "tiny.py").exists()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_version_and_hashes(name):
    blocks = [
        block
        for block in (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        if block and not block.lstrip().startswith("#")
    ]

    assert [b for b in blocks if "==" not in b or "--hash=sha256:" not in b] == []
    assert "require-hashes" in (ROOT / "bin" / "portal.py").read_text()


def test_the_bill_of_materials_names_all_that_is_locked():
    bill = make_sbom.bill()
    of = {"pypi": set(), "npm": set()}
    for part in bill["components"]:
        of[part["purl"].split(":")[1].split("/")[0]].add(
            (part["name"], part["version"])
        )

    lock = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [line.split()[0].split("==") for line in lock if "==" in line[:60]]
    assert of["pypi"] == {(name, version) for name, version in pinned}
    npm = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name for name, _version in of["npm"]} == {
        place.rpartition("node_modules/")[2] for place in npm if place
    }
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == len(references)


def test_the_bill_of_materials_is_the_same_for_the_same_locks():
    assert make_sbom.bill() == make_sbom.bill()


def test_the_bill_of_materials_carries_the_hashes_of_npm():
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    package = lock["node_modules/htmx.org"]
    wanted = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()

    (part,) = [p for p in make_sbom.bill()["components"] if p["name"] == "htmx.org"]
    assert part["hashes"] == [{"alg": "SHA-512", "content": wanted}]
