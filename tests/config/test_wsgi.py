"""What a request may declare about its text, and what becomes of it (IN-10, IN-11)."""

import pytest
from django.test import RequestFactory

from config.wsgi import application

pytestmark = pytest.mark.django_db

CODECS = ("utf-7", "unicode_escape", "hex", "rot13", "idna", "zlib", "utf-16", "x")
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n\\ud800+2AA-\r\n'
    b"--b\r\nContent-Disposition: form-data; name*=%b''%%41\r\n\r\nx\r\n--b--\r\n"
)
# With it the form is read, to find its token.
COOKIE = f"csrftoken={'a' * 32}"
SIGN_IN, API = "/members/sign-in/", "/api/v1/me/"


def status_of(method, path, body=b"", **headers):
    """The status that gunicorn would be told."""
    environ = RequestFactory().generic(method, path, body).environ | headers
    told = []
    answer = application(environ, lambda status, _headers: told.append(status))
    answer.close()
    return int(told[0].split()[0])


@pytest.mark.parametrize("codec", CODECS)
def test_no_charset_that_a_request_declares_is_a_fault(codec):
    kind = f"multipart/form-data; boundary=b; charset={codec}"
    asked = f"?q=%5Cud800+2AA-&charset={codec}"
    form = FORM % (codec.encode(),)
    posted = {"CONTENT_TYPE": kind, "HTTP_COOKIE": COOKIE}

    assert status_of("GET", SIGN_IN + asked, CONTENT_TYPE=kind) == 200
    assert status_of("POST", SIGN_IN, form, **posted) in {400, 403}
    assert status_of("GET", API + asked, CONTENT_TYPE=kind) == 401


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("header", ["CONTENT_TYPE", "HTTP_ACCEPT"])
def test_no_charset_of_a_parameter_is_a_fault(codec, header):
    declared = {header: f"text/plain; x*={codec}''%41"}

    assert status_of("GET", SIGN_IN, **declared) == 200
    assert status_of("GET", API, **declared) == 401
    assert status_of("POST", API, b"{}", **declared) in {401, 403}
