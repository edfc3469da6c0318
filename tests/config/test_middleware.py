"""What holds for every request, whatever page it asks for."""

import pytest
from django.test import Client

from tests import build

pytestmark = pytest.mark.django_db

CODECS = ("utf-7", "unicode_escape", "hex", "rot13", "idna", "zlib", "utf-16", "x")
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800+2AA-\r\n--b--'
)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("path", ["/members/account/tokens/add/", "/api/v1/me/"])
def test_a_request_in_another_charset_is_refused(codec, path):
    """IN-10, IN-11: some of Python's codecs give lone surrogates, or no text at all."""
    client = Client(raise_request_exception=False)
    client.force_login(build.user())
    kind = f"multipart/form-data; boundary=b; charset={codec}"

    posted = client.generic("POST", path, FORM, content_type=kind)
    asked = client.get(f"{path}?q=%5Cud800", CONTENT_TYPE=kind)

    assert (posted.status_code, asked.status_code) == (400, 400)


def test_utf_8_may_be_declared():
    client = Client()
    client.force_login(build.user())
    kind = "application/x-www-form-urlencoded; charset=UTF-8"

    answer = client.generic(
        "POST", "/members/account/", b"elder_view=on", content_type=kind
    )

    assert answer.status_code == 302
