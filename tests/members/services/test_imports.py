from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.models import (
    Appointment,
    Branch,
    ImportBatch,
    LocalCode,
    Member,
    RollInquiry,
    StateChange,
)
from members.roster import workbooks
from members.roster.columns import COLUMNS, show
from members.roster.files import read_roster
from members.services import import_reports, imports, outbox, rosters
from members.services.import_reports import rows_of
from members.signals import member_enrolled
from tests import build
from tests.rosters import HEADER, csv_file, id_number, person, xlsx
from tests.rosters import rows_of as cells_of

State = ImportBatch.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    """A committee with two branches: the secretary of the left one imports."""
    return build.tree()


@pytest.fixture
def secretary(place):
    return build.secretary(of=place[1])


@pytest.fixture
def send(django_capture_on_commit_callbacks):
    """Upload rows (or a file) and let the worker check them."""

    def send(branch, by, rows, *, language="en"):
        content = rows if isinstance(rows, bytes) else csv_file(rows)
        with (
            translation.override(language),
            django_capture_on_commit_callbacks(execute=True),
        ):
            batch = imports.receive(branch, file_name="r.csv", content=content, by=by)
        batch.refresh_from_db()
        return batch

    return send


@pytest.fixture
def apply(django_capture_on_commit_callbacks):
    def apply(batch, **options):
        with django_capture_on_commit_callbacks(execute=True):
            imports.ask_to_apply(batch, **options)
        batch.refresh_from_db()
        return batch

    return apply


def counts(batch):
    return batch.accepted, batch.changed, batch.unchanged, batch.refused


def faults(batch):
    """What each refused row is refused for: {row: [(field, code), …]}."""
    return {
        row: [(field, code) for field, _label, code, _why in found]
        for row, _name, found, _cells in rows_of(batch, "refused")
    }


def reasons(batch):
    return [found[0][3] for _row, _name, found, _cells in rows_of(batch, "refused")]


def changes(batch):
    rows = [*rows_of(batch, "new"), *rows_of(batch, "changed")]
    return {row: found for row, _name, found in rows if found}


def roster_of(members):
    """What an export of `members` holds."""
    rows = [[show(member, column) for column in COLUMNS] for member in members]
    return read_roster(workbooks.write_csv(workbooks.header(), rows))


# --- the ordinary case -----------------------------------------------------------------
def test_new_people_come_on_the_roll(place, secretary, send, apply):
    batch = send(
        place[1], secretary, [HEADER, person(1, "张建国"), person(2, "李秀英")]
    )
    assert (batch.state, counts(batch)) == (State.CHECKED, (2, 0, 0, 0))
    assert not Member.objects.filter(name="张建国").exists()

    heard = []

    def hear(sender, member, change, **_):
        heard.append((member.name, change.to_state))

    member_enrolled.connect(hear)
    apply(batch)
    member_enrolled.disconnect(hear)

    assert batch.state == State.APPLIED
    assert batch.file == b""
    found = Member.objects.get(name="张建国")
    assert (found.branch, found.state, found.sex) == (place[1], "full", "1")
    assert found.birth_date == date(1975, 6, 1)
    assert found.id_number == id_number(1)
    assert found.phone == "13700000001"
    assert found.pinyin == "zhangjianguo"
    assert found.state_changes.get().recorded_by == secretary
    assert heard == [("张建国", "full"), ("李秀英", "full")]


def test_the_history_names_who_imported(place, secretary, send, apply):
    apply(send(place[1], secretary, [HEADER, person(1)]))
    event = Member.objects.get(name="陈晓明").events.get()

    assert event.pgh_context.metadata == {"user": secretary.pk}


def test_the_person_is_told(place, secretary, send, apply):
    batch = send(place[1], secretary, [HEADER, person(1)])
    apply(batch)

    told = secretary.notifications.order_by("pk")
    assert [(line.kind, line.url) for line in told] == [
        ("import_ready", f"/members/imports/{batch.pk}/"),
        ("import_done", f"/members/imports/{batch.pk}/"),
    ]
    assert told[1].context == {"file": "r.csv", "count": 1}


def test_the_same_file_again_changes_nothing(place, secretary, send, apply):
    rows = [HEADER, person(1), person(2, "李秀英")]
    apply(send(place[1], secretary, rows))
    before = list(Member.objects.order_by("pk").values())

    again = send(place[1], secretary, rows)
    assert counts(again) == (0, 0, 2, 0)
    with pytest.raises(ValidationError) as refusal:
        imports.ask_to_apply(again)

    assert refusal.value.code == "nothing_to_do"
    assert list(Member.objects.order_by("pk").values()) == before


def test_a_changed_cell_changes_that_field_alone(place, secretary, send, apply):
    old = build.member("王芳", branch=place[1], employer="旧单位", notes="留着")
    rows = [
        ["姓名", "公民身份号码", "手机", "工作单位", "备注"],
        ["王 芳", old.id_number, "１３８－００００－１１１１", "新单位", ""],
    ]
    batch = send(place[1], secretary, rows)
    apply(batch)
    new = Member.objects.get(pk=old.pk)

    assert changes(batch) == {
        2: [
            ["phone", f"139****{old.phone[-4:]}", "138****1111"],
            ["employer", "旧单位", "新单位"],
        ]
    }
    assert (new.phone, new.employer, new.notes) == ("13800001111", "新单位", "留着")
    assert Member.objects.search("1111").get() == new
    assert new.updated_at > old.updated_at


# --- export and import are one ---------------------------------------------------------
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_export_then_import_changes_nothing(place, secretary, send, language, form):
    group = build.group(place[1])
    build.member(
        "买买提·艾力",
        branch=place[1],
        party_group=group,
        landline="0571-8888 1234转5",
        address="浙江省杭州市（西湖区）文三路1号",
        notes="=1+1\r\n 第二行 ",
        employer="'单引号公司",
        native_place="-北京",
        title="083",
        post="0101",
        occupation="20000",
        is_floating=True,
        floating_to="广东省深圳市",
        floating_since=date(2025, 3, 1),
        out_of_contact_since=date(2026, 1, 1),
        is_retired=True,
        file_birth_date=date(1969, 12, 1),
    )
    build.member("王 芳", branch=place[1], state="activist", phone="", education="")
    build.member("欧阳某", branch=place[1], state="stopped", id_number=None)
    members = Member.objects.filter(branch=place[1]).order_by("pk")
    before = list(members.values())
    with translation.override(language):
        rows = [[show(member, column) for column in COLUMNS] for member in members]
        if form == "csv":
            content = workbooks.write_csv(workbooks.header(), rows)
        else:
            content = workbooks.write_xlsx(
                workbooks.header(), rows, title="x", widths=workbooks.widths()
            )

    batch = send(place[1], secretary, content)

    assert faults(batch) == {}
    assert counts(batch) == (0, 0, 4, 0)  # the secretary's own record is one
    assert list(members.values()) == before


def test_a_mask_of_another_value_is_refused(place, secretary, send):
    old = build.member(branch=place[1], address="北京市某路1号")
    rows = [
        ["记录编号", "手机号码", "家庭住址"],
        [old.pk, "138****9999", "北京市****"],
    ]

    assert faults(send(place[1], secretary, rows)) == {2: [("phone", "masked")]}


def test_a_masked_number_names_nobody_new(place, secretary, send):
    rows = [HEADER, person(1, 身份证号="**************002X", 手机号码="138****1234")]

    assert faults(send(place[1], secretary, rows)) == {2: [("id_number", "nobody")]}


# --- what is refused -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"身份证号": ""}, ("id_number", "nobody")),
        ({"身份证号": "110105194912310021"}, ("id_number", "check_digit")),
        ({"身份证号": "1.10105E+17"}, ("id_number", "rounded")),
        ({"身份证号": "110105491231002"}, ("id_number", "withdrawn")),
        ({"姓名": "张3"}, ("name", "invalid")),
        ({"姓名": ""}, ("name", "blank")),
        ({"民族": "火星族"}, ("ethnic_group", "unknown_code")),
        ({"民族": ""}, ("ethnic_group", "blank")),
        ({"人员类别": "群众"}, ("state", "unknown_code")),
        ({"人员类别": "停止党籍"}, ("state", "not_allowed")),
        ({"人员类别": "预备党员"}, ("full_member_on", "too_early")),
        ({"人员类别": "", "转正日期": ""}, ("state", "required")),
        ({"入党日期": "1999.07"}, ("admitted_on", "no_day")),
        ({"入党日期": "1990-07-01"}, ("admitted_on", "under_age")),
        ({"入党日期": "去年"}, ("admitted_on", "date")),
        ({"转正日期": "1999-12-31"}, ("full_member_on", "too_early")),
        ({"转正日期": "2099-12-31"}, ("full_member_on", "in_future")),
        ({"手机号码": "0571-1234567"}, ("phone", "mobile")),
    ],
)
def test_each_fault_is_told_at_its_column(place, secretary, send, cells, fault):
    batch = send(place[1], secretary, [HEADER, person(1, **cells)])

    assert faults(batch) == {2: [fault]}


def test_all_faults_of_a_row_are_told_at_once(place, secretary, send):
    row = person(1, 民族="某", 手机号码="1", 入党日期="1999.07")

    assert sorted(faults(send(place[1], secretary, [HEADER, row]))[2]) == [
        ("admitted_on", "no_day"),
        ("ethnic_group", "unknown_code"),
        ("phone", "mobile"),
    ]


def test_reasons_are_told_in_the_language_of_the_sender(place, secretary, send):
    rows = [["姓名", "身份证号"], ["张建国", ""]]

    (reason,) = reasons(send(place[1], secretary, rows))
    assert reason.startswith("Enter the ID number")


def test_the_same_person_twice_refuses_both_rows(place, secretary, send):
    known = build.member(branch=place[1])
    header = [*HEADER, "记录编号"]
    rows = [
        header,
        [*person(1), ""],
        [*person(2), ""],
        [*person(1, 身份证号=f"'{id_number(1)} "), ""],
        ["", "", "", "", "", "", "13800000000", "", known.pk],
        ["", known.id_number, "", "", "", "", "13800000001", "", ""],
    ]
    batch = send(place[1], secretary, rows)

    assert {row: found[0][1] for row, found in faults(batch).items()} == dict.fromkeys(
        [2, 4, 5, 6], "double"
    )
    others = [reason.split(":")[0][-1] for reason in reasons(batch)]
    assert others == ["4", "2", "6", "5"]


def test_state_and_branch_do_not_change_by_import(place, secretary, send):
    build.member("左一", branch=place[1], id_number=id_number(1), state="probationary")
    top = build.secretary(of=place[0], home=place[1])
    state = send(place[1], secretary, [HEADER, person(1, 人员类别="正式党员")])
    rows = [["身份证号", "党支部"], [id_number(1), place[2].name]]
    moved = send(place[0], top, rows)

    assert ("state", "only_by_states") in faults(state)[2]
    assert faults(moved) == {2: [("branch", "only_by_transfer")]}


def test_a_closed_record_stays_closed(place, secretary, send):
    left = build.member(branch=place[1], state="deceased")
    rows = [["记录编号", "姓名"], [left.pk, "新名"]]

    batch = send(place[1], secretary, rows)
    assert faults(batch) == {2: [("record", "no_longer_on_roll")]}


def test_nobody_comes_back_within_five_years(place, secretary, send):  # MEM-21
    left = build.member(branch=place[1], state="removed", id_number=id_number(1))
    StateChange.objects.create(
        member=left,
        from_state="full",
        to_state="removed",
        body="superior",
        decided_on=date(2024, 1, 1),
        effective_on=date(2024, 1, 1),
    )
    header = [*HEADER, "申请入党日期"]

    def row(applied_on):
        cells = person(1, 人员类别="入党申请人", 入党日期="", 转正日期="")
        return [header, [*cells, applied_on]]

    with time_machine.travel("2030-01-01"):
        early = send(place[1], secretary, row("2028-12-31"))
        late = send(place[1], secretary, row("2029-01-01"))

    assert faults(early) == {2: [("id_number", "exit_within_5_years")]}
    assert counts(late) == (1, 0, 0, 0)


def test_birth_month_is_enough_beside_an_id_number(place, secretary, send, apply):
    header = [*HEADER, "出生年月"]
    rows = [header, [*person(1), "1975.06"], [*person(2, "李秀英"), "1975.07"]]
    batch = send(place[1], secretary, rows)
    assert faults(batch) == {3: [("birth_date", "disagrees")]}

    apply(batch, leave_out_refused=True)
    assert Member.objects.get(name="陈晓明").birth_date == date(1975, 6, 1)


# --- flags -----------------------------------------------------------------------------
FLAGS = ["身份证号", "是否流动", "流动去向", "是否失联", "失联日期"]


def test_no_longer_floating_clears_where_to(place, secretary, send, apply):
    old = build.member(
        branch=place[1],
        is_floating=True,
        floating_to="广东省",
        floating_since=date(2025, 1, 1),
        out_of_contact_since=date(2025, 5, 1),
    )
    batch = send(place[1], secretary, [FLAGS, [old.id_number, "否", "", "否", ""]])
    apply(batch)
    new = Member.objects.get(pk=old.pk)

    assert (new.is_floating, new.floating_to, new.floating_since) == (False, "", None)
    assert new.out_of_contact_since is None


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (["是", "", "", ""], ("floating_to", "required")),
        (["否", "广东省", "", ""], ("is_floating", "disagrees")),
        (["", "", "是", ""], ("out_of_contact_since", "required")),
        (["", "", "否", "2025.05"], ("is_out_of_contact", "disagrees")),
    ],
)
def test_flags_and_their_days_agree(place, secretary, send, cells, fault):
    old = build.member(branch=place[1])
    batch = send(place[1], secretary, [FLAGS, [old.id_number, *cells]])

    assert faults(batch) == {2: [fault]}


# --- branches, groups, posts -----------------------------------------------------------
def test_a_committee_imports_into_the_branches_that_the_rows_name(place, send, apply):
    top = build.secretary(of=place[0], home=place[1])
    Branch.objects.filter(pk=place[2].pk).update(short_name="西村")
    header = [*HEADER, "党支部"]
    rows = [
        header,
        [*person(1, "甲一"), place[1].code],
        [*person(2, "乙二"), place[2].name],
        [*person(3, "丙三"), "西村"],
        [*person(4, "丁四"), ""],
        [*person(5, "戊五"), place[0].name],
    ]
    batch = send(place[0], top, rows)
    assert faults(batch) == {
        5: [("branch", "required")],
        6: [("branch", "no_roll")],
    }

    apply(batch, leave_out_refused=True)
    found = Member.objects.filter(name__in=["甲一", "乙二", "丙三"]).order_by("pk")
    assert [member.branch for member in found] == [place[1], place[2], place[2]]


def test_a_branch_out_of_scope_is_refused_like_none_at_all(place, secretary, send):
    header = [*HEADER, "党支部"]  # AZ-06
    for name in (place[2].name, place[2].code, place[0].name, "不存在的支部"):
        batch = send(place[1], secretary, [header, [*person(1), name]])

        assert faults(batch) == {2: [("branch", "elsewhere")]}, name


def test_an_ambiguous_name_needs_the_code(place, send):
    top = build.secretary(of=place[0], home=place[1])
    Branch.objects.filter(pk__in=[place[1].pk, place[2].pk]).update(short_name="村")
    header = [*HEADER, "支部"]
    batch = send(place[0], top, [header, [*person(1), "村"]])

    assert faults(batch) == {2: [("branch", "ambiguous")]}


def test_a_party_group_is_one_of_the_branch(place, secretary, send, apply):
    own, other = build.group(place[1]), build.group(place[2])
    header = [*HEADER, "党小组"]
    rows = [header, [*person(1, "甲一"), own.name], [*person(2, "乙二"), other.name]]
    batch = send(place[1], secretary, rows)
    apply(batch, leave_out_refused=True)

    assert faults(batch) == {3: [("party_group", "no_group")]}
    assert Member.objects.get(name="甲一").party_group == own


def test_posts_follow_the_local_list_where_there_is_one(place, secretary, send, apply):
    LocalCode.objects.create(
        table="post", code="0101", name_zh="村干部", valid_from=date(2020, 1, 1)
    )
    header = [*HEADER, "工作岗位"]
    rows = [header, [*person(1, "甲一"), "村干部"], [*person(2, "乙二"), "船长"]]
    batch = send(place[1], secretary, rows)
    apply(batch, leave_out_refused=True)

    assert faults(batch) == {3: [("post", "unknown_code")]}
    assert Member.objects.get(name="甲一").post == "0101"


# --- people of other rolls -------------------------------------------------------------
def test_who_is_on_another_roll_needs_a_transfer(place, secretary, send):
    build.member("西一", branch=place[2], id_number=id_number(1))
    batch = send(place[1], secretary, [HEADER, person(1)])

    assert faults(batch) == {2: [("id_number", "already_on_roll")]}
    assert RollInquiry.objects.filter(user=secretary).count() == 1


def test_a_record_number_of_another_roll_is_unknown(place, secretary, send):
    other = build.member("西一", branch=place[2])
    batch = send(place[1], secretary, [["记录编号", "姓名"], [other.pk, "新名"]])

    assert faults(batch) == {2: [("record", "no_record")]}
    assert RollInquiry.objects.count() == 0


def test_who_may_see_the_other_roll_asks_freely(place, send):
    top = build.secretary(of=place[0], home=place[1])
    build.member("西一", branch=place[2], id_number=id_number(1))
    batch = send(place[1], top, [HEADER, person(1)])

    assert faults(batch) == {2: [("id_number", "already_on_roll")]}
    assert RollInquiry.objects.count() == 0


@override_settings(ROLL_INQUIRIES_PER_HOUR=3)
def test_a_file_is_no_way_to_ask_about_everybody(place, secretary, send):
    for number in range(4):
        build.member(branch=place[2], id_number=id_number(number))
    rows = [HEADER, *(person(number) for number in range(4))]
    batch = send(place[1], secretary, rows)

    assert batch.state == State.REFUSED
    assert "too many people" in batch.error
    assert (batch.report, batch.file) == ("", b"")
    assert RollInquiry.objects.filter(user=secretary).count() == 3


# --- all or nothing --------------------------------------------------------------------
def test_refused_rows_are_left_out_only_by_choice(place, secretary, send, apply):
    rows = [HEADER, person(1, "甲一"), person(2, "乙二", 民族="")]
    batch = send(place[1], secretary, rows)
    with pytest.raises(ValidationError) as refusal:
        imports.ask_to_apply(batch)
    assert refusal.value.error_dict["leave_out_refused"][0].code == "refused_rows"

    apply(batch, leave_out_refused=True)
    assert batch.state == State.APPLIED
    assert Member.objects.filter(name__in=["甲一", "乙二"]).count() == 1


def test_killed_in_the_middle_nothing_is_written(
    place, secretary, send, apply, monkeypatch
):  # UP-06
    known = build.member(
        branch=place[1], id_number=id_number(9), birth_date=date(1975, 6, 1)
    )
    rows = [HEADER, *(person(n) for n in range(5)), person(9, known.name)]
    batch = send(place[1], secretary, rows)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.APPLYING)
    before = list(Member.objects.order_by("pk").values())

    class Killed(BaseException):
        pass

    def kill(done, total):
        if done == total:  # all written, and nothing of it committed
            raise Killed

    monkeypatch.setattr(imports, "teller", lambda batch: kill)
    with pytest.raises(Killed):
        imports.apply(batch.pk)
    monkeypatch.undo()

    batch.refresh_from_db()
    assert batch.state == State.APPLYING
    assert list(Member.objects.order_by("pk").values()) == before

    imports.apply(batch.pk)
    imports.apply(batch.pk)  # RL-05
    assert Member.objects.filter(name="陈晓明").count() == 5
    assert ImportBatch.objects.get(pk=batch.pk).state == State.APPLIED


def test_what_was_shown_is_what_is_written(place, secretary, send, apply):
    known = build.member(branch=place[1], employer="甲")
    rows = [["身份证号", "工作单位"], [known.id_number, "丙"]]
    batch = send(place[1], secretary, rows)
    Member.objects.filter(pk=known.pk).update(employer="乙")
    apply(batch)

    assert batch.state == State.CHECKED
    assert "have changed" in batch.error
    assert Member.objects.get(pk=known.pk).employer == "乙"
    assert changes(batch) == {2: [["employer", "乙", "丙"]]}

    apply(batch)
    assert (batch.state, batch.error) == (State.APPLIED, "")
    assert Member.objects.get(pk=known.pk).employer == "丙"


def test_somebody_enrolled_meanwhile_refuses_the_row(place, secretary, send, apply):
    batch = send(place[1], secretary, [HEADER, person(1), person(2)])
    build.member("西一", branch=place[2], id_number=id_number(2))
    apply(batch)

    assert batch.state == State.CHECKED
    assert faults(batch) == {3: [("id_number", "already_on_roll")]}
    assert not Member.objects.filter(name="陈晓明").exists()


def test_the_same_moment_is_judged_again(place, secretary, send, monkeypatch):
    batch = send(place[1], secretary, [HEADER, person(1)])
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.APPLYING)
    write, tries = rosters.write, []

    def collide(*args, **options):
        tries.append(1)
        if len(tries) == 1:
            raise IntegrityError("members_member_id_number_is_on_one_roll")
        return write(*args, **options)

    monkeypatch.setattr(rosters, "write", collide)
    imports.apply(batch.pk)

    assert len(tries) == 2
    assert Member.objects.filter(name="陈晓明").count() == 1


def test_asked_twice_it_is_applied_once(place, secretary, send, apply):
    batch = send(place[1], secretary, [HEADER, person(1)])
    apply(batch)
    again = imports.ask_to_apply(batch)

    assert again.state == State.APPLIED
    assert Member.objects.filter(name="陈晓明").count() == 1


# --- rights ----------------------------------------------------------------------------
def test_rights_are_checked_when_the_work_is_done(place, secretary, send, apply):
    batch = send(place[1], secretary, [HEADER, person(1)])  # AZ-16
    yesterday = timezone.localdate() - timedelta(days=1)
    Appointment.objects.update(ends_on=yesterday)
    secretary.branchgrant_set.update(ends_on=yesterday)
    apply(batch)

    assert batch.state == State.REFUSED
    assert "no longer keep the roll" in batch.error
    assert not Member.objects.filter(name="陈晓明").exists()


def test_an_upload_whose_sender_lost_the_right_is_not_read(place, secretary, send):
    secretary.is_active = False
    secretary.save()
    batch = send(place[1], secretary, [HEADER, person(1)])

    assert (batch.state, batch.report) == (State.REFUSED, "")


# --- the file of refused rows, wiping, queueing ----------------------------------------
def test_refused_rows_come_back_as_a_file_to_mend(place, secretary, send, apply):
    rows = [["党员名册"], HEADER, person(1, "甲一"), person(2, "乙二", 民族="=1+1")]
    batch = send(place[1], secretary, rows)
    content, suffix = import_reports.refused_file(batch)
    header, row = cells_of(content)

    assert suffix == "xlsx"
    assert header[1:] == HEADER
    assert row[0].startswith("民族: ")
    assert row[1:3] == ["乙二", id_number(2)]
    assert row[3] == "'=1+1"

    row[3] = "汉族"
    mended = send(place[1], secretary, xlsx([header, row]))
    assert counts(mended) == (1, 0, 0, 0)
    assert import_reports.read_report(mended)["unknown"] == []


def test_a_discarded_upload_is_wiped(place, secretary, send):
    batch = send(place[1], secretary, [HEADER, person(1)])
    imports.discard(batch)
    imports.discard(batch)
    batch.refresh_from_db()

    assert (batch.state, batch.file, batch.report) == (State.DISCARDED, b"", "")
    with pytest.raises(ValidationError) as refusal:
        imports.ask_to_apply(batch)
    assert refusal.value.code == "not_open"


def test_what_nobody_decides_on_is_wiped_after_a_week(place, secretary, send, apply):
    left = send(place[1], secretary, [HEADER, person(1)])
    done = apply(send(place[1], secretary, [HEADER, person(2)]))
    imports.wipe_old()
    assert not ImportBatch.objects.filter(report__isnull=True).exists()

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        imports.wipe_old()
        imports.wipe_old()
    left.refresh_from_db()
    done.refresh_from_db()

    assert (left.state, left.file, left.report) == (State.DISCARDED, b"", "")
    assert (done.state, done.report) == (State.APPLIED, "")


def test_what_the_broker_did_not_take_is_checked_later(place, secretary):  # RL-09
    content = csv_file([HEADER, person(1)])
    batch = imports.receive(place[1], file_name="r.csv", content=content, by=secretary)
    assert ImportBatch.objects.get().state == State.CHECKING

    outbox.drain(now=timezone.now() + timedelta(minutes=1))

    batch.refresh_from_db()
    assert batch.state == State.CHECKED


def test_a_file_that_takes_too_long_is_refused(place, secretary, send, monkeypatch):
    def endless(_content):
        raise imports.SoftTimeLimitExceeded  # UP-05

    monkeypatch.setattr(imports, "read_roster", endless)
    batch = send(place[1], secretary, [HEADER, person(1)])

    assert (batch.state, batch.error) == (
        State.REFUSED,
        "The file takes too long to read: split it.",
    )


def test_a_damaged_seal_refuses_the_row_and_no_more(place, secretary, send):  # CR-02
    known = build.member(branch=place[1])
    other = build.member(branch=place[1])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET id_number = decode('00', 'hex') WHERE id = %s",
            [known.pk],
        )
    rows = [
        ["记录编号", "工作单位"],
        [known.pk, "新单位"],
        [other.pk, "新单位"],
    ]
    batch = send(place[1], secretary, rows)

    assert faults(batch) == {2: [("", "damaged")]}
    assert counts(batch) == (0, 1, 0, 1)


def test_questions_to_the_database_do_not_grow_with_rows(
    place, secretary, django_assert_num_queries
):
    def ask(count):
        table = read_roster(csv_file([HEADER, *(person(n) for n in range(count))]))
        made = rosters.Plan(table, branch=place[1], by=secretary)
        (lines,) = made.judged()
        assert len(lines) == made.counts["new"] == count

    ask(1)
    with django_assert_num_queries(3):
        ask(3)
    with django_assert_num_queries(3):
        ask(300)


ANY_TEXT = st.text(max_size=30) | st.sampled_from(
    [
        "是",
        "否",
        "2001-07-01",
        "200107",
        "****",
        "138****1234",
        "正式党员",
        "汉",
        "1e300",
    ]
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cells=st.lists(ANY_TEXT, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_whatever_the_cells_hold_rows_are_judged(place, secretary, cells):  # IN-10
    known = place[1].members.first()
    at = [column.field for column in COLUMNS].index("record")
    rows = [list(cells), list(cells)]
    rows[1][at] = str(known.pk)
    content = workbooks.write_csv([column.zh for column in COLUMNS], rows)
    try:
        table = read_roster(content)
    except ValidationError:
        return
    with transaction.atomic():
        made = rosters.Plan(table, branch=place[1], by=secretary)
        for lines in made.judged():
            assert all(line.faults for line in lines if line.kind == "refused")
            rosters.write(lines, by=secretary)
        transaction.set_rollback(True)
