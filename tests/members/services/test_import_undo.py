"""Taking an applied import back (docs/decisions/0006-undo-of-an-import.md)."""

from datetime import date

import pghistory
import pytest
from django.core.exceptions import ValidationError

from members.models import AuditEntry, ImportBatch, Member, StateChange
from members.services import import_undo, imports, records
from members.signals import member_state_changed
from tests import build
from tests.rosters import HEADER, csv_file, id_number, person

State = ImportBatch.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


@pytest.fixture
def applied(branch, secretary, django_capture_on_commit_callbacks):
    """Bring rows onto the roll, as an import that is done."""

    def applied(*rows, header=HEADER):
        content = csv_file([header, *rows])
        with django_capture_on_commit_callbacks(execute=True):
            batch = imports.receive(
                branch, file_name="r.csv", content=content, by=secretary
            )
        with django_capture_on_commit_callbacks(execute=True):
            imports.ask_to_apply(batch)
        batch.refresh_from_db()
        assert batch.state == State.APPLIED
        return batch

    return applied


@pytest.fixture
def undo(secretary, django_capture_on_commit_callbacks):
    def undo(batch, by=None):
        with django_capture_on_commit_callbacks(execute=True):
            import_undo.ask_to_undo(batch, by=by or secretary, reason="传错了文件")
        batch.refresh_from_db()
        return batch

    return undo


def refusal_of(batch, by):
    with pytest.raises(ValidationError) as refusal:
        import_undo.ask_to_undo(batch, by=by, reason="x")
    return refusal.value


def stored(member):
    """The row as the database holds it, but for the moment of the last change."""
    row = Member.objects.filter(pk=member.pk).values().get()
    return {name: value for name, value in row.items() if name != "updated_at"}


def test_new_people_leave_the_roll_and_their_history_stays(
    branch, secretary, applied, undo
):
    batch = applied(person(1, "张建国"), person(2, "李秀英"))
    heard = []

    def hear(sender, member, change, **_):
        heard.append((member.name, change.from_state, change.to_state))

    member_state_changed.connect(hear)
    undo(batch)
    member_state_changed.disconnect(hear)

    assert batch.state == State.UNDONE
    assert (batch.undone_by, batch.undo_reason) == (secretary, "传错了文件")
    assert batch.undone_at is not None
    assert set(branch.members.live()) == {secretary.member}
    one = Member.objects.get(name="张建国")
    assert one.state == Member.State.VOIDED
    assert list(one.state_changes.values_list("to_state", "reason", "recorded_by")) == [
        ("voided", "传错了文件", secretary.pk),
        ("full", "首次登记", secretary.pk),
    ]
    assert list(one.events.order_by("pgh_id").values_list("state", flat=True)) == [
        "full",
        "voided",
    ]
    assert sorted(heard) == [
        ("张建国", "full", "voided"),
        ("李秀英", "full", "voided"),
    ]


def test_changed_records_get_every_old_value_back(branch, applied, undo):
    old = build.member(
        branch=branch, employer="旧单位", phone="13900001111", address="旧址1号"
    )
    other = build.member(branch=branch)
    before, beside = stored(old), stored(other)
    header = [
        "记录编号",
        "姓名",
        "手机号码",
        "家庭住址",
        "工作单位",
        "是否流动",
        "流动去向",
    ]
    batch = applied(
        [old.pk, "王新名", "13800002222", "新址2号", "新单位", "是", "广东省"],
        [other.pk, "", "", "", "新单位", "", ""],
        header=header,
    )
    assert Member.objects.get(pk=old.pk).phone == "13800002222"
    undo(batch)

    assert (stored(old), stored(other)) == (before, beside)
    new = Member.objects.get(pk=old.pk)
    assert (new.phone, new.address) == ("13900001111", "旧址1号")
    assert Member.objects.search("1111").get() == new
    employers = new.events.order_by("pgh_id").values_list("employer", flat=True)
    assert list(employers) == ["旧单位", "新单位", "旧单位"]


def test_indexes_are_those_of_today_and_not_of_the_version(branch, applied, undo):
    """Versions keep the indexes of the keys of their time (CR-07)."""
    old = build.member(branch=branch, phone="13900001111")
    before = stored(old)
    batch = applied([old.pk, "13800002222"], header=["记录编号", "手机号码"])
    first = old.events.earliest("pgh_id")
    type(first).objects.filter(pk=first.pk).update(phone_index=b"of an older key")
    undo(batch)

    assert stored(old) == before
    assert old.events.count() == 4  # with one more, whose index is right


def test_undone_the_same_file_can_be_imported_again(branch, applied, undo):
    undo(applied(person(1), person(2)))
    again = applied(person(1), person(2))

    assert again.accepted == 2
    assert branch.members.live().count() == 3


def test_it_is_written_into_the_audit_log_and_the_inbox(applied, undo, branch):
    above = build.officer("secretary", of=branch)
    batch = undo(applied(person(1)), by=above)

    done, undone = AuditEntry.objects.filter(
        act__in=["import_applied", "import_undone"]
    ).order_by("pk")
    assert done.by == batch.uploaded_by
    assert done.context == {"new": 1, "changed": 0}
    assert (undone.by, undone.reason) == (above, "传错了文件")
    assert (undone.subject_id, undone.context) == (batch.pk, {"records": 1})
    assert above.notifications.latest("pk").kind == "import_undone"


def test_asked_twice_it_is_undone_once(applied, undo, secretary):
    batch = undo(applied(person(1)))
    import_undo.ask_to_undo(batch, by=secretary, reason="again")
    import_undo.undo(batch.pk)
    batch.refresh_from_db()

    assert batch.undo_reason == "传错了文件"
    assert StateChange.objects.filter(to_state="voided").count() == 1


def corrected(member, secretary):
    member.employer = "别处"
    records.change_record(member, by=secretary)


TOUCHES = {
    "a changed field": corrected,
    "an office": lambda member, _by: build.appointment(
        member, office="publicity_officer"
    ),
    "an account": lambda member, _by: build.user(member=member),
    "a correction asked for": lambda member, by: build.correction(member, by=by),
    "a change of state": lambda member, by: StateChange.objects.create(
        member=member,
        from_state="full",
        to_state="stopped",
        body="superior",
        decided_on=date(2026, 1, 1),
        effective_on=date(2026, 1, 1),
    ),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_whoever_built_upon_a_record_keeps_the_import(applied, secretary, touch):
    batch = applied(person(1, "张建国"), person(2, "李秀英"))
    TOUCHES[touch](Member.objects.get(name="李秀英"), secretary)
    refusal = refusal_of(batch, secretary)

    assert refusal.code == "touched"
    assert "李秀英" in refusal.messages[0]
    assert "张建国" not in refusal.messages[0]
    batch.refresh_from_db()
    assert (batch.state, batch.undo_reason) == (State.APPLIED, "")


def test_many_who_are_in_the_way_are_counted_and_a_few_named(applied, secretary):
    batch = applied(*(person(n, f"张{'甲乙丙丁戊己庚'[n]}") for n in range(7)))
    Member.objects.filter(name__startswith="张").update(employer="别处")
    message = refusal_of(batch, secretary).messages[0]

    assert "7" in message
    assert "张戊 …" in message
    assert "张己" not in message


def test_touched_between_asking_and_doing_the_import_stands(applied, secretary):
    batch = applied(person(1, "张建国"), person(2, "李秀英"))
    import_undo.ask_to_undo(batch, by=secretary, reason="x")
    Member.objects.filter(name="李秀英").update(employer="别处")
    import_undo.undo(batch.pk)
    batch.refresh_from_db()

    assert (batch.state, batch.undone_by) == (State.APPLIED, None)
    assert "李秀英" in batch.error
    assert Member.objects.get(name="张建国").state == "full"
    assert secretary.notifications.latest("pk").kind == "import_stands"


def test_a_number_that_another_roll_has_by_now_stays_there(applied, branch, secretary):
    old = build.member(
        branch=branch, id_number=id_number(1), birth_date=date(1975, 6, 1)
    )
    batch = applied([old.pk, id_number(3)], header=["记录编号", "身份证号"])
    with pghistory.context(user=secretary.pk):  # not in the transaction of the import
        build.member(id_number=id_number(1), birth_date=date(1975, 6, 1))
    import_undo.ask_to_undo(batch, by=secretary, reason="x")
    import_undo.undo(batch.pk)
    batch.refresh_from_db()

    assert batch.state == State.APPLIED
    assert batch.error
    assert Member.objects.get(pk=old.pk).id_number == id_number(3)


def test_who_lost_the_right_undoes_nothing(applied, secretary):  # AZ-16
    batch = applied(person(1, "张建国"))
    import_undo.ask_to_undo(batch, by=secretary, reason="x")
    secretary.branchgrant_set.update(ends_on=date(2020, 1, 2))
    import_undo.undo(batch.pk)
    batch.refresh_from_db()

    assert batch.state == State.APPLIED
    assert Member.objects.get(name="张建国").state == "full"


def test_what_is_not_applied_cannot_be_undone(branch, secretary):
    batch = ImportBatch.objects.create(
        branch=branch, uploaded_by=secretary, file_name="x", state=State.CHECKED
    )

    assert refusal_of(batch, secretary).code == "not_open"


def test_questions_to_the_database_do_not_grow_with_rows(
    applied, secretary, django_assert_max_num_queries
):
    batch = applied(*(person(n) for n in range(60)))
    import_undo.ask_to_undo(batch, by=secretary, reason="x")
    with django_assert_max_num_queries(40):
        import_undo.undo(batch.pk)

    assert Member.objects.filter(state="voided").count() == 60
