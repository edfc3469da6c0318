"""The portal speaks only to named hosts at public addresses (IN-08).

A socket listens on loopback, at the port the portal connects to, and counts who comes.
"""

import ipaddress
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest

from deploy.make_secrets import self_signed
from members import outside

HOST = "robots.example"
PUBLIC = "93.184.216.34"


class Listener:
    """A server on loopback; `came` counts connections, `asked` holds the requests."""

    def __init__(self, family, address, answer, certificate=None, drip=0.0):
        self.socket = socket.create_server((address, 0), family=family)
        self.port = self.socket.getsockname()[1]
        self.answer, self.certificate, self.drip = answer, certificate, drip
        self.came, self.asked = 0, []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _address = self.socket.accept()
            except OSError:
                return
            self.came += 1
            with client:
                try:
                    self.talk(client)
                except OSError:
                    continue

    def talk(self, client):
        client.settimeout(10)
        if not self.certificate:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        context.sni_callback = lambda _s, name, _c: self.asked.append(name)
        with context.wrap_socket(client, server_side=True) as spoken:
            request = b""
            while not request.endswith(b"}"):
                request += spoken.recv(65536)
            self.asked.append(request)
            step = 1 if self.drip else len(self.answer)
            for place in range(0, len(self.answer), step):
                spoken.sendall(self.answer[place : place + step])
                time.sleep(self.drip)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


def http(body, status="200 OK", **headers):
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body


@contextmanager
def listening(monkeypatch, answer=b"", *, address="127.0.0.1", **options):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = Listener(family, address, answer, **options)
    monkeypatch.setattr(outside, "PORT", listener.port)
    try:
        yield listener
    finally:
        listener.close()


# --- what is refused: nobody is connected to ----------------------------------------------
@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
        ("169.254.169.254", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104  a name of this machine
        ("localhost", "127.0.0.1"),
    ],
)
def test_no_way_leads_inside(monkeypatch, settings, host, address):
    """Even where somebody put the name on the list."""
    with listening(monkeypatch, address=address) as listener:
        for hosts in ([], [host.strip("[]")]):
            settings.WEBHOOK_HOSTS = hosts
            with pytest.raises(outside.OutsideError):
                outside.post_json(f"https://{host}:{listener.port}/hook", {})
            with pytest.raises(outside.OutsideError):
                outside.post_json(f"https://{host}/hook", {})
        time.sleep(0.05)

    assert listener.came == 0


def resolving(monkeypatch, *answers):
    """The name leads to these addresses, one list for each time it is asked."""
    left = list(answers)

    def getaddrinfo(host, port, *args, **kwargs):
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["10.1.2.3"], ["::1"], []],
)
def test_a_named_host_at_an_inner_address_is_refused(monkeypatch, settings, found):
    """As localtest.me is; one inner address among public ones is enough."""
    settings.WEBHOOK_HOSTS = [HOST]
    resolving(monkeypatch, found)
    with listening(monkeypatch) as listener:
        with pytest.raises(outside.OutsideError):
            outside.post_json(f"https://{HOST}/", {})
        time.sleep(0.05)

    assert listener.came == 0


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/",
        f"https://{HOST}:8443/",
        f"https://user@{HOST}/",
        f"https://{HOST}@127.0.0.1/",
        f"https://{HOST}.evil.example/",
        "https://evil.example/",
        f"//{HOST}/",
        f"https://{HOST}/a b",
        f"https://{HOST}/\r\nX: y",
        "https://[::1/",
        f"https://{HOST}:x/",
        "",
    ],
)
def test_only_https_to_a_named_host_is_a_url_to_speak_to(settings, url):
    settings.WEBHOOK_HOSTS = [HOST]
    with pytest.raises(outside.OutsideError):
        outside.check_url(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("100.64.0.1", False),
        ("172.16.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert outside.is_public(ipaddress.ip_address(address)) is public


# --- what is spoken -----------------------------------------------------------------------
@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """Of our host, trusted in this test."""
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    for path, text in zip(paths, self_signed(HOST), strict=True):
        path.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(paths[0]))
    return paths


@pytest.fixture
def public(monkeypatch, settings):
    """Our host is at a public address, which a listener on loopback stands for; what was
    connected to is noted."""
    settings.WEBHOOK_HOSTS = [HOST]
    # The second time it is asked, the name leads inside: that must not matter.
    resolving(monkeypatch, [PUBLIC], ["10.0.0.1"])
    connected = []

    def create_connection(target, timeout):
        connected.append(target[0])
        made = socket.socket()
        made.settimeout(timeout)
        made.connect(("127.0.0.1", target[1]))
        return made

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return connected


def test_a_message_reaches_the_address_that_was_judged(
    monkeypatch, certificate, public
):
    """With the name in SNI and Host, and resolved once (no rebinding)."""
    answer = http(b'{"errcode": 0}')
    with listening(monkeypatch, answer, certificate=certificate) as listener:
        found = outside.post_json(f"https://{HOST}/hook?key=1", {"text": "你好"})

    assert found == {"errcode": 0}
    assert public == [PUBLIC]
    name, request = listener.asked
    head, _blank, body = request.partition(b"\r\n\r\n")
    assert name == HOST
    assert head.startswith(b"POST /hook?key=1 HTTP/1.1\r\nHost: robots.example")
    assert json.loads(body) == {"text": "你好"}


@pytest.mark.parametrize(
    "answer",
    [
        http(b"{}", "302 Found", Location="https://127.0.0.1/"),
        http(b"{}", "307 Temporary Redirect", Location=f"https://{HOST}/"),
        http(b"{}", "500 Internal Server Error"),
        http(b"not json"),
        http(b"[]"),
        http(b'"' + b"a" * outside.MOST_BYTES + b'"'),
        b"SSH-2.0-x\r\n",
    ],
    ids=["inside", "same host", "error", "text", "list", "long", "other"],
)
def test_an_answer_that_leads_elsewhere_or_is_none_is_refused(
    monkeypatch, certificate, public, answer
):
    with listening(monkeypatch, answer, certificate=certificate) as listener:
        with pytest.raises(outside.OutsideError):
            outside.post_json(f"https://{HOST}/hook", {})
        time.sleep(0.05)

    assert listener.came == 1  # no redirect was followed


def test_a_certificate_of_another_is_refused(
    monkeypatch, certificate, public, settings
):
    settings.WEBHOOK_HOSTS = ["other.example"]
    with (
        listening(monkeypatch, http(b"{}"), certificate=certificate) as listener,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        outside.post_json("https://other.example/hook", {})

    assert not any(isinstance(asked, bytes) for asked in listener.asked)


def test_a_slow_answer_is_cut_when_the_time_is_over(monkeypatch, certificate, public):
    """Each byte comes in time; the whole does not."""
    monkeypatch.setattr(outside, "SECONDS", 0.7)
    began = time.monotonic()
    answer = http(b'{"errcode": 0}')
    with listening(monkeypatch, answer, certificate=certificate, drip=0.1):
        with pytest.raises((outside.OutsideError, OSError)):
            outside.post_json(f"https://{HOST}/hook", {})

        assert time.monotonic() - began < 3
