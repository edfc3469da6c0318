"""Who is refused a record leaves an entry: the same whether it exists or not (AZ-03, AU-01)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from members.middleware import KEYS
from members.models import AuditEntry
from members.services import refusals
from tests import build
from tests.walk import all_routes

pytestmark = pytest.mark.django_db
NEVER = 2_000_000_000


def refused(user):
    return AuditEntry.objects.filter(by=user, act="access_refused").order_by("pk")


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def what(entry):
    """All an entry says but its number, its time and its request."""
    kept = {"_state", "id", "at", "mac", "request_id", "context"}
    columns = {k: v for k, v in vars(entry).items() if k not in kept}
    return columns | {n: v for n, v in entry.context.items() if n != "key"}


@pytest.mark.parametrize("page", ["member_detail", "member_edit", "member_reveal"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_that_is_refused_is_noted(page, method):
    user, hidden = build.secretary(of=build.branch()), build.member()
    client = client_of(user)

    for key in (hidden.pk, NEVER):
        answer = getattr(client, method)(reverse(f"members:{page}", args=[key]))
        if answer.status_code == 405:
            return

    there, absent = refused(user)
    assert what(there) == what(absent)
    assert there.context == {
        "route": f"members:{page}",
        "method": method.upper(),
        "key": str(hidden.pk),
    }
    assert absent.context["key"] == str(NEVER)
    assert (there.result, there.address) == ("refused", "127.0.0.1")
    assert (there.member, there.branch, there.subject_type) == (None, None, "")


def test_the_api_is_noted_with_the_account_of_the_token():
    user, hidden = build.secretary(of=build.branch()), build.member()
    _token, text = build.api_token(user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")

    assert client.get(f"/api/v1/members/{hidden.pk}/").status_code == 404

    entry = refused(user).get()
    assert entry.context["route"] == "api-v1:member-detail"


def test_the_administration_is_noted():
    user = build.administrator("system")

    answer = client_of(user).get(f"/admin/members/member/{NEVER}/change/")

    assert answer.status_code == 404
    assert refused(user).get().context == {
        "route": "admin:members_member_change",
        "method": "GET",
        "key": str(NEVER),
    }


@pytest.mark.parametrize(
    "path", ["/nowhere/", "/static/none.css", "/members/roll/", "/admin/nowhere/1/"]
)
def test_what_names_no_record_is_not_noted(path):
    user = build.user()

    assert client_of(user).get(path).status_code == 404

    assert not refused(user).exists()


def test_nobody_signed_out_and_nobody_who_may_is_noted(client):
    left = build.branch()
    user = build.secretary(of=left)

    assert client.get(f"/members/{NEVER}/").status_code == 302
    assert client_of(user).get(f"/members/branches/{left.pk}/").status_code == 200

    assert not AuditEntry.objects.filter(act="access_refused").exists()


def test_every_route_calls_its_record_by_a_name_that_is_known():
    # Of code tables, of the administration, and of one's own data.
    other = {"table", "url", "app_label", "kind"}
    for name, pattern in all_routes().items():
        if "schema" in name or "static" in name:
            continue
        assert set(pattern.pattern.converters) <= {*KEYS, *other}, name


def test_the_same_question_is_noted_once_in_five_minutes():
    user = build.user()
    client = client_of(user)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _each in range(3):
            client.get(f"/members/{NEVER}/")
        assert refused(user).count() == 1
        clock.shift(timedelta(minutes=5, seconds=1))
        client.get(f"/members/{NEVER}/")

    assert refused(user).count() == 2


def test_who_tries_many_numbers_fills_no_table():
    user, other = build.user(), build.user()
    for key in range(2 * refusals.MOST):
        refusals.note_refusal(user, route="r", method="GET", key=str(key))
    refusals.note_refusal(other, route="r", method="GET", key="1")

    assert refused(user).count() == refusals.MOST
    assert refused(user).last().context["and_more"] is True
    assert refused(other).count() == 1


def test_an_odd_key_is_noted_as_it_can_be():
    user = build.administrator("system")
    key = "\0\udcff" + "9" * 100

    refusals.note_refusal(user, route="r", method="GET", key=key)

    assert refused(user).get().context["key"] == "·?" + "9" * 38


def test_a_refusal_costs_few_queries(django_assert_num_queries):
    user = build.user()
    with django_assert_num_queries(4):  # what is noted; key, entry, list
        refusals.note_refusal(user, route="r", method="GET", key="1")
    with django_assert_num_queries(1):
        refusals.note_refusal(user, route="r", method="GET", key="1")
