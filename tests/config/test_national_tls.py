"""TLS by the national suite and by ordinary ones, with real handshakes (CR-12)."""

import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from OpenSSL import SSL

from config import national_tls
from config.national_tls import NATIONAL, UnsoundFileError, front, make_context
from deploy.make_secrets import self_signed, self_signed_sm2
from tests.processes import environment_of_tests, python, wait_until

PRODUCTION = {
    "ALLOWED_HOSTS": "localhost",
    "DEMO": "0",
    "DEBUG": "0",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "PROXIES": "1",  # what the front itself must overrule
    "PYTEST_VERSION": "",  # not the settings of tests
    "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
}
ORDINARY = {
    "TLSv1.3": {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
    "TLSv1.2": {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"},
}


# --- what is served -----------------------------------------------------------------
@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Certificates and keys of both kinds, and their paths as the command takes them."""
    folder = tmp_path_factory.mktemp("tls")
    made = SimpleNamespace(folder=folder)
    for name, make in (("", self_signed), ("sm2_", self_signed_sm2)):
        for kind, text in zip(("certificate", "key"), make("localhost"), strict=True):
            file = folder / f"{name}{kind}"
            file.write_text(text)
            setattr(made, file.name, file)
    return made


def options(files):
    names = ("certificate", "key", "sm2_certificate", "sm2_key")
    return [f"--{n.replace('_', '-')}={getattr(files, n)}" for n in names]


@pytest.fixture(scope="module")
def portal(files, django_db_setup):
    """The port of the portal itself, served by the command."""
    log = files.folder / "log"
    command = ["config.national_tls", *options(files), "--port=0"]
    with python(*command, log=log, LOG_LEVEL="INFO", **PRODUCTION) as process:
        wait_until(lambda: process.poll() is not None or "https://" in log.read_text())
        assert process.poll() is None, log.read_text()
        yield int(re.search(r"https://127.0.0.1:(\d+)/", log.read_text())[1])
    assert process.returncode == 0, log.read_text()


@pytest.fixture
def echo(files):
    """The port of an application that answers with 64 times what was sent."""

    def application(environ, start_response):
        body = environ["wsgi.input"].read() * 64
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    context = make_context(*pairs(files))
    server = national_tls.make_server(("127.0.0.1", 0), application, context, threads=2)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join()


def pairs(files):
    return (files.certificate, files.key), (files.sm2_certificate, files.sm2_key)


# --- clients ------------------------------------------------------------------------
def request(path="/healthz", method="GET", body=b"", **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def national(files, port, *, suites=NATIONAL, signatures="sm2sig_sm3"):
    """A connection that offers only this, with the curve SM2, and trusts both files."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_tls13_ciphersuites(suites.encode())
    # pyOpenSSL has no names of its own for these two; a server needs none.
    lib = Binding().lib
    assert lib.SSL_CTX_set1_curves_list(context._context, b"curveSM2") == 1
    assert lib.SSL_CTX_set1_sigalgs_list(context._context, signatures.encode()) == 1
    for file in (files.certificate, files.sm2_certificate):
        context.load_verify_locations(str(file))
    context.set_verify(SSL.VERIFY_PEER)
    connection = SSL.Connection(context, socket.create_connection(("127.0.0.1", port)))
    connection.set_tlsext_host_name(b"localhost")
    connection.set_connect_state()
    return connection


def ordinary(files, port, **more):
    """A connection of Python's own `ssl`, which trusts the ordinary certificate."""
    context = ssl.create_default_context(cafile=files.certificate)
    for name, value in more.items():
        setattr(context, name, value)
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return context.wrap_socket(plain, server_hostname="localhost")


def answer(connection):
    """All that comes until the other side says that this is all."""
    parts = []
    while True:
        try:
            part = connection.recv(65536)
        except SSL.ZeroReturnError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def der(file):
    return ssl.PEM_cert_to_DER_cert(file.read_text())


# --- the two kinds ------------------------------------------------------------------
def test_a_national_client_gets_the_national_suite_curve_and_certificate(files, portal):
    with closing(national(files, portal)) as connection:
        connection.do_handshake()
        connection.sendall(request())
        certificate = connection.get_peer_certificate(as_cryptography=True)

        assert answer(connection).startswith(b"HTTP/1.1 200 OK\r\n")
        assert connection.get_protocol_version_name() == "TLSv1.3"
        assert connection.get_cipher_name() == "TLS_SM4_GCM_SM3"
        assert connection.get_group_name() == "curveSM2"
    encoding = serialization.Encoding.DER
    assert certificate.public_bytes(encoding) == der(files.sm2_certificate)
    oid = certificate.signature_algorithm_oid.dotted_string
    assert oid == "1.2.156.10197.1.501"  # SM2 with SM3


@pytest.mark.parametrize("version", ORDINARY)
def test_an_ordinary_client_gets_an_ordinary_suite_and_certificate(
    files, portal, version
):
    most = ssl.TLSVersion[version.replace(".", "_")]
    with ordinary(files, portal, maximum_version=most) as connection:
        connection.sendall(request())

        assert answer(connection).startswith(b"HTTP/1.1 200 OK\r\n")
        assert connection.version() == version
        assert connection.cipher()[0] in ORDINARY[version]
        assert connection.getpeercert(binary_form=True) == der(files.certificate)


@pytest.mark.parametrize(
    ("suites", "signatures", "suite", "file"),
    [
        (
            f"{NATIONAL}:TLS_AES_128_GCM_SHA256",
            "sm2sig_sm3:ecdsa_secp256r1_sha256",
            NATIONAL,
            "sm2_certificate",
        ),
        (
            f"TLS_AES_128_GCM_SHA256:{NATIONAL}",
            "ecdsa_secp256r1_sha256:sm2sig_sm3",
            "TLS_AES_128_GCM_SHA256",
            "certificate",
        ),
    ],
)
def test_a_client_that_knows_both_gets_what_it_names_first(
    files, echo, suites, signatures, suite, file
):
    offer = {"suites": suites, "signatures": signatures}
    with closing(national(files, echo, **offer)) as connection:
        connection.do_handshake()
        certificate = connection.get_peer_certificate(as_cryptography=True)

        assert connection.get_cipher_name() == suite
    assert certificate.public_bytes(serialization.Encoding.DER) == der(
        getattr(files, file)
    )


# --- what is refused ----------------------------------------------------------------
def hello_of_tls_1_1():
    """A ClientHello that speaks TLS 1.1 at most, which few libraries still send."""
    suites = bytes.fromhex("c009c00ac013c014002f0035")
    groups = bytes.fromhex("000a00040002001700 0b00020100".replace(" ", ""))
    body = b"\x03\x02" + bytes(range(32)) + b"\x00"
    body += len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    body += len(groups).to_bytes(2, "big") + groups
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


def test_tls_1_1_is_refused(echo):
    with socket.create_connection(("127.0.0.1", echo), 10) as client:
        client.sendall(hello_of_tls_1_1())
        told = client.recv(100)

    kind, _version, level, reason = told[0], told[1:3], told[5], told[6]
    assert (kind, level) == (21, 2)  # a fatal alert
    assert reason == 70  # protocol_version


@pytest.mark.parametrize(
    "cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-SHA"]
)
def test_an_old_cipher_is_refused(files, echo, cipher):
    context = ssl.create_default_context(cafile=files.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    with (
        socket.create_connection(("127.0.0.1", echo), 10) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)handshake failure"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_no_session_is_resumed(files, echo):
    context = ssl.create_default_context(cafile=files.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", echo), 10)
        name = {"server_hostname": "localhost"}
        with context.wrap_socket(plain, session=session, **name) as connection:
            session = connection.session
            assert not connection.session_reused
            assert not session.has_ticket


def test_plain_http_gets_a_sentence(portal):
    with socket.create_connection(("127.0.0.1", portal), 10) as client:
        client.sendall(request())
        told = client.recv(1000)

    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"only speaks HTTPS" in told


# --- as a front ---------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_rules_of_production_hold_and_nothing_forwarded_is_believed(files, portal):
    raw = request("/members/sign-in/", X_Forwarded_For="10.9.8.7")
    raw = raw.replace(b"\r\nHost", b"\r\nX_Forwarded_Proto: http\r\nHost")
    with ordinary(files, portal) as connection:
        connection.sendall(raw)
        page = answer(connection).decode()

    assert page.startswith("HTTP/1.1 200 OK\r\n")  # no way to https: it is
    assert "\r\nStrict-Transport-Security: max-age=31536000" in page
    assert re.search(r"\r\nSet-Cookie: +__Host-csrftoken=.*; Secure", page)
    assert "Cheroot" not in page
    log = (files.folder / "log").read_text()
    assert "127.0.0.1 GET /members/sign-in/ 200" in log
    assert "10.9.8.7" not in log


def test_what_a_request_says_of_proxies_is_dropped():  # AN-03
    seen = {}

    def application(environ, _start_response):
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": "192.0.2.1", "PATH_INFO": "/", "HTTP_HOST": "localhost"}
    forwarded = {f"HTTP_X_FORWARDED_{n}": "x" for n in ("FOR", "PROTO", "HOST", "NEW")}
    front(application)(environ | forwarded, None)

    assert seen == environ


@pytest.mark.parametrize("path", ["/readyz", "/readyz/", "/%72eadyz", "/metrics"])
def test_what_is_for_operators_is_not_for_strangers(files, portal, path):  # OP-03
    with ordinary(files, portal) as connection:
        connection.sendall(request(path))
        assert answer(connection).startswith(b"HTTP/1.1 404 Not Found\r\n")


def test_a_body_may_come_in_pieces_and_an_answer_may_be_taken_slowly(files, echo):
    body = bytes(range(256)) * 1024
    raw = request("/", method="POST", body=body)
    with ordinary(files, echo) as connection:
        for start in range(0, len(raw), 100_000):
            connection.sendall(raw[start : start + 100_000])
            time.sleep(0.1)
        time.sleep(0.5)  # 16 MB fill every buffer between
        head, _empty, got = answer(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got == body * 64


def test_a_client_that_says_nothing_is_let_go(files, echo, monkeypatch):
    monkeypatch.setattr(national_tls, "SECONDS", 0.3)
    silent = [socket.create_connection(("127.0.0.1", echo), 10) for _ in range(4)]
    for client in silent:
        client.sendall(b"\x16\x03\x01")  # and no more

    with ordinary(files, echo) as connection:  # both threads were held
        connection.sendall(request("/", method="POST", body=b"x"))
        assert answer(connection).endswith(b"x" * 64)
    for client in silent:
        client.close()


# --- files that are not sound -------------------------------------------------------
def test_a_missing_file_is_named(files):
    (_certificate, key), sm2 = pairs(files)
    absent = files.folder / "absent"

    for first in ((absent, key), (files.certificate, absent)):
        with pytest.raises(UnsoundFileError) as refused:
            make_context(first, sm2)
        assert str(refused.value) == (
            f"{absent} cannot be read: No such file or directory."
        )


def test_a_file_that_is_no_certificate_is_named(files):
    (_certificate, key), sm2 = pairs(files)

    with pytest.raises(UnsoundFileError, match="/key holds no certificate in PEM"):
        make_context((key, key), sm2)


def test_a_certificate_of_the_other_kind_is_named(files):
    first, sm2 = pairs(files)

    with pytest.raises(UnsoundFileError, match="/certificate must have a key of SM2"):
        make_context(first, first)
    with pytest.raises(UnsoundFileError, match="must not have a key of SM2"):
        make_context(sm2, sm2)


@pytest.mark.parametrize("format_", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_with_a_password_is_named_and_nobody_is_asked(files, tmp_path, format_):
    file = tmp_path / "encrypted"
    key = rsa.generate_private_key(65537, 2048)
    how = serialization.BestAvailableEncryption(b"secret")
    pem, kind = (
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, format_),
    )
    file.write_bytes(key.private_bytes(pem, kind, how))

    with pytest.raises(UnsoundFileError, match="must be a key without a password"):
        make_context((files.certificate, file), pairs(files)[1])


def test_a_key_that_does_not_belong_is_named(files, tmp_path):
    (certificate, key), (sm2_certificate, sm2_key) = pairs(files)
    other, other_sm2 = tmp_path / "other", tmp_path / "other_sm2"
    other.write_text(self_signed("localhost")[1])
    other_sm2.write_text(self_signed_sm2("localhost")[1])

    for wrong in (other, sm2_key, certificate):
        with pytest.raises(UnsoundFileError) as refused:
            make_context((certificate, wrong), (sm2_certificate, sm2_key))
        assert str(refused.value) == f"{wrong} is not the key of {certificate}."
    for wrong in (other_sm2, key):
        with pytest.raises(UnsoundFileError, match=f"^{wrong} is not the key of"):
            make_context((certificate, key), (sm2_certificate, wrong))


def run(*words, **given):
    """What the command ends with, in the settings of production."""
    return subprocess.run(
        [sys.executable, "-m", "config.national_tls", *words],
        env=environment_of_tests(**PRODUCTION | given),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_ends_with_one_line_and_status_2(files, echo):
    wrong_key = run(*options(files), f"--key={files.sm2_key}")
    weak = run(*options(files), DEMO="1", HTTPS="0")
    taken = run(*options(files), f"--port={echo}")

    for done in (wrong_key, weak, taken):
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
    assert wrong_key.stderr.startswith(f"{files.sm2_key} is not the key of ")
    assert weak.stderr.startswith("DEMO is on: ")
    assert "Address already in use" in taken.stderr


# --- the certificates of make_secrets -----------------------------------------------
def test_the_certificate_of_sm2_names_its_host_and_is_its_own(files):
    certificate = x509.load_pem_x509_certificate(files.sm2_certificate.read_bytes())

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert certificate.issuer == certificate.subject
    assert self_signed_sm2("localhost")[1] != files.sm2_key.read_text()
