"""The one way in which the portal speaks to another host (IN-08).

Only to hosts that the settings name, over TLS, at a public address, without following a
redirect, for 5 seconds at most and reading 1 MB at most. The address is resolved and judged
first, and then the connection goes to that very address, so that a name which resolves
differently the second time gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

SECONDS = 5
MOST_BYTES = 1024 * 1024
PORT = 443
# Addresses that lead elsewhere: IPv4 inside IPv6 by translation, relays, tunnels.
DISGUISES = [
    ipaddress.ip_network(text) for text in ("64:ff9b::/32", "2002::/16", "2001::/32")
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutsideError(Exception):
    """The other host may not be spoken to, or gave no answer that can be used. The words
    name no part of a URL but its host: the rest may be a secret."""


def check_url(url: str) -> SplitResult:
    """The parts of a URL that the portal may speak to.

    Raises OutsideError unless it is https, on port 443, without a name and password, to a
    host of settings.WEBHOOK_HOSTS. Nothing is resolved yet.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as reason:
        raise OutsideError(_("This is no URL.")) from reason
    if parts.scheme != "https" or port not in (None, PORT) or "@" in parts.netloc:
        raise OutsideError(_("Only https on its own port is spoken."))
    if host not in settings.WEBHOOK_HOSTS:
        raise OutsideError(_("This host is not among WEBHOOK_HOSTS."))
    if any(ord(sign) <= 32 or ord(sign) > 126 for sign in url):
        raise OutsideError(_("A URL holds no blanks and no signs beyond ASCII."))
    return parts


def post_json(url: str, message: dict[str, Any]) -> dict[str, Any]:
    """Send `message` and return the JSON object that is answered.

    Raises OutsideError for a host, address, status or answer that is refused, and OSError
    where the connection fails.
    """
    parts = check_url(url)
    host = str(parts.hostname)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    body = json.dumps(message).encode()
    headers = {"Content-Type": "application/json", "Connection": "close"}
    with _connected(host, public_address(host)) as connection:
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read(MOST_BYTES + 1)
        except http.client.HTTPException as reason:
            raise OutsideError(
                _("The answer is no HTTP, or came too slowly.")
            ) from reason
    if answer.status != http.client.OK:  # a redirect too
        told = _("The answer was status %(status)s.") % {"status": answer.status}
        raise OutsideError(told)
    if len(text) > MOST_BYTES:
        raise OutsideError(_("The answer is too long."))
    try:
        found = json.loads(text)
    except ValueError as reason:
        raise OutsideError(_("The answer is no JSON.")) from reason
    if not isinstance(found, dict):
        raise OutsideError(_("The answer is no JSON object."))
    return found


def public_address(host: str) -> str:
    """An address of `host`. Raises OutsideError unless all it has are public."""
    found = {
        str(entry[4][0])
        for entry in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    }
    if not found or not all(is_public(ipaddress.ip_address(text)) for text in found):
        raise OutsideError(_("This host is not at a public address."))
    return min(found, key=lambda text: ":" in text)  # IPv4 first


def is_public(address: Address) -> bool:
    """Whether an address is of the open internet and not a way back inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in DISGUISES):
            return False
    return address.is_global and not address.is_multicast


@contextmanager
def _connected(host: str, address: str) -> Iterator[http.client.HTTPSConnection]:
    """A connection to `address`, whose certificate is checked for `host`; it is cut when
    the time is over, however slowly the other side speaks."""
    with socket.create_connection((address, PORT), timeout=SECONDS) as raw:
        twin = raw.dup()  # the same connection by another handle, to cut it by
        clock = threading.Timer(SECONDS, _cut, [twin])
        clock.daemon = True
        clock.start()
        try:
            with ssl.create_default_context().wrap_socket(
                raw, server_hostname=host
            ) as wrapped:
                connection = http.client.HTTPSConnection(host, timeout=SECONDS)
                connection.sock = wrapped
                yield connection
        finally:
            clock.cancel()
            twin.close()


def _cut(twin: socket.socket) -> None:
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself
