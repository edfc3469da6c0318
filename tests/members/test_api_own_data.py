"""What the API tells of own data, and what it deletes (CR-13, SEC-05, SEC-08)."""

import pytest
from rest_framework.test import APIClient

from activities.services import calendar
from members.models import AuditEntry, Member, User
from members.services import own_data, own_kinds
from tests import build

pytestmark = pytest.mark.django_db
URL = "/api/v1/me/data/"


@pytest.fixture
def person():
    left = build.branch()
    user = build.user(member=build.member("薛丽华", branch=left), elder_view=True)
    build.secretary(of=left)
    build.mail_address(user)
    calendar.make_address(user)
    user.member.interests.create(interest="law")
    build.correction(user.member, by=user)
    return user


@pytest.fixture
def client(person):
    client = APIClient()
    client.force_login(person)
    return client


def with_token(user, **options):
    token, text = build.api_token(user, **options)
    return token, APIClient(headers={"Authorization": f"Bearer {text}"})


def test_each_kind_with_why_it_is_held_and_what_one_may_do(client):
    found = {line["kind"]: line for line in client.get(URL).json()}

    assert set(found) == set(own_kinds.KINDS)
    assert found["mail_address"]["acts"] == ["copy", "delete"]
    assert found["mail_address"]["basis"] == "choice"
    assert (found["mail_address"]["count"], found["mail_address"]["deletable"]) == (
        1,
        1,
    )
    assert found["record"]["acts"] == ["copy", "correct"]
    assert found["record"]["basis"] == "rule"
    assert found["second_factor"]["acts"] == []
    for name, line in found.items():
        assert ("delete" in line["acts"]) == (name in own_kinds.DELETIONS)
        in_file = {part for part, _where in own_data.ABOUT.values()} | {"preferences"}
        assert ("copy" in line["acts"]) == (name in in_file)


def test_no_third_person_is_in_the_answer(client, person):
    text = client.get(URL).content.decode()

    for other in Member.objects.exclude(pk=person.member_id):
        assert other.name not in text


@pytest.mark.parametrize("kind", own_kinds.DELETIONS)
def test_deleting_twice_is_deleting_once(client, person, kind):
    _token, _client = with_token(person)
    other = APIClient()
    other.force_login(person)
    before = AuditEntry.objects.count()

    answers = [client.delete(f"{URL}{kind}/") for _time in (1, 2)]

    assert [a.status_code for a in answers] == [200, 200]
    assert [a.json()["deleted"] for a in answers] == [1, 0]
    assert AuditEntry.objects.count() == before + 1
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize("kind", sorted(set(own_kinds.KINDS) - {*own_kinds.DELETIONS}))
def test_what_must_be_kept_is_refused_with_the_reason(client, kind):  # SEC-17
    answer = client.delete(f"{URL}{kind}/")

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, "must_be_kept")
    assert len(error["message"]) > 10


def test_a_kind_that_there_is_not_is_a_404(client):
    assert client.delete(f"{URL}nothing/").status_code == 404
    client.force_login(build.administrator("audit"))
    assert client.delete(f"{URL}corrections/").status_code == 404


def test_strangers_and_tokens_that_only_read_delete_nothing(person):
    _token, reader = with_token(person, scope="read")
    build.mail_address(build.user(), "li@example.org")
    held = own_kinds.deletable(person)

    refused = [APIClient().delete(f"{URL}{kind}/") for kind in own_kinds.DELETIONS]
    only_read = [reader.delete(f"{URL}{kind}/") for kind in own_kinds.DELETIONS]

    assert {a.status_code for a in refused} == {401}
    assert {a.json()["code"] for a in only_read} == {"read_only_token"}
    assert own_kinds.deletable(User.objects.get(pk=person.pk)) == held


def test_one_deletes_the_own_alone(person):
    _token, other = with_token(build.user(member=build.member()))

    for kind in set(own_kinds.DELETIONS) - {"api_tokens"}:
        assert other.delete(f"{URL}{kind}/").json()["deleted"] == 0

    assert own_kinds.deletable(person)["mail_address"] == 1
    assert own_kinds.deletable(person)["corrections"] == 1


def test_a_token_that_revokes_all_tokens_ends_too(person):
    token, client = with_token(person)

    assert client.delete(f"{URL}api_tokens/").json()["deleted"] == 1

    token.refresh_from_db()
    assert token.revoked_at is not None
    assert client.get(URL).status_code == 401


def test_the_list_costs_the_same_for_little_and_for_much(
    client, person, django_assert_max_num_queries
):
    client.get(URL)
    with django_assert_max_num_queries(QUERIES):
        client.get(URL)
    for n in range(5):
        build.correction(person.member, by=person, field=f"x{n}")
        build.api_token(person)
    with django_assert_max_num_queries(QUERIES):
        client.get(URL)


# One for each table and for what can be deleted, but the choices, which are fields of the
# account; the session and who asks take the rest.
TABLES = own_data.ABOUT | own_data.SECRETS
QUERIES = len(TABLES) + len(own_kinds.DELETIONS) - 1 + 4
