"""Reading a sensitive field in full (CR-11, SEC-40)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from members import access
from members.models import AuditEntry, Member, Notification, User
from members.services import accounts, reveals
from tests import build
from tests.race import codes, race

PHONE = "13955512345"


@pytest.fixture
def left():
    return build.tree()[1]


@pytest.fixture
def person(left):
    return build.member("薛丽华", branch=left, phone=PHONE, address="云溪镇七组")


@pytest.fixture
def secretary(left):
    return build.secretary(of=left)


def entries(user):
    found = AuditEntry.objects.filter(by=user, act="revealed").order_by("pk")
    return list(found.values_list("result", "reason", "context"))


def refusal_of(*args, **kwargs):
    with pytest.raises(ValidationError) as refused:
        reveals.reveal(*args, **kwargs)
    return codes(refused.value)


@pytest.mark.django_db
def test_the_value_is_given_noted_and_told(person, secretary):
    user = build.user(member=person)

    value = reveals.reveal(person, "phone", by=secretary, reason=" 换届核对 ")

    assert value == PHONE
    office = {"office": "secretary", "held_in": person.branch.name}
    assert entries(secretary) == [("done", "换届核对", {"field": "phone"} | office)]
    entry = AuditEntry.objects.get(act="revealed")
    assert (entry.member, entry.branch, entry.subject_id) == (
        person,
        person.branch,
        person.pk,
    )
    line = Notification.objects.get(user=user, kind="revealed")
    assert line.context == {
        "who": secretary.member.name,
        "field": "phone",
        "reason": "换届核对",
    }
    assert line.url == "/members/me/#reveals"


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "   ", "核对", "abc "])
def test_a_reason_is_needed(person, secretary, reason):
    assert refusal_of(person, "phone", by=secretary, reason=reason) == {"needs_reason"}
    assert entries(secretary) == []


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["name", "id_number_index", "notes", ""])
def test_only_the_sensitive_fields_are_read_so(person, secretary, field):
    refused = refusal_of(person, field, by=secretary, reason="换届核对")

    assert refused == {"unknown_field"}


@pytest.mark.django_db
def test_an_empty_field_has_nothing_to_show(person, secretary):
    refused = refusal_of(person, "landline", by=secretary, reason="换届核对")

    assert refused == {"empty"}
    assert entries(secretary) == []


@pytest.mark.django_db
def test_a_damaged_field_says_so_and_leaves_its_refusal(person, secretary):  # CR-02
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET phone = set_byte(phone, 20, "
            "get_byte(phone, 20) # 1) WHERE id = %s",
            [person.pk],
        )
    person = Member.objects.get(pk=person.pk)

    refused = refusal_of(person, "phone", by=secretary, reason="换届核对")

    assert refused == {"damaged"}
    assert [result for result, *_rest in entries(secretary)] == ["refused"]
    assert reveals.reveal(person, "address", by=secretary, reason="换届核对")


@pytest.mark.django_db
def test_thirty_within_an_hour_and_no_more(person, secretary, settings):
    settings.REVEALS_PER_HOUR = 3
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _each in range(3):
            reveals.reveal(person, "phone", by=secretary, reason="换届核对")
            clock.shift(timedelta(minutes=10))

        with pytest.raises(reveals.TooManyReveals) as refused:
            reveals.reveal(person, "phone", by=secretary, reason="换届核对")
        assert refused.value.wait == 30 * 60
        other = build.officer("organization_officer", of=person.branch)
        assert reveals.reveal(person, "phone", by=other, reason="换届核对")

        clock.shift(timedelta(minutes=31))
        assert reveals.reveal(person, "phone", by=secretary, reason="换届核对")

    assert [result for result, *_rest in entries(secretary)] == [
        *["done"] * 3,
        "refused",
        "done",
    ]


def test_the_limit_is_thirty():
    from django.conf import settings  # noqa: PLC0415

    assert settings.REVEALS_PER_HOUR == 30


@pytest.mark.django_db
def test_whoever_keeps_asking_past_the_limit_fills_no_table(
    person, secretary, settings
):
    settings.REVEALS_PER_HOUR = 2
    for _each in range(8):
        try:
            reveals.reveal(person, "phone", by=secretary, reason="换届核对")
        except reveals.TooManyReveals:
            continue

    assert [result for result, *_rest in entries(secretary)] == [
        *["done"] * 2,
        *["refused"] * 2,
    ]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_slip_past_the_limit(settings):
    settings.REVEALS_PER_HOUR = 2
    left = build.branch()
    secretary, person = build.secretary(of=left), build.member(branch=left)

    def ask(_number):
        return reveals.reveal(
            Member.objects.get(pk=person.pk), "phone", by=secretary, reason="换届核对"
        )

    answers = race(ask, range(6))

    assert sorted(answers) == sorted([person.phone] * 2 + ["too_many_reveals"] * 4)


# --- one's own ----------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_own_record_is_read_by_the_own_password(person):
    user = build.user(member=person)

    assert reveals.reveal_own(user, "phone", password=build.PASSWORD) == PHONE

    assert entries(user) == [("done", "", {"field": "phone"})]
    assert not Notification.objects.filter(kind="revealed").exists()


@pytest.mark.django_db
def test_passwords_are_not_tried_out_there(person, settings):  # AN-02
    settings.REVEALS_PER_HOUR = 3
    user = build.user(member=person)
    for _each in range(3):
        with pytest.raises(ValidationError) as refused:
            reveals.reveal_own(user, "phone", password="wrong")
        assert codes(refused.value) == {"wrong_password"}

    with pytest.raises(reveals.TooManyReveals):
        reveals.reveal_own(user, "phone", password=build.PASSWORD)

    assert len(entries(user)) == 3


@pytest.mark.django_db
def test_an_account_of_no_member_has_no_record():
    with pytest.raises(ValidationError) as refused:
        reveals.reveal_own(build.user(), "phone", password=build.PASSWORD)

    assert codes(refused.value) == {"unknown_field"}


# --- who may, who looked --------------------------------------------------------------------
@pytest.mark.django_db
def test_the_offices_that_keep_a_roll_have_the_right(left):
    person = build.member(branch=left)
    holders = {
        code
        for code in ("secretary", "deputy_secretary", "organization_officer")
        if access.revealable_members(build.officer(code, of=left))
        .filter(pk=person.pk)
        .exists()
    }
    others = [build.officer("publicity_officer", of=left), build.user(member=person)]
    guest = build.user()
    build.branch_grant(guest, left, "reveal_sensitive")

    assert holders == {"secretary", "deputy_secretary", "organization_officer"}
    for user in (*others, guest, build.administrator("audit")):
        assert not access.revealable_members(user).exists()
    build.branch_grant(guest, left, "view_roll")
    fresh = User.objects.get(pk=guest.pk)
    assert person in access.revealable_members(fresh)


@pytest.mark.django_db
def test_a_member_sees_who_looked_when_and_why(
    person, secretary, django_assert_num_queries
):
    user = build.user(member=person)
    inspector = build.user("inspector", display_name="巡察组")
    build.branch_grant(inspector, person.branch, "reveal_sensitive")
    reveals.reveal(person, "phone", by=secretary, reason="换届核对")
    reveals.reveal(person, "address", by=inspector, reason="走访慰问")
    reveals.reveal_own(user, "phone", password=build.PASSWORD)
    reveals.reveal(secretary.member, "phone", by=inspector, reason="另一个人")

    with django_assert_num_queries(1):
        found = reveals.lookers(person)

    told = ("who", "is_own", "office", "held_in", "field", "reason")
    assert [tuple(looker[name] for name in told) for looker in found] == [
        (user, True, "", "", "phone", ""),
        (inspector, False, "", "", "address", "走访慰问"),
        (secretary, False, "secretary", person.branch.name, "phone", "换届核对"),
    ]


@pytest.mark.django_db
def test_nobody_is_told_by_an_account_that_is_switched_off(person, secretary):
    user = build.user(member=person)
    accounts.set_active(user, False, by=None)

    reveals.reveal(person, "phone", by=secretary, reason="换届核对")

    assert not Notification.objects.filter(kind="revealed").exists()
