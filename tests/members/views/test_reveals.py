"""The pages on which a sensitive field is read in full (CR-11)."""

import pytest
from rest_framework.test import APIClient

from members.models import AuditEntry, Notification
from members.services import reveals
from tests import build

pytestmark = pytest.mark.django_db
PHONE = "13955512345"
ME = "/members/me/reveal/"
SENT = {"field": "phone", "reason": "换届核对"}


@pytest.fixture
def left():
    return build.tree()[1]


@pytest.fixture
def person(left):
    return build.member("薛丽华", branch=left, phone=PHONE)


@pytest.fixture
def secretary(left):
    return build.secretary(of=left)


def page_of(person):
    return f"/members/{person.pk}/reveal/"


def text(answer):
    return answer.content.decode()


def test_the_record_leads_to_it_for_those_who_may(client, person, secretary):
    link = f"{page_of(person)}?field=phone"
    client.force_login(secretary)
    answer = text(client.get(f"/members/{person.pk}/"))
    assert link in answer
    assert "field=landline" not in answer  # there is none

    client.force_login(build.officer("publicity_officer", of=person.branch))
    assert link not in text(client.get(f"/members/{person.pk}/"))


def test_the_value_is_in_the_answer_to_a_post_alone(client, person, secretary):
    client.force_login(secretary)

    asked = client.get(page_of(person), {"field": "phone"})
    shown = client.post(page_of(person), SENT)

    assert PHONE not in text(asked)
    assert "139****2345" in text(asked)
    assert PHONE in text(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    assert PHONE not in text(client.get(f"/members/{person.pk}/"))
    assert AuditEntry.objects.get(act="revealed").reason == "换届核对"


def test_without_a_field_the_page_offers_the_fields(client, person, secretary):
    client.force_login(secretary)

    for address in (page_of(person), f"{page_of(person)}?field=name"):
        answer = text(client.get(address))
        for field in reveals.FIELDS:
            assert f"{page_of(person)}?field={field}" in answer


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "核对"}, "reason"),
        ({"reason": "核" * 201}, "reason"),
        ({"reason": "换届\0核对"}, "reason"),
        ({"field": "name"}, "field"),
        ({"field": "landline"}, "field"),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(
    client, person, secretary, sent, field
):
    client.force_login(secretary)

    answer = client.post(page_of(person), SENT | sent)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert PHONE not in text(answer)
    assert not AuditEntry.objects.filter(act="revealed").exists()


def test_past_the_limit_the_page_says_when_to_go_on(
    client, person, secretary, settings
):
    settings.REVEALS_PER_HOUR = 1
    client.force_login(secretary)
    client.post(page_of(person), SENT)

    answer = client.post(page_of(person), SENT)

    assert answer.status_code == 429
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3600
    assert PHONE not in text(answer)
    assert AuditEntry.objects.filter(act="revealed", result="refused").count() == 1


def test_the_form_costs_few_queries(
    client, person, secretary, django_assert_num_queries
):
    client.force_login(secretary)
    client.get(page_of(person))
    with django_assert_num_queries(4):
        client.get(page_of(person), {"field": "phone"})


# --- one's own ----------------------------------------------------------------------------
def test_the_own_record_is_read_by_password(client, person):
    client.force_login(build.user(member=person))

    asked = client.get(ME, {"field": "phone"})
    wrong = client.post(ME, {"field": "phone", "password": "wrong"})
    shown = client.post(ME, {"field": "phone", "password": build.PASSWORD})

    assert PHONE not in text(asked) + text(wrong)
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (
        422,
        ["password"],
    )
    assert PHONE in text(shown)
    assert "no-store" in shown.headers["Cache-Control"]


def test_the_own_record_tells_who_looked(client, person, secretary):
    user = build.user(member=person)
    client.force_login(user)
    assert "looker" not in text(client.get("/members/me/"))
    assert client.get("/members/me/").context["lookers"] == []

    reveals.reveal(person, "phone", by=secretary, reason="走访慰问困难党员")
    page = text(client.get("/members/me/"))

    for told in (secretary.member.name, "走访慰问困难党员", "书记"):
        assert told in page
    assert PHONE not in page
    inbox = text(client.get("/members/inbox/"))
    assert secretary.member.name in inbox
    assert Notification.objects.filter(user=user, kind="revealed").count() == 1


def test_many_who_looked_cost_no_more_queries(
    client, person, secretary, django_assert_num_queries
):
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client.force_login(build.user(member=person))
    reveals.reveal(person, "phone", by=secretary, reason="换届核对")
    client.get("/members/me/")
    with CaptureQueriesContext(connection) as few:
        client.get("/members/me/")
    for _each in range(4):
        other = build.officer("organization_officer", of=person.branch)
        reveals.reveal(person, "phone", by=other, reason="换届核对")
    with django_assert_num_queries(len(few)):
        client.get("/members/me/")


# --- the API ------------------------------------------------------------------------------
@pytest.fixture
def program(secretary):
    client = APIClient()
    client.force_login(secretary)
    return client


def test_a_program_reads_a_field_for_a_reason(program, person, secretary):
    url = f"/api/v1/members/{person.pk}/reveal/"

    answer = program.post(url, SENT, format="json")

    assert (answer.status_code, answer.json()) == (
        200,
        {"field": "phone", "value": PHONE},
    )
    assert "no-store" in answer.headers["Cache-Control"]
    entry = AuditEntry.objects.get(act="revealed")
    assert (entry.by, entry.member, entry.reason) == (secretary, person, "换届核对")


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"reason": " "}, "reason", "blank"),
        ({"reason": "abc"}, "reason", "min_length"),
        ({"field": "name"}, "field", "invalid_choice"),
        ({"field": "landline"}, "field", "empty"),
    ],
)
def test_a_program_is_told_what_is_wrong(program, person, sent, field, code):
    url = f"/api/v1/members/{person.pk}/reveal/"

    answer = program.post(url, SENT | sent, format="json")

    assert answer.status_code == 400
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, code)]


def test_a_program_is_limited_too(program, person, settings):
    settings.REVEALS_PER_HOUR = 1
    url = f"/api/v1/members/{person.pk}/reveal/"
    program.post(url, SENT, format="json")

    answer = program.post(url, SENT, format="json")

    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3600


def test_without_the_right_there_is_no_such_record(program, person):
    hidden = build.member(branch=build.branch())
    answer = program.post(f"/api/v1/members/{hidden.pk}/reveal/", SENT, format="json")
    assert answer.status_code == 404

    sees = APIClient()
    sees.force_login(build.officer("publicity_officer", of=person.branch))
    url = f"/api/v1/members/{person.pk}/reveal/"
    assert sees.post(url, SENT, format="json").status_code == 404
    reads = APIClient()
    user = build.officer("organization_officer", of=person.branch)
    _token, key = build.api_token(user, scope="read")
    reads.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert reads.post(url, SENT, format="json").status_code == 403
