"""See, copy and delete what is held about oneself, and nothing of a third person (CR-13)."""

import json
import re
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from activities.models import (
    Activity,
    ActivityMaterial,
    AppraisalRound,
    BranchModule,
    DutyRule,
    Effect,
    Election,
    FlowStep,
    Minutes,
    MinutesFile,
    ProgramPhoto,
    Reading,
)
from activities.services import calendar
from members.models import (
    AuditEntry,
    BranchChange,
    Correction,
    Export,
    ImportBatch,
    MailAddress,
    Member,
    Notification,
    User,
)
from members.sealing import IndexField
from members.services import audit, own_data, own_kinds
from tests import build

pytestmark = pytest.mark.django_db

PAGE = "/members/me/data/"
URL = f"{PAGE}copy/"
DELETE = f"{PAGE}delete/"
API = "/api/v1/me/data/"
SEEDED = {
    "phone": "13955512345",
    "landline": "08515550123",
    "address": "云溪镇青石村七组八号",
    "notes": "常在外务工",
}
# Work done on the records of others.
NOT_ABOUT_A_PERSON = {
    *(ImportBatch, Export, BranchChange),
    # And what a body planned, held and settled.
    *(MinutesFile, Election),
    *(ActivityMaterial, BranchModule, Effect, FlowStep, ProgramPhoto, Reading),
    *(Activity, Minutes, DutyRule, AppraisalRound),
}


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
    calendar.make_address(account)
    member.interests.create(interest="law")
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


def test_in_the_demonstration_no_file_page_or_answer_names_anybody_else(client):
    """CR-13: each person with an account, searched for all other seeded people."""
    call_command("seed_demo", members=150, branches=15, stdout=StringIO())
    people = list(Member.objects.all())
    accounts = list(User.objects.exclude(member=None).select_related("member"))
    assert len(people) == 150
    assert len(accounts) > 20

    found, looked = [], 0
    for account in accounts:
        text = str(own_data.take(account))
        if account.is_active and not account.must_change_password:
            client.force_login(account)
            pages = [told(client.get(path)) for path in (PAGE, URL, API)]
            text, looked = text + "".join(pages), looked + 1
        own = account.member
        text = text.replace(own.name, "").replace(account.username, "")
        for other in people:
            if other.pk == own.pk:
                continue
            values = {other.name, other.id_number, other.phone, other.landline}
            values -= {"", None, own.name, own.phone, own.landline}
            found += [(own.pk, other.pk, value) for value in values if value in text]

    assert found == []
    assert looked > 5


def told(answer):
    assert answer.status_code == 200
    return answer.content.decode()


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
        assert f'href="{PAGE}"' in client.get(page).content.decode()
    assert f'href="{URL}"' in client.get(PAGE).content.decode()


# --- the page ---------------------------------------------------------------------------
def test_the_page_tells_of_each_kind_why_and_how_long(client, person):  # SEC-06
    client.force_login(person)

    page = client.get(PAGE).content.decode()

    for kind in own_kinds.KINDS.values():
        assert escape(str(kind.title)) in page
        if f'<li id="{kind.name}">' in page:
            for sentence in (kind.what, kind.why, kind.kept, kind.may):
                assert escape(str(sentence)) in page
    shown = set(re.findall(r'<li id="(\w+)">', page))
    assert shown == {name for name, count in own_kinds.held(person).items() if count}
    assert "中共东村支部" in page  # whom to ask


def test_the_page_shows_no_third_person(client, person):
    client.force_login(person)

    page = client.get(PAGE).content.decode()

    for other in Member.objects.exclude(pk=person.member_id):
        assert other.name not in page
    for value in SEEDED.values():
        assert value not in page


def test_an_administrator_sees_no_kind_of_a_record(client):
    client.force_login(build.administrator("system"))

    page = client.get(PAGE)

    told = {line["kind"] for _basis, lines in page.context["groups"] for line in lines}
    absent = {k for k in own_kinds.KINDS.values() if k.title in page.context["absent"]}
    assert {kind.name for kind in told} == {"account", "sessions"}
    assert told | absent == {k for k in own_kinds.KINDS.values() if not k.of_record}


def test_only_what_there_is_can_be_deleted(client, person):
    client.force_login(person)
    page = client.get(PAGE).content.decode()
    offered = set(re.findall(r"/delete/\?kind=(\w+)", page))
    assert offered == {
        "mail_address",
        "interests",
        "api_tokens",
        "calendar_address",
    }

    for kind in offered:
        client.post(f"{DELETE}?kind={kind}")

    assert "/delete/?kind=" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("kind", own_kinds.DELETIONS)
def test_asking_first_and_doing_it_then_twice(client, person, kind):  # SEC-05, SEC-08
    Correction.objects.update(state="open")
    User.objects.filter(pk=person.pk).update(elder_view=True, language="en")
    other = Client()
    other.force_login(person)
    client.force_login(person)
    before = AuditEntry.objects.count()

    assert client.get(f"{DELETE}?kind={kind}").status_code == 200
    assert AuditEntry.objects.count() == before
    for _time in (1, 2):
        assert client.post(f"{DELETE}?kind={kind}").url == PAGE
        here = client.session.session_key
        assert own_kinds.deletable(person, keep=here)[kind] == 0
        assert AuditEntry.objects.count() == before + 1

    assert AuditEntry.objects.latest("pk").by == person
    assert client.get(PAGE).status_code == 200  # still signed in
    gone = other.get(PAGE).status_code != 200
    assert gone == (kind == "sessions")


def test_resetting_the_language_forgets_the_choice_of_the_browser(
    client, person, settings
):
    client.force_login(person)
    client.post("/language/", {"language": "en", "next": "/"})
    person.refresh_from_db()
    assert person.language == "en"

    answer = client.post(f"{DELETE}?kind=preferences")

    person.refresh_from_db()
    assert person.language == ""
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME]["max-age"] == 0


@pytest.mark.parametrize("kind", ["record", "audit", "account", "nothing", ""])
def test_what_must_be_kept_has_no_page_to_delete_it(client, person, kind):
    client.force_login(person)

    assert client.get(f"{DELETE}?kind={kind}").status_code == 404
    assert client.post(f"{DELETE}?kind={kind}").status_code == 404


@pytest.mark.parametrize("kind", own_kinds.DELETIONS)
def test_nobody_deletes_what_is_somebody_elses(client, person, kind):
    other = build.secretary(of=person.member.branch)
    Correction.objects.update(state="open")
    User.objects.filter(pk=person.pk).update(elder_view=True)
    Client().force_login(person)
    held = own_kinds.deletable(User.objects.get(pk=person.pk))

    assert client.post(f"{DELETE}?kind={kind}").url.startswith("/members/sign-in/")
    client.force_login(other)
    client.post(f"{DELETE}?kind={kind}")

    assert own_kinds.deletable(User.objects.get(pk=person.pk)) == held


def test_the_page_costs_the_same_for_little_and_for_much(
    client, person, django_assert_num_queries
):
    client.force_login(person)
    client.get(PAGE)
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(PAGE)
    for n in range(5):
        build.correction(person.member, by=person, field=f"x{n}")
        build.branch_grant(person, build.branch(), "view_branch")
        build.api_token(person)
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(PAGE)


# One for each table and for what can be deleted, but the choices, which are fields of the
# account; three for who asks.
TABLES = own_data.ABOUT | own_data.SECRETS
PAGE_QUERIES = len(TABLES) + len(own_kinds.DELETIONS) - 1 + 3


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


# One for each part; the entry of the audit log, its key and savepoints take the rest.
QUERIES = len(own_data.ABOUT) + 5


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

    told = {*own_data.ABOUT, *own_data.SECRETS} - {Member}
    assert about - NOT_ABOUT_A_PERSON == told
