"""Print what the portal is made of: a bill of materials in CycloneDX 1.6 (OP-04).

    python deploy/make_sbom.py > sbom.json

It is read from the lock files, so the same locks give the same text.
"""

import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *([^\\]+?))? *\\?$", re.M)


def main() -> None:
    json.dump(bill(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def bill() -> dict:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = (ROOT / "requirements.lock").read_text()
    node = json.loads((ROOT / "package-lock.json").read_text())
    components = [*python_packages(python), *node_packages(node)]
    named = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{named}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "portal",
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
    }


def python_packages(lock: str) -> Iterator[dict]:
    """The packages of requirements.lock, each with the condition it is installed on."""
    for name, version, condition in PINNED.findall(lock):
        found = component("pypi", name, version)
        if condition:
            found["properties"] = [{"name": "portal:marker", "value": condition}]
        yield found


def node_packages(lock: dict) -> Iterator[dict]:
    """The packages of package-lock.json: they build the assets, some are part of them."""
    seen = set()
    for place, package in lock["packages"].items():
        name = place.rpartition("node_modules/")[2]
        if not name or (name, package["version"]) in seen:
            continue
        seen.add((name, package["version"]))
        found = component("npm", name, package["version"])
        algorithm, _dash, digest = package.get("integrity", "").partition("-")
        if algorithm == "sha512":
            content = base64.b64decode(digest).hex()
            found["hashes"] = [{"alg": "SHA-512", "content": content}]
        yield found


def component(kind: str, name: str, version: str) -> dict:
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version)}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }


if __name__ == "__main__":
    main()
