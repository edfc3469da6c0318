"""The list of what is open says of many branches what is computed of one."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities import duties as counting
from activities.models import Activity, BranchSize, CoHost, DutyRule
from activities.services import duties, open_duties
from members.models import Appointment, AuditEntry, Branch, JobRun, Notification
from members.services import branches
from tests import build

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def on(month, day, hour=1, year=2026):
    """An hour of a day in Shanghai, nine in the morning by default."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def held(branch, kind="theme_day", at=None, **fields):
    return build.activity(
        branch=branch,
        kind=kind,
        state=fields.pop("state", "held"),
        starts_at=at,
        **fields,
    )


def seven(branch):
    for _ in range(7):
        build.member(branch=branch)


def rules(*codes):
    return DutyRule.objects.filter(code__in=codes)


def lacking(*codes, today=TODAY, among=None):
    """(code, first day of the period, branch, group) of each line, in order."""
    demands = open_duties.near(rules(*codes), today)
    among = Branch.objects.all() if among is None else among
    lines, more = open_duties.lines(demands, among, today=today, size=500)
    assert not more
    return [
        (line.demand[0].code, line.demand[1].starts_on, line.branch, line.group)
        for line in lines
    ]


# --- one branch -------------------------------------------------------------------------
def test_the_rules_of_the_regulations_are_loaded():  # LIFE-01 … LIFE-08, CAL-01 … CAL-04
    loaded = {
        rule.code: (rule.period, rule.times, rule.activity_kind, rule.is_required)
        for rule in DutyRule.objects.exclude(activity_kind="")
    }

    assert loaded == {
        "LIFE-01": ("quarter", 1, "general_meeting", True),
        "LIFE-02": ("month", 1, "committee_meeting", True),
        "LIFE-03": ("month", 1, "group_meeting", True),
        "LIFE-04": ("quarter", 1, "lecture", False),
        "LIFE-05": ("year", 1, "lecture", True),
        "LIFE-06": ("month", 1, "theme_day", True),
        "LIFE-07": ("year", 1, "life_meeting", True),
        "LIFE-08": ("year", 1, "appraisal", True),
    }
    assert set(DutyRule.objects.values_list("calendar", flat=True)) == {
        "CAL-01",
        "CAL-02",
        "CAL-03",
        "CAL-04",
    }
    for rule in DutyRule.objects.all():
        rule.full_clean()


def test_a_branch_with_a_committee_and_two_groups_owes_54_in_a_year():  # MIN-17
    branch = build.branch()
    seven(branch)
    build.group(branch)
    build.group(branch)
    held(branch, at=on(5, 8))
    held(branch, "general_meeting", at=on(6, 30))

    found, _reminders = duties.of_branch(branch, 2026, today=TODAY)

    # 4 + 12 + 12 x 2 + 12 + 1 + 1; the lectures are recommended.
    assert counting.completion(found) == (2, 54)


def test_the_day_in_shanghai_decides_and_a_co_host_counts_alike():  # CNT-04
    branch, other = build.branch(), build.branch()
    late = held(other, at=datetime(2026, 4, 30, 16, 30, tzinfo=UTC))  # the first of May
    CoHost.objects.create(activity=late, branch=branch)
    held(branch, at=on(6, 1), state="cancelled", cancelled_reason="下雨")
    held(branch, at=on(7, 1), state="draft")

    for one in (branch, other):
        found, _reminders = duties.of_branch(one, 2026, today=TODAY)
        done = [d.due_on for d in found if d.rule.code == "LIFE-06" and d.done]
        assert done == [date(2026, 5, 31)]


def test_a_temporary_branch_is_asked_only_what_it_can_hold():  # ORG-12
    branch = build.branch(kind="temp_branch")

    found, _reminders = duties.of_branch(branch, 2026, today=TODAY)

    assert {duty.rule.code for duty in found} == {"LIFE-04", "LIFE-06"}


def test_what_a_past_month_owed_stays_whoever_comes_or_goes(time_machine):  # ORG-19
    branch = build.branch()
    seven(branch)
    duties.note_sizes(today=date(2026, 10, 1))
    branch.members.first().delete()

    found, _reminders = duties.of_branch(branch, 2026, today=TODAY)
    months = [d.span.starts_on.month for d in found if d.rule.code == "LIFE-02"]
    assert months == [10, 11, 12]

    duties.note_sizes(today=TODAY)
    found, _reminders = duties.of_branch(branch, 2026, today=TODAY)
    months = [d.span.starts_on.month for d in found if d.rule.code == "LIFE-02"]
    assert months == [10]


def test_sizes_are_noted_once_a_month():
    branch, closed = build.branch(), build.branch(closed_on=date(2026, 1, 1))
    build.member(branch=branch)
    build.member(branch=branch, state="probationary")

    assert duties.note_sizes(today=TODAY) == 1
    build.member(branch=branch)
    assert duties.note_sizes(today=TODAY) == 0

    (size,) = BranchSize.objects.all()
    assert (size.branch, size.month, size.full_members) == (
        branch,
        date(2026, 11, 1),
        1,
    )
    assert closed.pk != size.branch_id


def test_a_group_owes_from_the_month_it_was_formed(time_machine):  # LIFE-03
    time_machine.move_to(NOW)
    branch = build.branch()
    branches.add_group(branch, name="第一党小组", by=None)

    found, _reminders = duties.of_branch(branch, 2026, today=TODAY)

    months = [d.span.starts_on.month for d in found if d.rule.code == "LIFE-03"]
    assert months == [11, 12]


# --- many branches ----------------------------------------------------------------------
def test_what_is_missing_stands_by_the_day_due_then_by_the_tree():
    top, *below = build.tree()
    left, right = sorted(below, key=lambda branch: branch.path)
    held(left, at=on(10, 3))
    held(right, at=on(11, 3))
    held(left, "general_meeting", at=on(8, 1))

    assert lacking("LIFE-06", "LIFE-01") == [
        ("LIFE-06", date(2026, 8, 1), left.pk, 0),
        ("LIFE-06", date(2026, 8, 1), right.pk, 0),
        ("LIFE-01", date(2026, 7, 1), right.pk, 0),
        ("LIFE-06", date(2026, 9, 1), left.pk, 0),
        ("LIFE-06", date(2026, 9, 1), right.pk, 0),
        ("LIFE-06", date(2026, 10, 1), right.pk, 0),
        ("LIFE-06", date(2026, 11, 1), left.pk, 0),
        ("LIFE-01", date(2026, 10, 1), left.pk, 0),
        ("LIFE-01", date(2026, 10, 1), right.pk, 0),
    ]
    assert lacking("LIFE-05") == [("LIFE-05", date(2026, 1, 1), top.pk, 0)]


def test_what_is_announced_for_now_is_not_open_but_for_the_past_it_is():
    branch = build.branch()
    held(branch, at=on(11, 28), state="planned")
    held(branch, at=on(10, 28), state="planned")

    months = [begins.month for _code, begins, _branch, _group in lacking("LIFE-06")]

    assert months == [8, 9, 10]


def test_the_list_agrees_with_what_is_computed_of_each_branch():
    """Branches of all sorts, and the demands near today, both ways."""
    top = build.committee()
    days = [date(2010, 7, 1), date(2026, 8, 15), date(2026, 9, 30), date(2026, 11, 2)]
    for number, since in enumerate(days * 2):
        branch = build.branch(
            parent=top,
            established_on=since,
            kind="temp_branch" if number == 7 else "branch",
            setting="organ" if number % 2 else "village",
        )
        if number % 3 == 0:
            seven(branch)
        if number % 4 < 2:
            group, other = build.group(branch), build.group(branch)
            other.set_up_on = date(2026, 10, 9)
            other.save()
            held(branch, "group_meeting", at=on(10, 9), party_group=group)
        held(branch, at=on(9 + number % 3, 5))
        held(branch, "general_meeting", at=on(8 + number % 4, 1))
        held(branch, "committee_meeting", at=on(9, 2))
        if number % 4:
            step = "done" if number % 4 == 1 else "poll"
            build.appraisal_round(branch, year=2026 - number % 2, step=step)
    BranchSize.objects.create(branch=branch, month=date(2026, 9, 1), full_members=9)
    DutyRule.objects.create(
        code="ZZ-01",
        version=1,
        name_zh="志愿服务",
        source_zh="本地",
        period="quarter",
        times=3,
        activity_kind="theme_day",
        branch_kinds=["branch"],
        settings=["organ"],
        most_members=7,
        in_force_from=date(2026, 1, 1),
    )
    demands = open_duties.near(DutyRule.objects.all(), TODAY)

    lines, _more = open_duties.lines(
        demands, Branch.objects.all(), today=TODAY, size=1000
    )
    listed = {(line.demand, line.branch, line.group): line.lacks for line in lines}

    computed = {}
    for branch in Branch.objects.all():
        found, _reminders = duties.of_branch(branch, 2026, today=TODAY)
        for duty in found:
            place = (duty.rule, duty.span)
            group = duty.group.pk if duty.group else 0
            if place in demands and duty.state(TODAY) in {"open", "missed"}:
                computed[place, branch.pk, group] = duty.missing
    assert listed == computed
    assert len({rule.code for (rule, _span), *_ in listed}) >= 7


@pytest.mark.parametrize(
    ("step", "today", "state"),
    [
        ("self", TODAY, "planned"),
        ("feedback", TODAY, "planned"),
        ("done", TODAY, "done"),
        ("feedback", date(2027, 1, 20), "missed"),
        ("done", date(2027, 1, 20), "done"),
    ],
)
def test_a_finished_round_of_appraisal_is_the_appraisal_of_its_year(step, today, state):
    """LIFE-08, LIFE-23: its last step is the feedback; grades of a year are often
    settled in the January after it."""
    branch = build.branch()
    settled = date(2027, 1, 15) if today.year == 2027 else date(2026, 11, 20)
    build.appraisal_round(branch, year=2026, step=step, decided_on=settled)
    build.appraisal_round(branch, year=2025, step="done")

    found, _reminders = duties.of_branch(branch, 2026, today=today)

    duty = next(duty for duty in found if duty.rule.code == "LIFE-08")
    assert duty.state(today) == state
    open_ones = [year.year for _code, year, *_ in lacking("LIFE-08", today=today)]
    assert (2026 in open_ones) == (state == "missed")


def test_pages_meet_every_line_once(django_assert_num_queries):
    top = build.committee()
    for _ in range(7):
        build.group(build.branch(parent=top))
    demands = open_duties.near(DutyRule.objects.all(), TODAY)
    among = Branch.objects.all()
    whole, _more = open_duties.lines(demands, among, today=TODAY, size=1000)

    met, after, more = [], "", True
    while more:
        lines, more = open_duties.lines(
            demands, among, today=TODAY, size=4, after=after
        )
        met += lines
        after = lines[-1].key

    assert met == whole
    assert len(met) > 50
    with django_assert_num_queries(2):
        open_duties.lines(demands, among, today=TODAY, size=4, after=after)


@pytest.mark.parametrize(
    "after",
    ["", "x", "LIFE-06", "LIFE-06_2026-10-01_x_0", "LIFE-06_2026-10-01_9_9_9", "\0"],
)
def test_a_key_that_leads_nowhere_begins_at_the_beginning(after):
    build.branch()
    demands = open_duties.near(DutyRule.objects.all(), TODAY)

    def first(**place):
        return open_duties.lines(
            demands, Branch.objects.all(), today=TODAY, size=1, **place
        )

    assert first(after=after) == first()


def test_closed_branches_and_dissolved_groups_need_no_help():
    closed = build.branch(closed_on=date(2026, 11, 20))
    branch = build.branch()
    group = build.group(branch)
    group.dissolved_on = date(2026, 11, 20)
    group.save()

    found = lacking("LIFE-06", "LIFE-03")

    assert {line[2] for line in found} == {branch.pk}
    assert {line[0] for line in found} == {"LIFE-06"}
    assert closed.pk not in {line[2] for line in found}


def test_last_year_is_still_seen_in_january():
    branch = build.branch()

    found = lacking("LIFE-06", today=date(2027, 1, 20))

    assert [begins for _code, begins, *_ in found] == [
        date(2026, 10, 1),
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    assert {line[2] for line in found} == {branch.pk}


# --- versions ---------------------------------------------------------------------------
def version(**changes):
    """The theme day, changed, as the form gives it: unsaved."""
    rule = DutyRule.objects.get(code="LIFE-06", version=1)
    rule.pk, rule._state.adding = None, True
    for name, value in {"in_force_from": date(2026, 12, 1), **changes}.items():
        setattr(rule, name, value)
    return rule


def test_a_new_version_stands_beside_the_old_and_leaves_past_months():
    by, branch = build.administrator("system"), build.branch()
    before, _reminders = duties.of_branch(branch, 2026, today=TODAY)

    made = duties.add_version(version(times=2), by=by, today=TODAY)
    again = duties.add_version(version(times=2), by=by, today=TODAY)

    after, _reminders = duties.of_branch(branch, 2026, today=TODAY)
    assert (made.version, made.created_by, again) == (2, by, made)
    changed = {
        (old.due_on, old.required, new.required)
        for old, new in zip(before, after, strict=True)
        if old.required != new.required
    }
    assert changed == {(date(2026, 12, 31), 1, 2)}
    entry = AuditEntry.objects.get(act=AuditEntry.Act.SETTING_CHANGED)
    assert entry.context == {"code": "LIFE-06", "version": 2}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"in_force_from": date(2026, 12, 2)}, "middle"),
        ({"period": "quarter", "in_force_from": date(2026, 12, 1)}, "middle"),
        ({"in_force_from": date(2026, 10, 1)}, "past"),
        ({"in_force_from": date(2018, 1, 1)}, "past"),
    ],
)
def test_a_version_begins_with_a_period_that_is_not_over(changes, code):
    by = build.administrator("system")

    for _ in range(2):
        with pytest.raises(ValidationError) as refusal:
            duties.add_version(version(times=2, **changes), by=by, today=TODAY)
        assert refusal.value.error_dict["in_force_from"][0].code == code

    assert DutyRule.objects.filter(code="LIFE-06").count() == 1


def test_a_version_does_not_begin_before_the_one_that_stands():
    by = build.administrator("system")
    later = version(times=2, in_force_from=date(2027, 2, 1))
    duties.add_version(later, by=by, today=TODAY)

    with pytest.raises(ValidationError) as refusal:
        duties.add_version(version(times=3), by=by, today=TODAY)

    assert refusal.value.error_dict["in_force_from"][0].code == "order"


def test_faults_of_a_version_stand_at_their_fields():
    by = build.administrator("system")
    wrong = version(
        times=99, least_members=9, most_members=3, exempt_kinds=["committee"]
    )

    with pytest.raises(ValidationError) as refusal:
        duties.add_version(wrong, by=by, today=TODAY)

    assert set(refusal.value.error_dict) == {"times", "most_members", "exempt_kinds"}


def test_a_yearly_rule_that_becomes_monthly_waits_for_the_next_year():
    by = build.administrator("system")
    rule = DutyRule.objects.get(code="LIFE-07")
    rule.pk, rule.period = None, "month"

    rule.in_force_from = date(2026, 1, 1)
    with pytest.raises(ValidationError) as refusal:
        duties.add_version(rule, by=by, today=TODAY)
    assert refusal.value.error_dict["in_force_from"][0].code == "past"

    rule.in_force_from = date(2027, 1, 1)
    assert duties.add_version(rule, by=by, today=TODAY).version == 2


# --- reminders --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 11, 4), None),
        (date(2026, 11, 5), date(2026, 11, 5)),
        (date(2026, 11, 9), date(2026, 11, 5)),
        (date(2026, 11, 10), None),
        (date(2026, 12, 20), None),
        (date(2026, 12, 21), date(2026, 12, 21)),
        (date(2026, 9, 20), date(2026, 9, 20)),
        (date(2026, 10, 21), None),
    ],
)
def test_reminders_come_on_the_fifth_and_ten_days_before_a_quarter_ends(today, day):
    assert duties.reminding_day(today) == day


def remind(moment):
    return duties.remind("activities.tasks.remind_of_duties", now=moment)


def test_who_plans_for_a_branch_is_told_once_what_is_open():
    top = build.committee()
    open_, quiet = build.branch(parent=top), build.branch(parent=top)
    planner, above = build.secretary(of=open_), build.secretary(of=top, home=open_)
    build.secretary(of=quiet)
    held(quiet, at=on(11, 2))
    Notification.objects.all().delete()

    moment = on(11, 5)
    assert remind(moment) == 1
    assert remind(moment) == 0
    assert remind(on(11, 6)) == 0

    (line,) = Notification.objects.all()
    assert (line.user, line.kind) == (planner, "duties_open")
    assert line.context == {"branch": str(open_), "count": 1, "on": "2026-11-30"}
    assert line.url == f"/activities/branches/{open_.pk}/duties/"
    assert above != planner
    assert JobRun.objects.get().on == date(2026, 11, 5)


def test_before_a_quarter_ends_what_is_due_with_it_is_told_too():
    branch = build.branch()
    build.secretary(of=branch)
    Notification.objects.all().delete()

    remind(on(12, 21))

    # The theme day, the general meeting, the life meeting and the appraisal.
    assert Notification.objects.get().context["count"] == 4


def test_nobody_is_reminded_on_other_days_or_after_the_office_ended():
    branch = build.branch()
    build.secretary(of=branch, ends_on=date(2026, 10, 1))
    Notification.objects.all().delete()

    assert remind(on(11, 20)) == 0
    assert remind(on(11, 5)) == 0
    assert Appointment.objects.count() == 1
    assert not Notification.objects.exists()
    assert timezone.is_aware(NOW)
    assert Activity.objects.count() == 0


def test_of_two_who_add_the_same_version_the_second_is_told(monkeypatch):
    by = build.administrator("system")

    def slower(*_checked):
        """While one is judged, the other is written."""
        other = version(times=3)
        other.version = 2
        other.save(force_insert=True)

    monkeypatch.setattr(duties, "_check_beginning", slower)
    with pytest.raises(ValidationError) as refusal:
        duties.add_version(version(times=2), by=by, today=TODAY)

    assert refusal.value.error_dict["code"][0].code == "meanwhile"
