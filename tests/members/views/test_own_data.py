"""See and copy what is held about oneself, and nothing of a third person (CR-13)."""

import json

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from members.models import (
    AuditEntry,
    Authenticator,
    BranchChange,
    Correction,
    Export,
    ImportBatch,
    MailAddress,
    Member,
    Notification,
    RecoveryCode,
    User,
)
from members.models.account import PastPassword
from members.sealing import IndexField
from members.services import audit, own_data
from tests import build

pytestmark = pytest.mark.django_db

URL = "/members/me/data/"
SEEDED = {
    "phone": "13955512345",
    "landline": "08515550123",
    "address": "云溪镇青石村七组八号",
    "notes": "常在外务工",
}
# Work done on the records of others, and what only serves to know somebody again.
NOT_ABOUT_A_PERSON = {ImportBatch, Export, BranchChange}
NOT_ABOUT_A_PERSON |= {Authenticator, RecoveryCode, PastPassword}


@pytest.fixture
def person():
    """Somebody with a row in every table, who was acted on by named others."""
    _top, left, right = build.tree()
    member = build.member("薛丽华", branch=left, **SEEDED)
    account = build.user("xuelihua", member=member)
    secretary = build.secretary(of=left)
    build.member("第三人甲", branch=left)
    build.appointment(member, office="publicity_officer", branch=left)
    asked = build.correction(member, by=account, proposed="13955500000")
    Correction.objects.filter(pk=asked.pk).update(
        state="accepted", answered_by=secretary, answer="已改。"
    )
    build.branch_grant(account, right, "view_branch")
    build.member_grant(secretary, member)
    Notification.objects.create(
        user=account, kind="welcome", context={"name": secretary.member.name}
    )
    build.api_token(account)
    MailAddress.objects.create(
        user=account, address="xue@mail.example", asked_at=timezone.now()
    )
    audit.record(
        AuditEntry.Act.REVEALED,
        by=secretary,
        member=member,
        reason="核对电话",
        field="phone",
    )
    return account


def take(client, user, password=build.PASSWORD):
    client.force_login(user)
    return client.post(URL, {"password": password})


def test_every_field_of_the_person_is_in_the_file(client, person):
    answer = take(client, person)

    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert "no-store" in answer["Cache-Control"]
    file = json.loads(answer.content)
    (record,) = file["parts"]["record"]["rows"]
    fields = [
        f.name
        for f in Member._meta.concrete_fields
        if not isinstance(f, IndexField) and f.related_model is not Member
    ]
    assert list(record) == fields == list(file["parts"]["record"]["labels"])
    member = person.member
    for name in (*SEEDED, "name", "id_number", "employer"):
        assert record[name] == getattr(member, name)
    assert record["branch"] == "中共东村支部"
    assert record["state"] == "正式党员"
    rows = {name: len(part["rows"]) for name, part in file["parts"].items()}
    assert rows["account"] == rows["record_history"] == rows["corrections"] == 1
    assert file["parts"]["corrections"]["rows"][0]["proposed"] == "13955500000"
    assert file["parts"]["corrections"]["rows"][0]["answer"] == "已改。"
    assert file["parts"]["audit"]["rows"][-1]["reason"] == ""
    assert file["parts"]["audit"]["rows"][-2]["reason"] == "核对电话"


def test_nothing_of_a_third_person_is_in_the_file(client, person):
    text = take(client, person).content.decode()

    others = Member.objects.exclude(pk=person.member_id)
    assert others.count() >= 2
    for other in others:
        for value in (other.name, other.id_number, other.phone):
            assert value not in text
    for account in User.objects.exclude(pk=person.pk):
        assert account.username not in text
    assert person.password not in text


def test_the_file_is_taken_with_the_password_alone(client, person):
    client.force_login(person)

    assert client.get(URL).status_code == 200
    answer = take(client, person, "a guess that is wrong")

    assert answer.status_code == 422
    assert SEEDED["address"] not in answer.content.decode()
    taken = AuditEntry.objects.filter(act=AuditEntry.Act.OWN_DATA_TAKEN)
    assert not taken.exists()


def test_taking_the_file_is_written_down(client, person):
    for count in (1, 2):
        take(client, person)
        taken = AuditEntry.objects.filter(act=AuditEntry.Act.OWN_DATA_TAKEN)
        assert [(e.by, e.member) for e in taken] == [(person, person.member)] * count


def test_a_damaged_value_is_null_and_the_rest_is_there(client, person):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_member SET phone = '\\x01020304'")

    (record,) = json.loads(take(client, person).content)["parts"]["record"]["rows"]

    assert (record["phone"], record["address"]) == (None, SEEDED["address"])


def test_an_administrator_takes_the_account_alone(client):
    account = build.administrator("system")

    parts = json.loads(take(client, account).content)["parts"]

    assert {name for name, part in parts.items() if part["rows"]} == {
        "account",
        "sessions",
    }


def test_the_record_and_the_account_lead_there(client, person):
    client.force_login(person)

    for page in ("/members/me/", "/members/account/"):
        assert URL in client.get(page).content.decode()


def test_the_number_of_queries_does_not_grow(client, person, django_assert_num_queries):
    client.force_login(person)
    own_data.take(person)
    with django_assert_num_queries(QUERIES):
        own_data.take(person)
    for n in range(5):
        build.correction(person.member, by=person, field=f"x{n}")
        build.branch_grant(person, build.branch(), "view_branch")
    with django_assert_num_queries(QUERIES):
        own_data.take(person)


# 14 parts; the entry of the audit log, its key and savepoints take the rest.
QUERIES = 19


def test_no_table_about_a_person_is_forgotten():
    def points_at_people(model):
        return any(
            f.related_model in (User, Member) for f in model._meta.concrete_fields
        )

    about = {
        model
        for label in (
            "members",
            "learning",
            "activities",
            "community",
            "feedback",
            "points",
        )
        for model in apps.get_app_config(label).get_models()
        if points_at_people(model)
        and (not hasattr(model, "pgh_tracked_model") or model in own_data.ABOUT)
    }

    assert about - NOT_ABOUT_A_PERSON == {*own_data.ABOUT} - {Member}
