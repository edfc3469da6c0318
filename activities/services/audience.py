"""For whom an activity is, beyond branch, committee and group: by office, occupation and
interest."""

from __future__ import annotations

from django.utils.translation import gettext as _

from activities.models import Activity
from members.models import Office
from members.refusals import refusal_at

# Kinds that are a meeting of a body expect the whole of it (MIN-04).
WIDE = (Activity.Audience.BRANCH, Activity.Audience.BELOW)


def can_be_narrowed(activity: Activity) -> bool:
    return not activity.is_meeting and activity.audience in WIDE


def check(activity: Activity) -> None:
    """Judge by field. Raises ValidationError, code "whole" for a meeting of a body,
    "unknown" for an office that does not exist, "no_sign_up" at interests where nobody
    signs up: nobody is expected because of what they like."""
    for name in ("offices", "occupations", "interests"):
        if getattr(activity, name) and not can_be_narrowed(activity):
            message = _("A meeting is for the whole body: leave it empty.")
            raise refusal_at(name, message, code="whole")
    if activity.offices:
        known = Office.objects.filter(code__in=activity.offices).count()
        if known < len(set(activity.offices)):
            message = _("There is no such office: choose among those offered.")
            raise refusal_at("offices", message, code="unknown")
    if activity.interests and not activity.needs_sign_up:
        message = _(
            "Nobody is expected because of an interest: let members sign up, or leave it "
            "empty."
        )
        raise refusal_at("interests", message, code="no_sign_up")
