"""A duty in words: its period, when it is due, and where it is planned."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.duties import MONTHS, Span
from activities.models import DutyRule


def plan_url(branch: int, rule: DutyRule, group: int | None = None) -> str:
    """The form of a new activity, filled with what the duty says already."""
    given: dict[str, str | int] = {"kind": rule.activity_kind, "branch": branch}
    if group is not None:
        given["party_group"] = group
    return f"{reverse('activities:activity_add')}?{urlencode(given)}"


def span_text(span: Span) -> str:
    """A period in words: October 2026, the 4th quarter of 2026, …"""
    year = span.starts_on.year
    if span.months == 1:
        return date_format(span.starts_on, "YEAR_MONTH_FORMAT")
    if span.months == MONTHS[DutyRule.Period.YEAR]:
        return _("Year %(year)s") % {"year": year}
    words = {"year": year, "number": span.number}
    if span.months == MONTHS[DutyRule.Period.QUARTER]:
        return _("Quarter %(number)s of %(year)s") % words
    return _("Half-year %(number)s of %(year)s") % words


def when_text(due_on: date, today: date) -> str:
    days = (due_on - today) // timedelta(days=1)
    words = {"day": date_format(due_on, "SHORT_DATE_FORMAT"), "count": abs(days)}
    if days < 0:
        text = ngettext(
            "was due on %(day)s, %(count)s day ago",
            "was due on %(day)s, %(count)s days ago",
            -days,
        )
    else:
        text = ngettext(
            "due on %(day)s, in %(count)s day",
            "due on %(day)s, in %(count)s days",
            days,
        )
    return text % words
