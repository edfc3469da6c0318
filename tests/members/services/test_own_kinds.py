"""The kinds of data held about a person: none forgotten, and which may be deleted."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.services import calendar
from members.models import AuditEntry, Correction, MailAddress, User
from members.services import own_data, own_kinds
from tests import build
from tests.race import codes, race

pytestmark = pytest.mark.django_db
TABLES = own_data.ABOUT | own_data.SECRETS


@pytest.fixture
def person():
    """Somebody who gave all there is to give by choice."""
    user = build.user(member=build.member(), elder_view=True, language="en")
    build.mail_address(user)
    build.api_token(user)
    build.api_token(user)
    build.correction(user.member, by=user)
    build.correction(user.member, by=user, field="landline")
    calendar.make_address(user)
    user.member.interests.create(interest="law")
    return user


def delete(name, user):
    return own_kinds.delete(name, of=user, now=timezone.now())


def test_each_part_of_the_file_is_a_kind_that_is_told_of():  # CR-13
    parts = {name for name, _where in TABLES.values()}

    # The choices are fields of the account.
    assert parts | {"preferences"} == set(own_kinds.KINDS)


def test_each_kind_says_all_there_is_to_say():
    for kind in own_kinds.KINDS.values():
        sentences = (kind.title, kind.what, kind.why, kind.kept, kind.may)
        assert all(str(sentence).strip() for sentence in sentences), kind.name


def test_what_a_rule_demands_cannot_be_deleted_and_the_rest_says_how():
    rule = {
        kind.name
        for kind in own_kinds.KINDS.values()
        if kind.basis == own_kinds.Basis.RULE
    }
    choice = {
        kind.name
        for kind in own_kinds.KINDS.values()
        if kind.basis == own_kinds.Basis.CHOICE
    }

    assert not rule & set(own_kinds.DELETIONS)
    assert choice <= set(own_kinds.DELETIONS)


@pytest.mark.parametrize("name", sorted(set(own_kinds.KINDS) - {*own_kinds.DELETIONS}))
def test_a_kind_that_must_be_kept_is_refused_with_the_reason(person, name):  # SEC-17
    before = AuditEntry.objects.count()

    with pytest.raises(ValidationError) as refusal:
        delete(name, person)

    assert codes(refusal.value) == {"must_be_kept"}
    assert str(own_kinds.KINDS[name].why) in refusal.value.messages[0]
    assert AuditEntry.objects.count() == before


def test_kinds_of_a_record_are_those_of_people_on_a_roll(person):
    of_all = {k.name for k in own_kinds.kinds_of(person)}
    of_account = {k.name for k in own_kinds.kinds_of(build.administrator("audit"))}

    assert of_all == set(own_kinds.KINDS)
    assert of_all - of_account == {
        k.name for k in own_kinds.KINDS.values() if k.of_record
    }


@pytest.mark.parametrize(
    ("name", "count", "act"),
    [
        ("mail_address", 1, "mail_address_set"),
        ("interests", 1, "record_changed"),
        ("preferences", 1, "record_changed"),
        ("corrections", 2, "correction_decided"),
        ("api_tokens", 2, "token_revoked"),
        ("sessions", 1, "sessions_ended"),
        ("calendar_address", 1, "calendar_revoked"),
    ],
)
def test_what_was_given_by_choice_is_deleted_once(person, client, name, count, act):
    client.force_login(person)
    others = build.user(member=build.member(), elder_view=True)
    build.mail_address(others, "li@example.org")
    build.api_token(others)
    theirs = build.correction(others.member, by=others)
    assert own_kinds.deletable(person)[name] == count

    assert delete(name, person) == count
    assert delete(name, User.objects.get(pk=person.pk)) == 0

    assert own_kinds.deletable(User.objects.get(pk=person.pk))[name] == 0
    entries = AuditEntry.objects.filter(act=act, by=person)
    assert entries.count() == (count if name == "corrections" else 1)
    kept = own_kinds.deletable(others)
    assert kept == {
        "mail_address": 1,
        "interests": 0,
        "preferences": 1,
        "corrections": 1,
        "api_tokens": 1,
        "sessions": 0,
        "calendar_address": 0,
    }
    assert Correction.objects.get(pk=theirs.pk).state == "open"


def test_an_answer_that_was_given_stays(person):
    answered = Correction.objects.filter(asked_by=person).earliest("pk")
    Correction.objects.filter(pk=answered.pk).update(state="declined", answer="有证")

    assert delete("corrections", person) == 1

    states = Correction.objects.order_by("pk").values_list("state", "answer")
    assert list(states) == [("declined", "有证"), ("withdrawn", "")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["mail_address", "preferences", "corrections"])
def test_deleting_at_the_same_moment_is_deleting_once(person, name):
    before = AuditEntry.objects.count()
    wanted = own_kinds.deletable(person)[name]

    counts = race(lambda pk: delete(name, User.objects.get(pk=pk)), [person.pk] * 3)

    assert sum(counts) == wanted
    assert AuditEntry.objects.count() == before + wanted


def test_a_mail_address_that_is_not_confirmed_is_deleted_too(person):
    MailAddress.objects.update(confirmed_at=None)

    assert delete("mail_address", person) == 1
    assert not MailAddress.objects.exists()
