"""The page of a branch: what it is, who leads it, what is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from members import access, branch_hints, branch_history
from members.code_tables import PROVINCE
from members.forms.branches import DayForm
from members.models import (
    Appointment,
    Branch,
    LocalCode,
    Member,
    Office,
    PartyGroup,
    Term,
)
from members.services import branch_links
from members.views import branch_tree

CHILDREN = 20
# Above so many branches the people below are counted in the roll, not on this page.
COUNTED_BELOW = 1000


@dataclass
class Holder:
    appointment: Appointment
    may_see: bool
    may_end: bool


@dataclass
class Seat:
    """An office of the branch with those who hold it; none: it is vacant."""

    office: Office
    may_appoint: bool
    holders: list[Holder] = field(default_factory=list)


@dataclass
class Group:
    group: PartyGroup
    leaders: list[Holder]
    members: int | None
    hints: list[branch_hints.Hint]
    may_appoint: bool


@require_safe
def branch_detail(request, pk):
    user, today = request.user, access.today()
    branch = get_object_or_404(access.visible_branches(user), pk=pk)
    form = DayForm(request.GET if "on" in request.GET else {"on": today})
    on = (form.is_valid() and form.cleaned_data["on"]) or today
    rights = access.rights_on(user, branch)
    offices = offices_of(branch)
    states = counts_by_state(user, branch) if "view_roll" in rights else None
    full = states.get(Member.State.FULL, 0) if states is not None else None
    context = {"branch": branch, "on": on, "today": today, "day_form": form}
    context |= committee_on(user, branch, offices, on, full)
    if request.htmx:
        return render(request, "members/branch_detail.html#committee", context)
    terms = list(branch.terms.all())
    groups = party_groups(user, branch, offices, with_counts="view_roll" in rights)
    below = branch_tree.children(user, branch, most=CHILDREN)
    context |= {
        "breadcrumbs": trail(user, branch),
        "rights": rights,
        "facts": facts(branch),
        "term": terms[0] if terms else None,
        "past_terms": terms[1:],
        "groups": groups,
        "states": state_rows(states),
        "roll_url": roll_url(branch),
        "below": below,
        "history": branch_history.lines(branch),
        "hints": hints(branch, terms, states, groups, today) if rights else [],
        "sees_roll": "view_roll" in rights,
        "links": branch_links.of(branch, rights),
    }
    context |= actions(user, branch, offices)
    return render(request, "members/branch_detail.html", context)


def actions(user, branch: Branch, offices: list[Office]) -> dict[str, bool]:
    """What `user` may do here; nothing on a branch that is closed."""
    rights = access.rights_on(user, branch)
    stands = not branch.is_closed
    with_groups = stands and branch.holds_members
    return {
        "may_edit": stands and "change_branch" in rights,
        "may_add": stands and "manage_tree" in rights and bool(kinds_below(branch)),
        "may_move": stands and access.can_move(user, branch),
        "may_close": stands and access.can_close(user, branch),
        "may_appoint": stands and bool(offices_to_give(user, branch, offices)),
        "may_start_term": stands
        and "change_branch" in rights
        and branch.years_of_term is not None,
        "may_group": with_groups and "change_branch" in rights,
        "may_explain": "explain_access" in rights,
        "may_appraise": branch.holds_members
        and branch.path in access.scope(user, "manage_appraisals"),
    }


def kinds_below(branch: Branch) -> set[Branch.Kind]:
    """What may stand below `branch` (ORG-16)."""
    return {kind for kind, above in Branch.PARENTS.items() if branch.kind in above}


def offices_to_give(user, branch: Branch, offices: list[Office]) -> list[Office]:
    """Those of its `offices` to which `user` may appoint."""
    return [one for one in offices if access.can_appoint(user, one, branch)]


def offices_of(branch: Branch) -> list[Office]:
    offices = Office.objects.filter(kinds__contains=[branch.kind])
    return list(offices.prefetch_related("permissions"))


def trail(user, branch: Branch, here: str = "") -> list[dict[str, str | None]]:
    """The way down to `branch`; links for what `user` may see. here: the page below."""
    above = list(Branch.objects.above(branch))
    paths = [one.path for one in above]
    seen = set(
        access.visible_branches(user)
        .filter(path__in=paths)
        .values_list("pk", flat=True)
    )
    items = [
        {
            "label": str(one),
            "url": one.get_absolute_url() if one.pk in seen else None,
        }
        for one in above
    ]
    items.append({"label": str(branch), "url": branch.get_absolute_url()})
    return [*items, {"label": here, "url": None}] if here else items


def facts(branch: Branch) -> list[dict[str, object]]:
    """What the record of the branch says, for components/definition_list.html."""
    rows: list[tuple[str, object]] = [
        (_("Full name"), branch.name),
        (_("Code"), branch.code),
        (_("Kind"), branch.get_kind_display()),
        (_("Setting"), branch.get_setting_display()),
        (_("Relation to units"), branch.get_unit_relation_display()),
        (_("Unified social credit code"), branch.credit_code),
        (_("Region"), region_name(branch.region)),
        (_("Set up on"), branch.established_on),
    ]
    if branch.closed_on:
        rows.append((_("Closed on"), branch.closed_on))
    if branch.kind in Branch.COMMITTEES:
        rows.append((_("May admit members"), _("Yes") if branch.can_admit else _("No")))
    rows += [
        (_("Contact person"), branch.contact_person),
        (_("Office phone"), branch.contact_phone),
    ]
    if branch.notes:
        rows.append((_("Notes"), branch.notes))
    return [{"label": label, "value": value} for label, value in rows]


def region_name(code: str) -> str:
    """The names of province, prefecture and county as far as they are known."""
    if not code:
        return ""
    levels = dict.fromkeys([f"{code[:2]}0000", f"{code[:4]}00", code])
    rows = LocalCode.objects.filter(table=LocalCode.Table.REGION, code__in=levels)
    names = {row.code: row.name for row in rows.order_by("valid_from")}
    names.setdefault(f"{code[:2]}0000", PROVINCE.name(f"{code[:2]}0000"))
    known = " ".join(names[level] for level in levels if level in names)
    return known if code in names else f"{known} ({code})"


def counts_by_state(user, branch: Branch) -> dict[str, int] | None:
    """People on the rolls here and below by state; None where they are too many."""
    roll = access.roll_members(user).live()
    if branch.holds_members:
        roll = roll.filter(branch=branch)
    elif Branch.objects.within([branch.path]).count() > COUNTED_BELOW:
        return None
    else:
        roll = roll.filter(branch_path__below=branch.path)
    return dict(roll.order_by().values_list("state").annotate(Count("pk")))


def state_rows(states: dict[str, int] | None) -> list[dict[str, object]] | None:
    if states is None:
        return None
    return [
        {"label": Member.State(state).label, "state": state, "count": states[state]}
        for state in Member.LIVE
        if state in states
    ]


def in_party(states: dict[str, int]) -> int:
    return sum(states.get(state, 0) for state in Member.IN_PARTY)


def committee_on(
    user, branch: Branch, offices: list[Office], on: date, full_members: int | None
) -> dict:
    """Who held which office on the day `on`; today also who is missing and who comes."""
    held = (
        access.visible_appointments(user)
        .filter(branch=branch, party_group=None)
        .select_related("member", "office")
        .order_by("office__position", "starts_on", "pk")
    )
    is_today = on == access.today()
    to_give = {office.pk for office in offices_to_give(user, branch, offices)}
    in_force = as_holders(user, held.in_force(on), to_give)
    coming = (
        as_holders(user, held.filter(starts_on__gt=on), to_give) if is_today else []
    )
    expected = set()
    if is_today and not branch.is_closed and branch.kind != Branch.Kind.LEADING_GROUP:
        expected = {"secretary"}
        enough = (full_members or 0) >= branch_hints.MEMBERS_FOR_A_COMMITTEE
        if branch.holds_members and enough:
            expected = set(branch_hints.COMMITTEE_OFFICES)
    seats = {}
    for office in offices:
        if office.code in expected:
            seats[office.pk] = Seat(office, office.pk in to_give)
    for holder in in_force:
        office = holder.appointment.office
        seat = seats.setdefault(office.pk, Seat(office, office.pk in to_give))
        seat.holders.append(holder)
    seated = {
        holder.appointment.member_id
        for holder in in_force
        if holder.appointment.office.in_committee
    }
    may_see_hints = branch.is_within(access.scope(user, "view_branch"))
    missing = branch_hints.about_committee(
        branch,
        full_members=full_members,
        held={holder.appointment.office.code for holder in in_force},
        seated=len(seated),
    )
    return {
        "seats": sorted(seats.values(), key=lambda seat: seat.office.position),
        "coming": coming,
        "committee_hints": missing if is_today and may_see_hints else [],
        "is_today": is_today,
    }


def as_holders(user, appointments, to_give: set[int]) -> list[Holder]:
    """With a link to those whose record `user` may see, and what `user` may end."""
    found = list(appointments)
    keys = [appointment.member_id for appointment in found]
    seen = set(
        access.visible_members(user).filter(pk__in=keys).values_list("pk", flat=True)
    )
    today = access.today()
    return [
        Holder(
            appointment,
            may_see=appointment.member_id in seen,
            may_end=appointment.office_id in to_give
            and (appointment.ends_on is None or appointment.ends_on >= today),
        )
        for appointment in found
    ]


def party_groups(
    user, branch: Branch, offices: list[Office], *, with_counts: bool
) -> list[Group]:
    """The standing Party groups with leaders and, for who sees the roll, numbers."""
    groups = list(branch.party_groups.filter(dissolved_on=None))
    leading = (
        access.visible_appointments(user)
        .filter(party_group__in=groups)
        .in_force(access.today())
        .select_related("member", "office")
    )
    leading_offices = [office for office in offices if office.of_group]
    to_give = {one.pk for one in offices_to_give(user, branch, leading_offices)}
    leaders: dict[int | None, list[Holder]] = {}
    for holder in as_holders(user, leading, to_give):
        leaders.setdefault(holder.appointment.party_group_id, []).append(holder)
    roll = access.roll_members(user).live().filter(party_group__in=groups).order_by()
    full = Count("pk", filter=Q(state=Member.State.FULL))
    counts = {
        key: (members, full_members)
        for key, members, full_members in roll.values("party_group")
        .annotate(members=Count("pk"), full=full)
        .values_list("party_group", "members", "full")
    }
    found = []
    for group in groups:
        members, full_members = counts.get(group.pk, (0, 0))
        led_by = leaders.get(group.pk, [])
        lacking = branch_hints.about_group(
            members=members, full_members=full_members, has_leader=bool(led_by)
        )
        found.append(
            Group(
                group,
                led_by,
                members if with_counts else None,
                lacking if with_counts else [],
                bool(to_give) and not branch.is_closed,
            )
        )
    return found


def hints(
    branch: Branch,
    terms: list[Term],
    states: dict[str, int] | None,
    groups: list[Group],
    today: date,
) -> list[branch_hints.Hint]:
    """What is due, and for who sees the roll what its size asks for."""
    found = branch_hints.about_term(branch, terms[0] if terms else None, on=today)
    if states is None:
        return found
    members = in_party(states)
    full_members = states.get(Member.State.FULL, 0)
    return [
        *branch_hints.about_size(branch, members=members, full_members=full_members),
        *found,
        *branch_hints.about_groups(branch, members=members, groups=len(groups)),
    ]


def roll_url(branch: Branch) -> str:
    return f"{reverse('members:roll')}?{urlencode({'branch': branch.code})}"
