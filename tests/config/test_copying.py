"""Rows by COPY arrive as they were."""

from datetime import UTC, datetime

import pytest

from config.demo.copying import Cells, write
from members.models import Correction, Member, Notification, User
from tests import build

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2001, 2, 3, 4, 5, tzinfo=UTC)


def test_odd_text_nothing_and_the_time_given_arrive():
    text = 'a "quoted", cut\nline\t\\N \\ 。'
    branch = build.branch()
    member = build.member(branch=branch)
    member.pk, member.notes, member.party_group = None, text, None
    member.id_number, member.address, member.phone = None, text, "15400000001"
    member.created_at = LONG_AGO

    write([member])

    found = Member.objects.get(pk=member.pk)
    assert (found.notes, found.address, found.landline) == (text, text, "")
    assert (found.phone, found.phone_index) == (member.phone, member.phone_index)
    assert (found.id_number_index, found.party_group, found.employer) == (
        None,
        None,
        "",
    )
    assert found.created_at == LONG_AGO


def test_a_row_refers_to_one_that_got_its_key_after_it():
    user = User(username="later", date_joined=LONG_AGO)
    context = {"field": "住址", "quoted": '"'}
    notice = Notification(
        user=user, kind=Notification.Kind.WELCOME, context=context, created_at=LONG_AGO
    )

    write([user])
    write(iter([notice]))

    assert user.notifications.get().context == context


def test_nothing_is_written_for_no_rows():
    write([])

    assert not Correction.objects.exists()


def test_only_what_changed_is_sealed_anew():
    member = build.member(phone="15400000001", address="云溪镇")
    cells = Cells(Member)
    before = dict(zip(cells.columns, row := cells.of(member), strict=True))
    member.phone, member.employer = "15400000002", "竹艺"

    after = dict(
        zip(cells.columns, cells.again(member, row, {"phone", "employer"}), strict=True)
    )

    changed = {column for column in before if before[column] != after[column]}
    assert changed == {"phone", "phone_index", "phone_tail", "employer"}
