"""Asking a virus scanner about an upload, before anything opens it (UP-07).

`settings.UPLOAD_SCANNER` names a clamd, tcp://host:3310 or unix:///path; empty for none.
Its protocol: `zINSTREAM`, chunks with their length before them, a length of 0, one line.
"""

from __future__ import annotations

import re
import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 60
CHUNK = 64 * 1024


class ScannerDown(Exception):  # noqa: N818 - what the file waits for, no fault of it
    """The scanner is away or gives no verdict: the file must wait."""


class Infected(Exception):  # noqa: N818 - named as what was found
    """The scanner knows the file as harmful; says under what name."""


def refuse_infected(content: bytes) -> None:
    """Raise Infected for what the scanner knows as harmful.

    Raises ScannerDown where one is configured and does not answer.
    """
    if not settings.UPLOAD_SCANNER:
        return
    try:
        verdict = _ask(content)
    except (OSError, ValueError) as reason:
        raise ScannerDown(str(reason)) from reason
    if verdict.endswith(" FOUND"):
        raise Infected(_name_of(verdict))
    if not verdict.endswith(" OK"):
        raise ScannerDown(verdict)


def _name_of(verdict: str) -> str:
    """What "stream: Eicar-Signature FOUND" calls it, as one short printable word."""
    name = verdict.removesuffix(" FOUND").rpartition(": ")[2]
    return re.sub(r"[^\w.:()/-]+", "?", name)[:100]


def _ask(content: bytes) -> str:
    with _connect() as scanner:
        scanner.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            chunk = content[start : start + CHUNK]
            scanner.sendall(struct.pack("!I", len(chunk)) + chunk)
        scanner.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and (more := scanner.recv(4096)):
            answer += more
    return answer.rstrip(b"\0").decode("ascii", "replace").strip()


def _connect() -> socket.socket:
    place = urlsplit(settings.UPLOAD_SCANNER)
    if place.scheme == "tcp" and place.hostname and place.port:
        return socket.create_connection((place.hostname, place.port), SECONDS)
    if place.scheme != "unix" or not place.path:
        raise ValueError("UPLOAD_SCANNER is neither tcp://host:port nor unix:///path")
    scanner = socket.socket(socket.AF_UNIX)
    scanner.settimeout(SECONDS)
    try:
        scanner.connect(place.path)
    except OSError:
        scanner.close()
        raise
    return scanner
