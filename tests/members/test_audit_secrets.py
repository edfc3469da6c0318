"""No sensitive value, password, token or key of a session lies readable in the audit log,
an event, a notification, the outbox, or a log of the process (AU-05).

The journeys of the portal are walked with known values, then every table is searched.
"""

import logging
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from members.models import AuditEntry, ImportBatch, Notification, Outbox, User
from members.services import audit, reveals
from tests import build
from tests.rosters import HEADER, csv_file, id_number, person
from tests.walk import PAGES, SEEDED, SIGNED_IN, make_world, path_of

pytestmark = pytest.mark.django_db
TYPED = {
    "身份证号": id_number(77),
    "手机号码": "13711122233",
    "家庭住址": "清溪镇桂花路七十七号",
}
WRONG = "a-password-that-is-wrong"


@pytest.fixture
def world(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield make_world()


def client_of(world, role):
    client = Client(raise_request_exception=False)
    client.force_login(world.users[role])
    return client


def every_page(world):
    """Each page and each form, as everybody, with sensitive values in what is sent."""
    sent = SEEDED | {"proposed": SEEDED["phone"], "password": build.PASSWORD}
    keys = []
    for role in SIGNED_IN:
        client = client_of(world, role)
        for name, page in PAGES.items():
            if name != "members:sign_out":
                client.get(path_of(world, name, page))
                client.post(path_of(world, name, page), sent)
        keys.append(client.session.session_key)
    return keys


def the_journeys(world):
    """What succeeds: each secret is really used. Returns those that were made."""
    member, secretary = client_of(world, "member"), client_of(world, "secretary")
    pk = world.keys["person"]
    shown = []
    for field in reveals.FIELDS:
        sent = {"field": field, "reason": "换届核对", "password": build.PASSWORD}
        for client, path in (
            (secretary, f"/members/{pk}/reveal/"),
            (member, "/members/me/reveal/"),
        ):
            answer = client.post(path, sent)
            assert SEEDED[field] in answer.content.decode()
        member.post(path, sent | {"password": WRONG})
    asked = {"field": "phone", "proposed": TYPED["手机号码"]}
    assert member.post("/members/me/corrections/add/", asked).status_code == 302
    rows = csv_file([HEADER, person(77, **TYPED)])
    upload = SimpleUploadedFile("名册.csv", rows)
    secretary.post(
        "/members/imports/add/",
        {"branch": world.users["secretary"].member.branch.code, "file": upload},
    )
    shown += [passwords_in(secretary.post(f"/members/{newcomer(world)}/account/open/"))]
    shown += token_of(secretary)
    client = Client()
    sign_in = {"username": "member", "password": build.PASSWORD}
    client.post("/members/sign-in/", sign_in | {"password": WRONG})
    client.post("/members/sign-in/", sign_in)
    return [*shown, client.session.session_key, secretary.session.session_key]


def newcomer(world):
    return build.member(branch=world.users["secretary"].member.branch).pk


def passwords_in(answer):
    (found,) = re.findall(
        r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", answer.content.decode()
    )
    return found


def token_of(client):
    sent = {
        "name": "报表",
        "scope": "read",
        "expires_on": timezone.localdate().isoformat(),
        "password": build.PASSWORD,
    }
    answer = client.post("/members/account/tokens/add/", sent)
    token = answer.context["token_text"]
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    program.get("/api/v1/members/")
    return [token, token.rpartition("_")[2]]


def everything_stored():
    """Each table as text, sessions left out: they are their keys."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "members_session":
                continue
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {quoted} t")  # noqa: S608
            found[table] = cursor.fetchone()[0] or ""
    return found


def test_nothing_readable_is_left_behind(
    world, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO)
    with django_capture_on_commit_callbacks(execute=True):
        made = the_journeys(world)
        keys = every_page(world)

    secrets = {*SEEDED.values(), *TYPED.values(), build.PASSWORD, WRONG, *made, *keys}
    stored = everything_stored() | {"the log of the process": caplog.text}
    assert None not in secrets
    assert {
        (table, secret)
        for table, text in stored.items()
        for secret in secrets
        if secret in text
    } == set()
    # The journeys were walked: there is something to search.
    assert AuditEntry.objects.filter(act=audit.Act.REVEALED, result="done").count() == 8
    assert ImportBatch.objects.filter(file_name="名册.csv").exists()
    assert User.objects.filter(must_change_password=True).exists()
    assert Notification.objects.filter(kind="revealed").exists()
    assert Outbox.objects.exists()
    assert settings.PASSWORD_HASHERS
