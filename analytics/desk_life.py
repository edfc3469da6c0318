"""Organizational life on the home page: what comes next for a member, what the own
branch still owes, what took place and is not recorded, what waits for a signature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities import access, access_appraisal, duty_words
from activities.models import Activity, DutyRule, Minutes, Resolution
from activities.services import open_duties, own_life
from analytics.sections import SHOWN, Line, Section, some
from members.access import scope
from members.models import User


def appraisals(user: User, now: datetime) -> Iterator[Section]:
    """The own appraisal, while it waits for the member (LIFE-23)."""
    rows = list(access_appraisal.waiting_appraisals(user)[:SHOWN])
    yield Section(
        _("Appraisal of members"),
        "user-check",
        [
            Line(
                one.round.title,
                reverse("activities:own_appraisal", args=[one.pk]),
                one.round.get_step_display(),
            )
            for one in rows
        ],
        len(rows),
        is_counted=False,
    )


def coming(user: User, now: datetime) -> Iterator[Section]:
    """The next activities that a member is invited to, with the day of each."""
    rows = own_life.coming(user, now=now, most=SHOWN)
    yield Section(
        _("What comes next"),
        "calendar-event",
        [
            Line(one.title, one.get_absolute_url(), f"{_when(one)} · {one.place}")
            for one in rows
        ],
        len(rows),
        url=reverse("activities:activity_list"),
        is_counted=False,
    )


def owed(user: User, now: datetime) -> Iterator[Section]:
    """What the own branch still owes in periods that are not over, for who plans its
    activities (LIFE-01 …)."""
    if user.member is None or not scope(user, access.RIGHT):
        return
    own = access.hosting_branches(user).filter(pk=user.member.branch_id)
    today = timezone.localdate(now)
    near = open_duties.near(DutyRule.objects.all(), today)
    demands = [one for one in near if one[1].ends_on >= today]
    lines, _more = open_duties.lines(demands, own, today=today, size=SHOWN)
    yield Section(
        _("Organizational life of the branch: still open"),
        "calendar-event",
        [
            Line(
                f"{rule.name} · {duty_words.span_text(span)}",
                duty_words.plan_url(line.branch, rule, line.group or None),
                duty_words.when_text(span.ends_on, today),
            )
            for line in lines
            for rule, span in [line.demand]
        ],
        len(lines),
        url=reverse("activities:branch_duties", args=[user.member.branch_id]),
        is_counted=False,
    )


def unrecorded(user: User, now: datetime) -> Iterator[Section]:
    """What took place and nobody noted yet, the oldest first."""
    rows = (
        access.managed_activities(user)
        .filter(state=Activity.State.PLANNED, ends_at__lt=now)
        .order_by("starts_at", "pk")
    )
    found, count = some(rows)
    yield Section(
        _("Took place, not recorded yet"),
        "edit",
        [Line(one.title, one.get_absolute_url(), _when(one)) for one in found],
        count,
        _("Mark who was there; minutes and register follow from it."),
    )


def to_sign(user: User, now: datetime) -> Iterator[Section]:
    """Minutes with one signature, where the other is the account's (MIN-10)."""
    if user.member_id is None:
        return
    mine = Q(chair=user.member_id, chair_signed_at=None)
    mine |= Q(recorder=user.member_id, recorder_signed_at=None)
    waiting = Minutes.objects.filter(mine, state=Minutes.State.SIGNING)
    rows, count = some(waiting.select_related("activity").order_by("begins_at", "pk"))
    yield Section(
        _("Minutes wait for your signature"),
        "edit",
        [
            Line(one.activity.title, one.get_absolute_url(), _when(one.activity))
            for one in rows
        ],
        count,
    )


def resolutions(user: User, now: datetime) -> Iterator[Section]:
    """What meetings gave the account itself to do and nobody ticked yet (MIN-09)."""
    if user.member_id is None:
        return
    mine = Resolution.objects.open().filter(member=user.member_id)
    url = reverse("activities:resolution_list")
    on = timezone.localdate(now)
    rows, count = some(mine.select_related("minutes__activity"))
    yield Section(
        _("Resolutions for you to carry out"),
        "checkbox",
        [Line(one.text, url, _until(one, on)) for one in rows],
        count,
        _("They come back on the agenda of the next meeting until they are ticked."),
        url,
    )


def _until(resolution: Resolution, on: date) -> str:
    due, title = resolution.due_on, resolution.minutes.activity.title
    if due is None:
        return title
    words = {"day": due, "activity": title}
    if due < on:
        return _("was due on %(day)s · %(activity)s") % words
    return _("by %(day)s · %(activity)s") % words


def _when(activity: Activity) -> str:
    return date_format(timezone.localtime(activity.starts_at), "Y-m-d H:i")
