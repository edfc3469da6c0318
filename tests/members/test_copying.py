"""COPY in the background: the same rows, the same refusals, only later."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from members.copying import copy_in, in_the_background
from members.models import LocalCode, Member, StateChange
from members.services import records
from tests import build

pytestmark = pytest.mark.django_db


def posts(numbers):
    return [
        LocalCode(
            table=LocalCode.Table.POST,
            code=f"P{number}",
            name_zh=f"岗位{number}\t\\",
            name_en="a\nb",
            valid_from=date(2020, 1, 1),
        )
        for number in numbers
    ]


def written():
    return LocalCode.objects.filter(name_en="a\nb")


def test_many_copies_arrive_whole_and_in_order():
    with in_the_background({LocalCode: 400}) as copy_in:
        for start in range(0, 400, 20):
            copy_in(LocalCode, posts(range(start, start + 20)))

    found = written().order_by("pk").values_list("code", "name_zh", "name_en")
    assert list(found) == [
        (f"P{number}", f"岗位{number}\t\\", "a\nb") for number in range(400)
    ]


def test_a_statement_within_sees_what_was_copied_before_it():
    with in_the_background({LocalCode: 3001}) as copy_in:
        copy_in(LocalCode, posts(range(3000)))
        assert written().count() == 3000
        copy_in(LocalCode, posts(range(3000, 3001)))

    assert written().count() == 3001


def test_rows_refer_to_rows_that_are_still_under_way():
    branch = build.branch()
    member = build.member(branch=branch)
    Member.objects.filter(pk=member.pk).update(state=Member.State.VOIDED)
    member.pk, member.state = None, Member.State.FULL
    member.phone, member.notes = "15400000001", "在途"

    with in_the_background({Member: 1, StateChange: 9}) as copy_in:
        copy_in(Member, [member])
        copy_in(StateChange, [records.first_change(member, by=None)])

    found = Member.objects.get(notes="在途")
    assert (found.pk, found.phone) == (member.pk, "15400000001")
    assert found.branch_path == branch.path
    assert found.state_changes.get().to_state == "full"
    versions = Member.pgh_event_model.objects.filter(pgh_obj_id=found.pk)
    assert versions.count() == 1


def in_one_transaction(work):
    with transaction.atomic(), in_the_background({LocalCode: 99_999}) as copy_in:
        work(copy_in)


def test_what_goes_wrong_is_told_by_the_end_and_nothing_stays():
    def work(copy_in):
        copy_in(LocalCode, posts([1]))
        for _turn in range(3):
            copy_in(LocalCode, posts([2, 2]))

    with pytest.raises(IntegrityError):
        in_one_transaction(work)

    assert not written().exists()


def test_what_goes_wrong_is_told_by_the_next_statement():
    def work(copy_in):
        copy_in(LocalCode, posts([2, 2]))
        written().count()
        pytest.fail("The statement did not wait.")

    with pytest.raises(IntegrityError):
        in_one_transaction(work)

    assert not written().exists()


def test_an_error_of_the_caller_stays_the_callers():
    def work(copy_in):
        for start in range(0, 40_000, 10_000):
            copy_in(LocalCode, posts(range(start, start + 10_000)))
        raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        in_one_transaction(work)

    assert not written().exists()


def test_one_copy_refuses_as_an_insert_does():
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in(LocalCode, posts([2, 2]))

    assert not written().exists()


def test_triggers_are_told_once_that_none_is_to_be_ignored():
    """Else each row costs a failure that is taken back, dearer with every row before."""
    copy_in(LocalCode, posts([1]))

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore', true)")
        assert cursor.fetchone() == ("{}",)
