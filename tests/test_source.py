"""What must not stand in the source: secrets, and weak cryptography (CR-05, CR-08)."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Shapes of secrets. Each is written so that this file does not match itself.
SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE" r" KEY-----",
    "AWS key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "npm or PyPI token": r"\b(npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{60,})",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    "our own API token": r"\bbpt_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\b",
    "key of a ring": r'"wrapped": "[A-Za-z0-9+/=]{60,}"',
    "32 bytes in base64": r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])",
    "password in a URL": r"://[^\s/:@{}<]+:(?!…)[^\s/:@{}$<]{6,}@",
}
# Hashes of packages, and what is no text.
LOCKS = {"requirements.lock", "requirements-dev.lock", "package-lock.json"}
BINARY = {".png", ".jpg", ".webp", ".woff2", ".ico", ".xlsx", ".mo", ".pdf"}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [p for p in paths if p.is_file() and p.suffix not in BINARY]


@pytest.mark.parametrize("kind", SECRETS)
def test_no_tracked_file_holds_a_secret(kind):
    shape = re.compile(SECRETS[kind])
    found = [
        f"{path.relative_to(ROOT)}: {match[0][:12]}…"
        for path in tracked()
        if path.name not in LOCKS
        for match in shape.finditer(path.read_text(errors="replace"))
    ]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN EC PRIVATE" + " KEY-----",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        '"wrapped": "' + "A" * 80 + '"',
        "amqp://me:" + "sesame1@host",
        "A" * 43 + "=",
    ],
)
def test_the_search_finds_what_it_looks_for(text):
    assert any(re.search(shape, text) for shape in SECRETS.values())


def test_the_folders_of_keys_are_known_to_git_and_docker():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    kept_out = (ROOT / ".dockerignore").read_text().splitlines()

    assert {"/var/", "/deploy/secrets/"} <= set(ignored)
    assert {"var", "deploy/secrets"} <= set(kept_out)


# CR-08: only primitives of libraries, and none of these. One of the words in a comment
# is a match too: say it otherwise.
WEAK = re.compile(
    r"\b(hashlib\.)?(md5|sha1)\(|\b(MD5|SHA1)\(|modes\.(ECB|CBC|CFB|OFB)\b"
    r"|\b(DES|TripleDES|ARC4|Blowfish)\b|^\s*(import random\b|from random import)"
    r"|uuid1\(",
    re.MULTILINE,
)
# The demonstration draws people by a seed on purpose.
DRAWS = ("config/demo/",)


def source():
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] not in {"tests"}
    ]


def test_no_weak_primitive_is_used_outside_tests():
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in source()
        if not str(path.relative_to(ROOT)).startswith(DRAWS)
        for match in WEAK.finditer(path.read_text())
    ]

    assert found == []


def test_secrets_are_compared_in_constant_time():
    """No == between a digest, a token or a MAC and something else."""
    compared = re.compile(
        r"\b\w*(digest|mac|signature|secret|token_text|_hash)\b\s*(==|!=)\s*[^=\s]"
        r"|(==|!=)\s*\w*(digest|mac|signature|secret)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in source()
        for match in compared.finditer(path.read_text())
    ]

    assert found == []
