"""Input of any size and shape is bounded, and refused where it is said (IN-11, IN-12)."""

import io
import re

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.models import Branch, ImportBatch, PartyGroup
from members.roster.files import read_roster
from members.views.attachments import attachment
from tests import build
from tests.rosters import HEADER, person, xlsx

pytestmark = pytest.mark.django_db

HIDDEN = ["\0", "\x1b", "\x07", "\u202e", "\u2066", "a\x7fb"]
ADVERSARIAL = {
    "one letter": "a" * 10_000,
    "wildcards": "%_" * 5_000,
    "backslashes": "\\" * 10_000,
    "quotes": "'\"" * 5_000,
    "brackets": "((((((((((a|a)*" * 700,
    "words": "王 " * 5_000,
    "digits": "9" * 10_000,
    "wide": "Ａ" * 10_000,
    "marks": "e\u0301" * 5_000,
}
# The page, and the parameter that takes what somebody types.
SEARCHES = [
    ("/members/roll/", "q"),
    ("/members/roll/", "branch"),
    ("/members/roll/", "sort"),
    ("/members/roll/", "after"),
    ("/members/roll/", "on"),
    ("/members/branches/", "q"),
    ("/members/imports/", "after"),
    ("/members/branches/{}/appoint/?office=secretary", "q"),
    ("/members/branches/{}/access/", "account"),
]


@pytest.fixture
def left():
    return build.branch(parent=build.committee())


@pytest.fixture
def client(left):
    client = Client(raise_request_exception=False)
    client.force_login(build.secretary(of=left.parent, home=left))
    return client


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_a_long_text_never_reaches_the_database(client, left, text):
    for page, name in SEARCHES:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(page.format(left.pk), query_params={name: text})

        assert answer.status_code in {200, 302, 404}, (page, name)
        longest = max(len(query["sql"]) for query in asked.captured_queries)
        assert longest < len(text), (page, name)


INJECTIONS = [
    "'",
    '"',
    "\\",
    "' OR '1'='1",
    "') OR ('1'='1",
    "1 OR 1=1",
    "x' UNION SELECT password FROM members_user --",
    "'; DROP TABLE members_member; --",
    "' || (SELECT pg_sleep(3)) || '",
    "1; SELECT pg_sleep(3)",
    "$$;SELECT 1;$$",
    "%' AND 1=CAST((SELECT version()) AS int) AND '%'='",
    "/**/",
    "%s%s%s",
    "{0}",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_becomes_a_part_of_a_statement(client, left, text):  # IN-01
    for page, name in SEARCHES:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(page.format(left.pk), query_params={name: text})

        assert answer.status_code in {200, 302, 404}, (page, name)
        for statement in (query["sql"] for query in asked.captured_queries):
            for part in ("pg_sleep", "DROP TABLE", "UNION SELECT", "OR 1=1"):
                assert part not in outside_of_quotes(statement), (page, name)


def outside_of_quotes(statement):
    """A statement without its texts, in which a quote is doubled."""
    return re.sub(r"'(?:[^']|'')*'", "", statement)


@pytest.mark.parametrize("text", HIDDEN)
def test_characters_that_hide_are_refused_at_their_field(client, left, text):
    page = f"/members/branches/{left.pk}/"

    group = client.post(f"{page}groups/add/", {"name": f"第一{text}组"})
    edited = client.post(f"{page}edit/", {"short_name": f"青石{text}", "notes": text})

    assert "name" in group.context["form"].errors
    assert {"short_name", "notes"} <= edited.context["form"].errors.keys()
    assert not PartyGroup.objects.exists()
    assert Branch.objects.get(pk=left.pk).notes == ""


@pytest.mark.parametrize("text", [*HIDDEN[1:], "\ud800"])
def test_every_text_field_of_every_form_refuses_them(text):
    with pytest.raises(ValidationError) as refusal:
        forms.CharField().clean(f"a{text}b")

    assert [e.code for e in refusal.value.error_list] == ["forbidden_character"]
    assert forms.CharField(widget=forms.Textarea).clean("a\r\n\tb") == "a\r\n\tb"


def test_a_body_past_the_limit_is_refused_before_it_is_read(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000

    large = client.post("/members/account/", {"elder_view": "x" * 20_000})
    many = client.post("/members/account/", {f"f{n}": "1" for n in range(600)})
    file = ContentFile(b"x" * (settings.IMPORT_MAX_BYTES + 1), "a.csv")
    upload = client.post("/members/imports/add/", {"file": file})

    assert (large.status_code, many.status_code) == (400, 400)
    assert upload.status_code == 200
    assert "file" in upload.context["form"].errors
    assert not ImportBatch.objects.exists()


def test_no_more_files_than_a_form_could_have(client):
    files = {f"file{n}": io.BytesIO(b"x") for n in range(150)}

    assert client.post("/members/imports/add/", files).status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "99999-1-1", "2024-13-1"])
def test_days_out_of_any_calendar_are_refused(client, left, day):
    for path in (
        f"/members/roll/?on={day}",
        f"/members/branches/{left.pk}/?on={day}",
        f"/members/{build.member(branch=left).pk}/history/?on={day}",
    ):
        assert client.get(path).status_code in {200, 404}, path


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\u2028", "\x00", "\x0b"])
def test_no_name_breaks_a_header(ending):  # IN-12
    answer = attachment(b"", f"a{ending}Set-Cookie: x=1", "csv")

    header = answer.headers["Content-Disposition"]
    assert header.isprintable()
    assert header.startswith("attachment; ")


# --- files told by their content (UP-01) ------------------------------------------------
SOUND = xlsx([HEADER, person(1)])
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
)
FILES = {
    "picture as roster": ("roster.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 64),
    "double suffix": ("roster.csv.html", b"<html><script>alert(1)</script>"),
    "page as text": ("roster.csv", b"\n\n <!DOCTYPE html><p>"),
    "page with a mark": ("roster.csv", b"\xef\xbb\xbf<html>"),
    "svg": ("roster.svg", SVG),
    "svg as text": ("roster.csv", SVG),
    "xml as workbook": ("roster.xlsx", b"<?xml version='1.0'?><Workbook/>"),
    "gif and script": ("roster.csv", b"GIF89a/*\0*/=alert(1)//"),
    "gif of text alone": ("roster.csv", b"GIF89a=1;alert(1)"),
    "jpeg": ("roster.csv", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    "pdf and page": ("roster.csv", b"%PDF-1.4\n<script>alert(1)</script>"),
    "pdf as workbook": ("roster.xlsx", b"%PDF-1.7"),
    "rtf": ("roster.csv", b"{\\rtf1\\ansi}"),
    "old Excel": ("roster.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
    "rar": ("roster.xlsx", b"Rar!\x1a\x07\x00"),
    "gzip": ("roster.csv", b"\x1f\x8b\x08\0\0\0\0\0"),
    "program of Linux": ("roster.csv", b"\x7fELF\x02\x01\x01\0\0"),
    "program of Windows": ("roster.xlsx", b"MZ\x90\0\x03\0\0\0"),
    "class": ("roster.csv", b"\xca\xfe\xba\xbe\0\0\0\x41"),
    "database": ("roster.csv", b"SQLite format 3\0"),
    "script": ("roster.csv", b"#!/bin/sh\nrm -rf /\n"),
    "php": ("roster.csv.php", b"<?php system($_GET['c']);"),
    "empty": ("roster.csv", b""),
    "zeros": ("roster.csv", b"\0" * 4096),
    "archive": ("roster.zip", b"PK\x05\x06" + b"\0" * 18),
    "workbook behind a picture": ("roster.xlsx", b"\x89PNG\r\n\x1a\n" + SOUND),
}


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES.keys())
def test_what_is_no_roster_is_refused_whatever_it_is_called(client, name, content):
    """By the page at once or, for text without a header, by the worker."""
    lie = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    branch = Branch.objects.exclude(kind="committee").first()
    file = ContentFile(content, name)
    file.content_type = lie

    answer = client.post("/members/imports/add/", {"branch": branch.code, "file": file})

    if answer.status_code == 302:
        with pytest.raises(ValidationError):
            read_roster(content)
        assert ImportBatch.objects.get().state == "checking"
    else:
        assert "file" in answer.context["form"].errors
        assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("name", ["roster.png", "roster", "名册.csv.exe", "../../x"])
def test_a_sound_roster_is_taken_whatever_it_is_called(client, left, name):
    sent = {"branch": left.code, "file": ContentFile(SOUND, name)}

    assert client.post("/members/imports/add/", sent).status_code == 302
    assert "/" not in ImportBatch.objects.get().file_name
