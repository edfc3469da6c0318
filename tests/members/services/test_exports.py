import csv
import io
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from members import access
from members.models import Export
from members.roster.columns import COLUMNS
from members.services import exports, outbox
from tests import build
from tests.rosters import id_number, rows_of

State = Export.State
pytestmark = pytest.mark.django_db
BORN = date(1975, 6, 1)
SEEDED = {
    "id_number": id_number(5),
    "phone": "13712345678",
    "landline": "0571-88881234",
    "address": "浙江省杭州市西湖区文三路1号",
}


@pytest.fixture
def place():
    return build.tree()


@pytest.fixture
def ask(django_capture_on_commit_callbacks):
    def ask(branch, by, *, format="csv", **options):
        with (
            translation.override("zh-hans"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            export = exports.ask(
                branch, by=by, reason="换届选举", format=format, **options
            )
        export.refresh_from_db()
        return export

    return ask


def people(export):
    """The rows of an export, by header."""
    if export.format == "xlsx":
        header, *rows = rows_of(bytes(export.content))
    else:
        text = bytes(export.content).decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == [column.zh for column in COLUMNS]
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_holds_the_roll_masked(place, ask, format):  # AZ-11
    secretary = build.secretary(of=place[1])
    member = build.member("王芳", branch=place[1], birth_date=BORN, **SEEDED)
    export = ask(place[1], secretary, format=format)

    assert (export.state, export.rows) == (State.READY, 2)
    row = next(row for row in people(export) if row["姓名"] == "王芳")
    assert str(row["记录编号"]) == str(member.pk)
    assert row["公民身份号码"] == f"**************{id_number(5)[-4:]}"
    assert row["手机号码"] == "137****5678"
    assert row["民族"] == "汉族"
    assert row["党支部"] == place[1].name
    everything = str(people(export))
    assert [value for value in SEEDED.values() if value in everything] == []


def test_the_set_is_the_roll_and_no_more(place, ask):  # AZ-05
    top = build.officer("secretary", of=place[0], home=place[1])
    build.member("西一", branch=place[2])
    build.member("已走", branch=place[2], state="deceased")
    build.member("积极", branch=place[2], state="activist")
    elsewhere = build.member("别处")

    everybody = people(ask(place[0], top))
    west = people(ask(place[2], top))
    activists = people(ask(place[2], top, state="activist"))

    visible = set(access.roll_members(top).live().values_list("name", flat=True))
    assert {row["姓名"] for row in everybody} == visible
    assert elsewhere.name not in visible
    assert {row["姓名"] for row in west} == {"西一", "积极"}
    assert {row["姓名"] for row in activists} == {"积极"}


def test_a_single_record_granted_for_a_purpose_is_not_taken_away(place, ask):
    secretary = build.secretary(of=place[1])
    other = build.member("西一", branch=place[2])
    build.member_grant(secretary, other)

    assert "西一" not in str(people(ask(place[1], secretary)))


@pytest.mark.parametrize(
    ("options", "code"),
    [({"reason": "  "}, "needs_reason"), ({"state": "deceased"}, "unknown_state")],
)
def test_what_an_export_needs(place, options, code):
    given = {"reason": "换届", "format": "csv"} | options
    with pytest.raises(ValidationError) as refusal:
        exports.ask(place[1], by=build.secretary(of=place[1]), **given)

    (errors,) = refusal.value.error_dict.values()
    assert [error.code for error in errors] == [code]
    assert not Export.objects.exists()


def test_rights_are_checked_when_the_file_is_made(place, ask):  # AZ-16
    secretary = build.secretary(of=place[1])
    secretary.branchgrant_set.update(ends_on=timezone.localdate() - timedelta(days=1))
    export = ask(place[1], secretary)

    assert (export.state, export.content) == (State.REFUSED, b"")
    assert export.error
    assert not access.managed_exports(secretary).exists()


def test_made_twice_it_is_made_once(place, ask):  # RL-05
    secretary = build.secretary(of=place[1])
    export = ask(place[1], secretary)
    exports.make(export.pk)
    again = Export.objects.get(pk=export.pk)

    assert (again.ready_at, again.content) == (export.ready_at, export.content)
    assert [(n.kind, n.context) for n in secretary.notifications.all()] == [
        ("export_ready", {"branch": str(place[1])})
    ]


def test_the_file_is_kept_for_a_day(place, ask):
    export = ask(place[1], build.secretary(of=place[1]))
    now = export.ready_at
    taken = exports.take(export, now=now + timedelta(hours=23))
    assert taken.downloaded_at

    with pytest.raises(ValidationError) as refusal:
        exports.take(export, now=now + timedelta(hours=24))
    assert refusal.value.code == "expired"

    with time_machine.travel(now + timedelta(hours=25)):
        exports.wipe_old()
        exports.wipe_old()
    export.refresh_from_db()
    assert (export.state, export.content) == (State.EXPIRED, b"")


def test_too_many_people_for_one_file(place, ask, settings):
    settings.EXPORT_MAX_ROWS = 1
    build.member(branch=place[1])
    export = ask(place[1], build.secretary(of=place[1]))

    assert (export.state, export.content) == (State.REFUSED, b"")


def test_what_the_broker_did_not_take_is_made_later(place):  # RL-09
    secretary = build.secretary(of=place[1])
    export = exports.ask(place[1], by=secretary, reason="换届", format="csv")

    outbox.drain(now=timezone.now() + timedelta(minutes=1))

    export.refresh_from_db()
    assert export.state == State.READY


def test_questions_to_the_database_do_not_grow_with_people(
    place, ask, django_assert_max_num_queries
):
    secretary = build.secretary(of=place[1])
    waiting = [
        exports.ask(place[1], by=secretary, reason="换届", format="csv")
        for _each in range(2)
    ]
    with django_assert_max_num_queries(16):
        exports.make(waiting[0].pk)
    for _each in range(30):
        build.member(branch=place[1], party_group=build.group(place[1]))
    with django_assert_max_num_queries(16):
        exports.make(waiting[1].pk)
