"""Where a request comes from: what the audit log and the lock-out note of it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class Origin:
    """address: of the client, None outside a request; request_id: names it in logs."""

    address: str | None = None
    request_id: str = ""


NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin of the request", default=NOWHERE)


def client_address(request: HttpRequest) -> str | None:
    """The address of the connection, or what our own proxies say it is (AN-03).

    Each of `settings.PROXIES` proxies adds one address to X-Forwarded-For, so the client
    is that many from the end; what a stranger wrote before that is not believed.
    """
    addresses = [request.META.get("REMOTE_ADDR", "")]
    if settings.PROXIES:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        addresses.insert(0, forwarded[-settings.PROXIES :][0].strip())
    for address in addresses:
        try:
            return str(ip_address(address))
        except ValueError:
            continue
    return None
