"""The roll: those on the rolls of the branches one may see, today or on an earlier day."""

from typing import TypedDict

from django.db.models import F
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from members import access, facts
from members.algorithms import years_between
from members.code_tables import EDUCATION, SEX
from members.forms.roll import FLAGS, RollFilter
from members.masking import masked
from members.models import Member
from members.paging import Keyset
from members.rates import limited, searching

SHOWN = (
    "name",
    "state",
    "sex",
    "birth_date",
    "education",
    "admitted_on",
    "full_member_on",
    "phone",
    "is_floating",
    "out_of_contact_since",
    "is_retired",
    "is_abroad",
)
# Names alone, no instances of what they are the names of.
GROUP = {"group_name": F("party_group__name")}
PLACE = GROUP | {
    "branch_name": F("branch__name"),
    "branch_short_name": F("branch__short_name"),
}


class Line(TypedDict):
    """One person on the page; `url` is empty for who is out of sight today.

    No object: templates look into a dictionary first.
    """

    name: str
    url: str
    state: str
    tone: str
    flags: list[str]
    place: str
    sex_and_age: str
    education: str
    admitted_on: str
    full_member_on: str
    phone: str


@require_GET
@limited("search", when=searching)
def roll(request):
    user = request.user
    if not access.scope(user, "view_roll"):
        raise Http404
    found = RollFilter(request.GET, access.roll_members(user), request=request)
    several = "branch" in found.form.fields
    shown = (*SHOWN, "pgh_obj") if found.day else SHOWN
    names = PLACE if several else GROUP
    page = Keyset(
        found.qs,
        found.order,
        query=request.GET,
        among=found.everything(),
        ways=found.ways,
        many=found.offered > 1,
        read=lambda rows: rows.annotate(**names).only(*shown),
    )
    context = {
        "filter": found,
        "main_fields": [f for f in found.form if f.name not in found.MORE],
        "more_fields": [f for f in found.form if f.name in found.MORE],
        "page": page,
        "lines": lines(
            page.rows, urls_of(user, page.rows, found.day), found.day, several
        ),
        "place_label": _("Branch and Party group") if several else _("Party group"),
        "can_manage": bool(access.scope(user, "manage_roll")),
        "can_export": bool(access.scope(user, "export_roll")),
    }
    part = "#found" if request.htmx else ""
    return render(request, f"members/roll.html{part}", context)


def urls_of(user, records, day):
    """Where each row leads, by its key: to the record or, for an earlier day, to the
    history of those in sight today."""
    if day is None:
        return {record.pk: record.get_absolute_url() for record in records}
    members = [event.pgh_obj_id for event in records]
    in_sight = set(
        access.visible_members(user).filter(pk__in=members).values_list("pk", flat=True)
    )
    return {
        event.pk: f"{reverse('members:member_history', args=[event.pgh_obj_id])}?on={day}"
        for event in records
        if event.pgh_obj_id in in_sight
    }


def lines(records, urls, day, several):
    today = day or access.today()
    states = {state.value: str(state.label) for state in Member.State}
    return [
        Line(
            name=record.name,
            url=urls.get(record.pk, ""),
            state=states[record.state],
            tone=facts.TONES.get(record.state, "neutral"),
            flags=flags_of(record),
            place=place_of(record, several),
            sex_and_age=f"{SEX.name(record.sex)} {years_between(record.birth_date, today)}",
            education=EDUCATION.name(record.education) if record.education else "",
            admitted_on=str(record.admitted_on or ""),
            full_member_on=str(record.full_member_on or ""),
            phone=masked(record, "phone"),
        )
        for record in records
    ]


def place_of(record, several):
    group = record.group_name or ""
    if not several:
        return group
    branch = record.branch_short_name or record.branch_name
    return f"{branch} · {group}" if group else branch


def flags_of(record):
    held = {
        "floating": record.is_floating,
        "out_of_contact": record.out_of_contact_since,
        "retired": record.is_retired,
        "abroad": record.is_abroad,
    }
    return [FLAGS[name][0] for name, holds in held.items() if holds]
