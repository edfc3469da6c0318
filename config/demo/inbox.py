"""What the demonstration has in the inbox of each account."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.urls import reverse

from config.demo.batch import Batch
from config.demo.organization import Calendar
from members.models import Notification, User

Kind = Notification.Kind


def notices(batch: Batch, calendar: Calendar) -> Iterator[Notification]:
    """Of states, offices and corrections; those of a month ago have been read."""
    month_ago = calendar.today - timedelta(days=30)
    for found in (of_states(batch), of_offices(batch, calendar), of_corrections(batch)):
        for notice in found:
            if notice.created_at.date() < month_ago:
                notice.read_at = notice.created_at + timedelta(hours=5)
            yield notice


def of_states(batch: Batch) -> Iterator[Notification]:
    for life in batch.lives:
        for change in life.changes:
            if change.state_change and life.account and life.account.is_active:
                line = change.state_change
                context = {"state": line.to_state, "on": str(line.effective_on)}
                url = link("members:member_detail", life.member.pk)
                yield notice(life.account, Kind.STATE_CHANGED, context, url, change.at)


def of_offices(batch: Batch, calendar: Calendar) -> Iterator[Notification]:
    for one in batch.held:
        made = one.appointment
        if one.life.account and made.starts_on > calendar.begins:
            context = {
                "office": made.office.code,
                "branch": str(made.branch),
                "on": str(made.starts_on),
            }
            url = link("members:branch_detail", made.branch_id)
            yield notice(
                one.life.account, Kind.APPOINTED, context, url, made.recorded_at
            )


def of_corrections(batch: Batch) -> Iterator[Notification]:
    for asked in batch.corrections:
        url = link("members:correction_detail", asked.pk)
        if keeper := batch.keepers.get(asked.member.branch_id):
            context = {"member": asked.member.name, "field": asked.field}
            yield notice(keeper, Kind.CORRECTION_ASKED, context, url, asked.asked_at)
        if asked.answered_by is not None:
            context = {"field": asked.field, "state": asked.state}
            yield notice(
                asked.asked_by,
                Kind.CORRECTION_ANSWERED,
                context,
                url,
                asked.answered_at,
            )


def notice(
    user: User, kind: str, context: dict[str, Any], url: str, at: datetime
) -> Notification:
    return Notification(user=user, kind=kind, context=context, url=url, created_at=at)


def link(name: str, pk: int) -> str:
    """The address of a page about a row."""
    return page(name).replace("/0/", f"/{pk}/")


@cache
def page(name: str) -> str:
    """The address for row 0: `reverse` is too slow to be asked for each row."""
    return reverse(name, args=[0])
