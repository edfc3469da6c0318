"""Credit hours: given once for what was done, taken back when it was not so.

Whoever knows that somebody studied calls it downward: an activity that was held, a lesson
that was completed. All verbs may be called again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Appointment, CreditHour, Member

MOST = Decimal(100)
NOTHING = Decimal(0)
OF_A_MEMBER = Decimal(32)  # EDU-01
OF_AN_OFFICER = Decimal(56)  # EDU-02


def credit(
    member: Member, hours: Decimal, on: date, source: str, key: str, note: str = ""
) -> Decimal:
    """Let exactly `hours` stand for `member` under `source` and `key`; returns what was
    added, 0 when they stood already.

    Raises ValidationError, code "range", for less than nothing and more than MOST.
    """
    found = settle({member.pk: hours}, on=on, source=source, key=key, note=note)
    return found.get(member.pk, NOTHING)


def take_back(member: Member, source: str, key: str, *, on: date) -> Decimal:
    """Let nothing stand; returns what was added, below 0, or 0 when nothing stood."""
    return credit(member, NOTHING, on, source, key)


@transaction.atomic
def settle(
    wanted: Mapping[int, Decimal], *, on: date, source: str, key: str, note: str = ""
) -> dict[int, Decimal]:
    """Let exactly these hours stand, by member; returns what was added by member. Others
    under the same key are left. Four statements, however many members.

    The rows of the members are locked, so that two who settle the same take turns.
    """
    if any(not NOTHING <= hours <= MOST for hours in wanted.values()):
        message = _("Credit hours are between 0 and %(most)s.") % {"most": MOST}
        raise ValidationError(message, code="range")
    members = Member.objects.filter(pk__in=wanted).order_by("pk")
    list(members.select_for_update(no_key=True, of=("self",)).values_list("pk"))
    lines = CreditHour.objects.filter(source=source, key=key, member__in=wanted)
    standing: dict[int, list[CreditHour]] = {}
    for line in lines.order_by("turn"):
        standing.setdefault(line.member_id, []).append(line)
    added, written = {}, []
    for member, hours in wanted.items():
        before = standing.get(member, [])
        stands = sum((line.hours for line in before), NOTHING)
        if stands == hours:
            continue
        added[member] = hours - stands
        turn = before[-1].turn if before else 0
        said = {"member_id": member, "source": source, "key": key}
        if stands:  # reversed on its own day, so that its year is right again
            turn += 1
            last = before[-1]
            written.append(
                CreditHour(hours=-stands, on=last.on, turn=turn, note=last.note, **said)
            )
        if hours:
            turn += 1
            written.append(
                CreditHour(hours=hours, on=on, turn=turn, note=note[:120], **said)
            )
    CreditHour.objects.bulk_create(written)
    return added


def of_year(member: Member, year: int) -> Decimal:
    return CreditHour.objects.filter(member=member.pk).of_year(year).total()


def demand(member: Member, year: int) -> Decimal | None:
    """What the rules ask of `member` in `year`, as information (EDU-01, EDU-02); None of
    who is not in the Party."""
    if member.state not in Member.IN_PARTY:
        return None
    seats = Appointment.objects.filter(
        member=member.pk, office__in_committee=True, starts_on__lte=date(year, 12, 31)
    ).exclude(ends_on__lt=date(year, 1, 1))
    return OF_AN_OFFICER if seats.exists() else OF_A_MEMBER
