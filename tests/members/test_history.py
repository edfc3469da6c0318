"""Records and the roll as of a day, and who changed what."""

from datetime import UTC, date, datetime

import pghistory
import pytest
import time_machine

from members import history
from members.models import Member
from tests import build

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 31)


def dated(member, *moments):
    """Give the versions of a record, oldest first, these moments (UTC)."""
    events = history.MemberEvent.objects.filter(pgh_obj=member).order_by("pgh_id")
    for event, moment in zip(events, moments, strict=True):
        event.pgh_created_at = moment
        event.save(update_fields=["pgh_created_at"])


def at(month, day, hour=0):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def changed(member, **fields):
    for name, value in fields.items():
        setattr(member, name, value)
    member.save()
    return member


def names(events):
    return sorted(event.name for event in events)


# --- as of a day ----------------------------------------------------------------------
def test_a_record_is_shown_as_the_last_version_of_the_day_had_it():
    member = changed(changed(build.member("王一"), name="王二"), name="王三")
    dated(member, at(1, 10), at(1, 31), at(2, 1))

    assert history.record_on(member, date(2026, 1, 9)) is None
    assert history.record_on(member, date(2026, 1, 10)).name == "王一"
    assert history.record_on(member, DAY).name == "王二"
    assert history.record_on(member, date(2026, 2, 1)).name == "王三"


def test_a_day_ends_at_midnight_in_shanghai():  # CNT-04
    member = changed(build.member("王一"), name="王二")
    dated(member, at(1, 10), at(1, 31, 16))

    assert history.record_on(member, DAY).name == "王一"
    assert history.record_on(member, date(2026, 2, 1)).name == "王二"


def test_the_roll_of_a_day_holds_each_person_once_as_they_stood():
    branch = build.branch()
    early = changed(build.member("王一", branch=branch), name="王二")
    dated(early, at(1, 10), at(1, 20))
    dated(build.member("李一", branch=branch), at(1, 31))
    dated(build.member("赵一", branch=branch), at(2, 1))

    assert names(history.roll_on([branch.path], DAY)) == ["李一", "王二"]


def test_the_roll_of_a_day_follows_the_branch_of_that_day():
    top, left, right = build.tree()
    moved = changed(build.member("王一", branch=left), branch=right)
    dated(moved, at(1, 10), at(2, 10))

    assert names(history.roll_on([left.path], DAY)) == ["王一"]
    assert names(history.roll_on([right.path], DAY)) == []
    assert names(history.roll_on([right.path], date(2026, 2, 10))) == ["王一"]
    assert names(history.roll_on([left.path], date(2026, 2, 10))) == []
    assert names(history.roll_on([top.path], DAY)) == ["王一"]
    assert names(history.roll_on([], DAY)) == []


def test_bulk_changes_are_in_the_history_too():
    member = build.member("王一")
    Member.objects.filter(pk=member.pk).update(name="王二")

    assert names(history.MemberEvent.objects.filter(pgh_obj=member)) == ["王一", "王二"]


def test_a_sealed_field_of_a_version_opens():
    member = changed(build.member(phone="13900001111"), phone="13900002222")
    dated(member, at(1, 10), at(2, 10))

    assert history.record_on(member, DAY).phone == "13900001111"


# --- who changed what -----------------------------------------------------------------
def test_a_version_tells_what_changed_and_by_whom():
    member, user = build.member("王一"), build.user()
    with pghistory.context(user=user.pk):
        changed(member, name="王二", employer="青山小学")

    newest, first = history.versions(member)

    assert (newest.changed, newest.user) == (("name", "employer"), user)
    assert (newest.before.name, newest.event.name) == ("王一", "王二")
    assert (first.before, first.user) == (None, None)


def test_a_version_that_tells_nothing_is_left_out():
    member = build.member()
    with time_machine.travel("2027-01-01", tick=False):
        member.save()  # moves updated_at alone

    assert len(history.versions(member)) == 1


def test_a_value_that_was_sealed_anew_did_not_change():
    member = build.member(phone="13900001111")
    field = Member._meta.get_field("phone")
    Member.objects.filter(pk=member.pk).update(
        phone=field.seal("13900001111", member.pk)
    )

    assert history.MemberEvent.objects.filter(pgh_obj=member).count() == 2
    assert len(history.versions(member)) == 1


def test_all_versions_take_three_queries(django_assert_max_num_queries):
    member = build.member("王一")
    for name in ("王二", "王三", "王四"):
        with pghistory.context(user=build.user().pk):
            changed(member, name=name)

    with django_assert_max_num_queries(3):
        assert len(history.versions(member)) == 4
