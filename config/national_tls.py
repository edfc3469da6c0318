"""The portal over TLS of both kinds on one port: RFC 8998 beside the ordinary (CR-12).

    python -m config.national_tls --certificate … --key … --sm2-certificate … --sm2-key …

A client that offers TLS_SM4_GCM_SM3 and sm2sig_sm3 before others gets them, with the SM2
certificate; any other gets AES or ChaCha20 and the ordinary one. The order is the
client's. Needs an OpenSSL of version 4, which the wheels of `cryptography` carry.

It is a front of its own, with no proxy before it: what a request says of proxies is
dropped. A file or a setting that is not sound ends it with one line and status 2.
docs/hardening.md says when to take nginx instead.
"""

import argparse
import logging
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from cheroot import errors, wsgi
from cheroot.makefile import MakeFile
from cheroot.ssl.pyopenssl import pyOpenSSLAdapter
from cryptography import x509
from django.core.exceptions import ImproperlyConfigured
from OpenSSL import SSL

NATIONAL = "TLS_SM4_GCM_SM3"
SUITES = f"{NATIONAL}:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
# TLS 1.2: as in deploy/nginx, with forward secrecy.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
# The object identifier 1.2.156.10197.1.301 as it stands in the key of a certificate.
SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")

SECONDS = 10  # for how long a client may be silent
LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 33 * 1024 * 1024  # as in deploy/nginx
INSIDE = {"/readyz", "/metrics"}  # for the machines inside, not for strangers

logger = logging.getLogger("config.national_tls")


class UnsoundFileError(Exception):
    """A file that cannot be served with; the message says which and why."""


def main() -> None:
    given = options().parse_args()
    # Read when the settings are, below: the rules of production, and no proxies.
    os.environ |= {"HTTPS": "1", "PROXIES": "0"}
    try:
        context = make_context(
            (given.certificate, given.key), (given.sm2_certificate, given.sm2_key)
        )
        from config.wsgi import application  # noqa: PLC0415  after the lines above

        address = given.host, given.port
        server = make_server(address, application, context, threads=given.threads)
        server.prepare()
    except (UnsoundFileError, ImproperlyConfigured, OSError) as error:
        options().exit(2, f"{error}\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host, port = server.bind_addr[:2]
    sys.stdout.write(f"The portal is at https://{host}:{port}/\n")
    sys.stdout.flush()
    try:
        server.serve()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        server.stop()


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m config.national_tls")
    for name in ("certificate", "key", "sm2-certificate", "sm2-key"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="a PEM file")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=8443, help="0 for any free one")
    parser.add_argument("--threads", type=int, default=16)
    return parser


# --- certificates -----------------------------------------------------------------
def make_context(ordinary: tuple[Path, Path], national: tuple[Path, Path]):
    """What is spoken, with both certificates. Each pair is certificate and key.

    Raises UnsoundFileError.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS.encode())
    context.set_tls13_ciphersuites(SUITES.encode())
    # Nothing is resumed: an old key would outlive its session (forward secrecy).
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    use(context, *ordinary, sm2=False)
    use(context, *national, sm2=True)
    if NATIONAL not in SSL.Connection(context).get_cipher_list():
        version = SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()
        raise UnsoundFileError(
            f"{version} does not know {NATIONAL}: it takes OpenSSL 4."
        )
    return context


def use(context, certificate: Path, key: Path, *, sm2: bool) -> None:
    """Serve with this pair too. OpenSSL keeps one pair for each kind of key."""
    for file in (certificate, key):
        try:
            text = file.read_bytes()
        except OSError as error:
            raise UnsoundFileError(
                f"{file} cannot be read: {error.strerror}."
            ) from None
        if file == certificate:
            check_kind(file, text, sm2=sm2)
        if b"ENCRYPTED" in text:  # OpenSSL would ask at the terminal
            raise UnsoundFileError(f"{file} must be a key without a password.")
    # First on its own: beside another pair, the key of that one would seem to be right.
    try:
        for each in (SSL.Context(SSL.TLS_SERVER_METHOD), context):
            each.use_certificate_chain_file(str(certificate))
            each.use_privatekey_file(str(key))
            each.check_privatekey()
    except SSL.Error:
        raise UnsoundFileError(f"{key} is not the key of {certificate}.") from None


def check_kind(file: Path, text: bytes, *, sm2: bool) -> None:
    """Two pairs of one kind would replace one another without a word."""
    try:
        certificate = x509.load_pem_x509_certificate(text)
    except ValueError:
        raise UnsoundFileError(f"{file} holds no certificate in PEM.") from None
    if (SM2_CURVE in certificate.tbs_certificate_bytes) != sm2:
        wanted = "must have a key of SM2" if sm2 else "must not have a key of SM2"
        raise UnsoundFileError(f"The certificate in {file} {wanted}.")


# --- serving ----------------------------------------------------------------------
def make_server(address: tuple[str, int], application, context, *, threads: int):
    server = wsgi.Server(address, front(application), threads, server_name="portal")
    server.timeout = SECONDS
    server.max_request_header_size = LARGEST_HEAD
    server.max_request_body_size = LARGEST_BODY
    server.request_queue_size = 128
    server.error_log = log_error
    server.ssl_adapter = Adapter(None, None)
    server.ssl_adapter.context = context
    return server


def front(application):
    """`application` as a stranger may meet it: what nginx does in other places."""

    def answer(environ, start_response):
        for name in [n for n in environ if n.startswith("HTTP_X_FORWARDED_")]:
            del environ[name]  # AN-03: no proxy of ours has set it
        address, path = environ["REMOTE_ADDR"], environ["PATH_INFO"]

        def start(status, *more):
            # A path without its query: what somebody searched for is in no log.
            method = environ["REQUEST_METHOD"]
            logger.info("%s %s %s %s", address, method, path, status[:3])
            return start_response(status, *more)

        if path.rstrip("/") in INSIDE:
            start("404 Not Found", [("Content-Length", "0")])
            return []
        return application(environ, start)

    return answer


def log_error(message="", level=logging.INFO, traceback=False):
    logger.log(level, "%s", message, exc_info=traceback)


class Adapter(pyOpenSSLAdapter):
    def wrap(self, sock):
        return Stream(sock), self.get_environ()

    def makefile(self, sock, mode="r", bufsize=-1):
        return MakeFile(sock, mode, bufsize)


class Stream:
    """A connection that waits for a slow client, as a socket with a timeout does.

    pyOpenSSL gives up where it would wait. Cheroot tries again at a line, and takes it for
    a fault in a body that comes in pieces or an answer that is taken slowly.
    """

    def __init__(self, connection: SSL.Connection):
        self.connection = connection

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def recv_into(self, buffer):
        try:
            return self.when_ready(self.connection.recv_into, buffer)
        except (SSL.ZeroReturnError, ConnectionError):
            return 0

    def send(self, data):
        return self.when_ready(self.connection.send, data)

    def when_ready(self, call, argument):
        end = time.monotonic() + SECONDS
        while True:
            try:
                return call(argument)
            except SSL.WantReadError:
                event = select.POLLIN
            except SSL.WantWriteError:
                event = select.POLLOUT
            except SSL.ZeroReturnError:
                raise
            except SSL.SysCallError as error:
                raise ConnectionResetError(*error.args) from error
            except SSL.Error as error:
                if "http request" in str(error):
                    raise errors.NoSSLError from error
                raise errors.FatalSSLAlert(*error.args) from error
            waiting = select.poll()
            waiting.register(self.connection.fileno(), event)
            if not waiting.poll(max(0, end - time.monotonic()) * 1000):
                raise TimeoutError("timed out")  # the word that Cheroot looks for

    def sock_shutdown(self, how):
        with suppress(SSL.Error):
            self.connection.shutdown()  # says that nothing was cut off
        self.connection.sock_shutdown(how)


if __name__ == "__main__":
    main()
