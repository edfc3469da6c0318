"""Planning, step by step: what is written, what is refused, and twice in a row."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Activity, AgendaItem, CoHost, HelperTask
from activities.services import activities, co_hosts, helper_tasks, series
from members.models import Notification
from tests import build
from tests.race import codes

pytestmark = pytest.mark.django_db


def refusal(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return sorted(codes(caught.value))


def drafted(branch=None, **fields):
    """An activity that is not saved yet: tomorrow for two hours."""
    starts_at = fields.pop("starts_at", timezone.now() + timedelta(days=1))
    return Activity(
        branch=branch or build.branch(),
        kind=fields.pop("kind", "theme_day"),
        title="主题党日",
        starts_at=starts_at,
        ends_at=fields.pop("ends_at", starts_at + timedelta(hours=2)),
        place="村委会",
        **fields,
    )


# --- the plan ---------------------------------------------------------------------------
def test_a_plan_is_kept_as_a_draft_with_its_co_hosts():
    other, user = build.branch(), build.user()

    made = activities.plan(drafted(), co_hosts=[other], by=user)

    stored = Activity.objects.get(pk=made.pk)
    assert (stored.state, stored.created_by) == ("draft", user)
    assert [c.branch for c in stored.co_hosts.all()] == [other]


def test_what_a_plan_is_refused_for():
    now = timezone.now()
    day = timedelta(days=1)
    closed = build.branch(closed_on=date(2020, 1, 1))
    foreign = build.group(build.branch())
    own = build.branch()
    gone = build.group(own)
    gone.dissolved_on = date(2024, 1, 1)
    gone.save()
    group = {"kind": "group_meeting", "audience": "group"}
    cases = {
        "closed": drafted(closed),
        "group": drafted(own, party_group=foreign, **group),
        "dissolved": drafted(own, party_group=gone, **group),
        "no_group": drafted(own, kind="group_meeting"),
        "order": drafted(own, ends_at=now),
        "too_long": drafted(own, ends_at=now + 60 * day),
        "too_far": drafted(own, starts_at=now + 1200 * day),
        "no_sign_up": drafted(own, seats=3),
    }
    found = {
        code: refusal(activities.plan, activity, by=None)
        for code, activity in cases.items()
    }

    assert found == {code: [code] for code in cases}


def test_a_sign_up_cannot_end_after_the_beginning():
    late = timezone.now() + timedelta(days=3)
    activity = drafted(needs_sign_up=True, sign_up_ends_at=late)

    assert refusal(activities.plan, activity, by=None) == ["order"]


def test_who_has_a_seat_is_told_of_another_place():
    activity = build.activity(seats=2)
    member = build.member(branch=activity.branch)
    user = build.user(member=member)
    build.sign_up(activity, member)
    activity.place = "镇文化站"

    activities.change(activity, by=None)
    activities.change(activity, by=None)

    line = Notification.objects.get(user=user)
    assert (line.kind, line.context["place"]) == ("activity_moved", "镇文化站")


def test_what_a_change_is_refused_for():
    held = build.activity(state="held")
    full = build.activity(seats=1)
    build.sign_up(full, build.member(branch=full.branch))
    build.sign_up(full, build.member(branch=full.branch))

    assert refusal(activities.change, held, by=None) == ["over"]
    assert refusal(activities.change, full, by=None) == ["taken"]


# --- the agenda -------------------------------------------------------------------------
def test_the_agenda_keeps_the_points_that_stay():
    activity = build.activity()
    activities.set_agenda(activity, [{"title": "学习"}, {"title": "讨论"}])
    first, second = activity.agenda.all()

    points = [{"id": second.pk, "title": "讨论", "speaker": "李"}, {"title": "其他"}]
    activities.set_agenda(activity, points)
    activities.set_agenda(activity, points[:1])

    kept = AgendaItem.objects.get()
    assert (kept.pk, kept.position, kept.speaker) == (second.pk, 1, "李")
    assert first.pk != kept.pk


def test_a_point_of_another_activity_is_taken_for_a_new_one():
    mine, other = build.activity(), build.activity()
    activities.set_agenda(other, [{"title": "他人的"}])

    activities.set_agenda(mine, [{"id": other.agenda.get().pk, "title": "我的"}])

    assert other.agenda.get().title == "他人的"
    assert mine.agenda.get().title == "我的"


def test_a_cancelled_activity_has_no_new_agenda():
    activity = build.activity(state="cancelled", cancelled_reason="雨")

    assert refusal(activities.set_agenda, activity, []) == ["over"]


# --- announced, cancelled, held ---------------------------------------------------------
def test_announcing_tells_those_expected_once():
    activity = build.activity(state="draft")
    user = build.user(member=build.member(branch=activity.branch))
    build.user(member=build.member())
    now = timezone.now()

    activities.announce(activity, by=None, now=now)
    again = activities.announce(activity, by=None, now=now)

    assert again.state == "planned"
    line = Notification.objects.get()
    assert (line.user, line.kind) == (user, "activity_announced")
    assert line.url == f"/activities/{activity.pk}/"


def test_what_a_step_is_refused_for():
    now = timezone.now()
    past = build.activity(state="draft", starts_at=now - timedelta(days=2))
    coming = build.activity()
    held = build.activity(state="held")
    cancelled = build.activity(state="cancelled", cancelled_reason="雨")

    assert refusal(activities.announce, past, by=None, now=now) == ["begun"]
    assert refusal(activities.announce, held, by=None, now=now) == ["over"]
    assert refusal(activities.mark_held, coming, by=None, now=now) == ["not_begun"]
    assert refusal(activities.mark_held, cancelled, by=None, now=now) == ["over"]
    assert refusal(activities.cancel, coming, reason=" ", by=None) == ["required"]
    assert refusal(activities.cancel, held, reason="雨", by=None) == ["over"]


def test_cancelling_tells_who_waits_why_and_keeps_the_first_reason():
    activity = build.activity(seats=1)
    member = build.member(branch=activity.branch)
    user = build.user(member=member)
    build.sign_up(activity, member, state="waiting")

    activities.cancel(activity, reason="暴雨", by=None)
    stands = activities.cancel(activity, reason="别的", by=None)

    assert (stands.state, stands.cancelled_reason) == ("cancelled", "暴雨")
    assert Notification.objects.get(user=user).context["reason"] == "暴雨"


def test_an_activity_of_yesterday_is_recorded_as_held():
    now = timezone.now()
    activity = build.activity(state="draft", starts_at=now - timedelta(days=1))

    activities.mark_held(activity, by=None, now=now)

    assert activities.mark_held(activity, by=None, now=now).state == "held"


# --- co-hosts ---------------------------------------------------------------------------
def test_a_co_host_is_added_once_and_its_members_are_told():
    activity, other = build.activity(), build.branch()
    user = build.user(member=build.member(branch=other))
    build.user(member=build.member(branch=activity.branch))
    now = timezone.now()

    co_hosts.add_co_host(activity, other, now=now)
    co_hosts.add_co_host(activity, other, now=now)

    assert CoHost.objects.count() == 1
    assert Notification.objects.get().user == user


def test_what_a_co_host_is_refused_for():
    now, other = timezone.now(), build.branch()
    closed = build.branch(closed_on=date(2020, 1, 1))
    activity = build.activity(seats=2)
    committee = build.activity(kind="committee_meeting", audience="committee")
    held = build.activity(state="held")
    co_hosts.add_co_host(activity, other, now=now)
    build.sign_up(activity, build.member(branch=other))

    assert refusal(co_hosts.add_co_host, held, other, now=now) == ["over"]
    assert refusal(co_hosts.add_co_host, committee, other, now=now) == ["alone"]
    assert refusal(co_hosts.add_co_host, activity, closed, now=now) == ["closed"]
    own = activity.branch
    assert refusal(co_hosts.add_co_host, activity, own, now=now) == ["host"]
    assert refusal(co_hosts.remove_co_host, activity, other) == ["taken"]
    assert refusal(co_hosts.remove_co_host, held, other) == ["over"]


def test_a_co_host_is_taken_out():
    activity, other = build.activity(), build.branch()
    CoHost.objects.create(activity=activity, branch=other)

    co_hosts.remove_co_host(activity, other)
    co_hosts.remove_co_host(activity, other)

    assert not CoHost.objects.exists()


# --- tasks for helpers ------------------------------------------------------------------
def test_a_task_is_given_and_done_once():
    activity = build.activity()
    member = build.member(branch=activity.branch)
    user = build.user(member=member)
    task = HelperTask(activity=activity, title="借椅子", member=member)
    now = timezone.now()

    helper_tasks.save_task(task, by=None)
    helper_tasks.save_task(task, by=None)
    helper_tasks.mark_done(task, now=now)
    helper_tasks.mark_done(task, now=now + timedelta(hours=1))

    line = Notification.objects.get(user=user)
    assert (line.kind, line.context["task"]) == ("task_given", "借椅子")
    assert HelperTask.objects.get().done_at == now


def test_what_a_task_is_refused_for():
    activity = build.activity()
    cancelled = build.activity(state="cancelled", cancelled_reason="雨")
    done = build.helper_task(activity, done_at=timezone.now())
    late = activity.ends_at.date() + timedelta(days=3)

    def save(**fields):
        task = HelperTask(**{"activity": activity, "title": "茶水", **fields})
        return refusal(helper_tasks.save_task, task, by=None)

    assert save(activity=cancelled) == ["over"]
    assert save(member=build.member()) == ["not_invited"]
    assert save(due_on=late) == ["too_late"]
    assert refusal(helper_tasks.save_task, done, by=None) == ["done"]
    assert refusal(helper_tasks.take_back, done) == ["done"]
    of_cancelled = build.helper_task(cancelled)
    now = timezone.now()
    assert refusal(helper_tasks.mark_done, of_cancelled, now=now) == ["over"]
    for _number in range(helper_tasks.MOST):
        build.helper_task(activity)
    assert save() == ["too_many"]


def test_a_task_is_taken_back():
    task = build.helper_task(build.activity())

    helper_tasks.take_back(task)
    helper_tasks.take_back(task)

    assert not HelperTask.objects.exists()


# --- the same again ---------------------------------------------------------------------
def test_a_copy_takes_over_all_but_who_helps():
    activity = build.activity(seats=3)
    other, helper = build.branch(), build.member()
    CoHost.objects.create(activity=activity, branch=other)
    activities.set_agenda(activity, [{"title": "学习", "needs_ballot": True}])
    build.helper_task(activity, member=helper)
    starts_at = activity.starts_at + timedelta(days=30)

    made = series.copy(activity, starts_at=starts_at, by=None)

    assert (made.state, made.seats, made.ends_at - starts_at) == (
        "draft",
        3,
        timedelta(hours=2),
    )
    assert [c.branch for c in made.co_hosts.all()] == [other]
    assert [(p.title, p.needs_ballot) for p in made.agenda.all()] == [("学习", True)]
    assert [t.member for t in made.tasks.all()] == [None]
    again = refusal(series.copy, activity, starts_at=starts_at, by=None)
    assert again == ["there"]


def test_a_theme_day_is_repeated_on_the_same_day_of_each_month():  # LIFE-06
    starts_at = timezone.make_aware(
        timezone.datetime(2027, 1, 31, 14, 30), timezone.get_default_timezone()
    )
    activity = build.activity("主题党日", starts_at=starts_at)

    made = series.repeat_monthly(activity, until=date(2027, 4, 30), by=None)
    again = series.repeat_monthly(activity, until=date(2027, 5, 31), by=None)

    def days(some):
        return [f"{timezone.localtime(one.starts_at):%Y-%m-%d %H:%M}" for one in some]

    assert days(made) == ["2027-02-28 14:30", "2027-03-31 14:30", "2027-04-30 14:30"]
    assert days(again) == ["2027-05-31 14:30"]
    assert {one.state for one in made} == {"draft"}


def test_what_a_series_is_refused_for():
    activity = build.activity(starts_at=timezone.now() + timedelta(days=1))
    day = timezone.localdate(activity.starts_at)
    near, far = day + timedelta(days=20), day + timedelta(days=800)

    assert refusal(series.repeat_monthly, activity, until=near, by=None) == [
        "too_early"
    ]
    assert refusal(series.repeat_monthly, activity, until=far, by=None) == ["too_far"]
