"""What a branch owes in a year, and what is still open among those below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from activities import access, access_appraisal
from activities.duties import Duty, Held, Span, completion, is_exempt
from activities.duty_words import plan_url, span_text, when_text
from activities.forms.duties import OpenDutiesForm
from activities.models import DutyRule
from activities.services import duties, open_duties, talks
from members.access import managed_branches, scope, visible_branches
from members.models import Branch, PartyGroup

PAGE = 25
TONES = {
    "done": "success",
    "planned": "info",
    "open": "warning",
    "missed": "neutral",
    "coming": "neutral",
}


@dataclass(frozen=True)
class Row:
    """A duty, or a reminder without one, as a line of the page."""

    rule: DutyRule
    title: str
    due_on: date
    state: str = ""
    state_text: str = ""
    tone: str = "neutral"
    count_text: str = ""
    activities: Sequence[Any] = ()
    plan_url: str = ""


@dataclass
class Part:
    """What is due in one period: a heading and its lines."""

    title: str
    span: Span
    rows: list[Row] = field(default_factory=list)
    notes: list[DutyRule] = field(default_factory=list)
    is_now: bool = False


# --- one branch -----------------------------------------------------------------------
@require_safe
def branch_duties(request: HttpRequest, pk: int) -> HttpResponse:
    """This month, this quarter, this year; and the year as twelve months."""
    branch = get_object_or_404(visible_branches(request.user), pk=pk)
    today = timezone.localdate()
    year = _year(request, today)
    rules = list(DutyRule.objects.all())
    found, reminders = duties.of_branch(branch, year, today=today, rules=rules)
    shown = _shown(request.user, branch, found)
    hosts = not branch.is_closed and _plans(request.user, branch)
    rows = [(duty, _row(duty, branch, today, shown, hosts)) for duty in found]
    done, required = completion(found)
    context = {
        "branch": branch,
        "year": year,
        "parts": _parts(rows, reminders, today) if year == today.year else [],
        "months": _months(rows, year, today),
        "done": done,
        "required": required,
        "exempt": [
            rule for rule in _rules_named(rules, today) if is_exempt(rule, branch.kind)
        ],
        "earlier": _year_url(pk, year - 1, today),
        "later": _year_url(pk, year + 1, today),
        "has_below": branch.children.exists() and _helps(request.user, branch),
        "asks_nothing": not found and not reminders,
        "talks": _talks(request.user, branch, year),
    }
    return render(request, "activities/branch_duties.html", context)


def _shown(user: Any, branch: Branch, found: list[Duty]) -> set[str]:
    """The pages to which those lead that may open them."""
    every = [held for duty in found for held in (*duty.held, *duty.planned)]
    keys = {held.pk for held in every if not held.is_round}
    seen = access.visible_activities(user).filter(pk__in=keys)
    opened = set(seen.values_list("pk", flat=True))
    opens_rounds = branch.path in scope(user, access_appraisal.RIGHT)
    return {
        _page_of(held)
        for held in every
        if (opens_rounds if held.is_round else held.pk in opened)
    }


def _plans(user: Any, branch: Branch) -> bool:
    return branch.is_within(scope(user, access.RIGHT))


def _talks(user: Any, branch: Branch, year: int) -> str:
    """What was done for LIFE-09, for who manages talks in this branch."""
    if branch.path not in scope(user, access_appraisal.RIGHT):
        return ""
    found = talks.classes(branch, year)
    return " · ".join(f"{one.pair.label} {one.number}" for one in found)


def _year(request: HttpRequest, today: date) -> int:
    text = request.GET.get("year", str(today.year))
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Http404
    if not duties.FIRST_YEAR <= int(text) <= today.year + 1:
        raise Http404
    return int(text)


def _year_url(pk: int, year: int, today: date) -> str:
    if not duties.FIRST_YEAR <= year <= today.year + 1:
        return ""
    return f"{reverse('activities:branch_duties', args=[pk])}?year={year}"


def _helps(user: Any, branch: Branch) -> bool:
    return managed_branches(user, access.RIGHT).filter(pk=branch.pk).exists()


def _rules_named(rules: Iterable[DutyRule], today: date) -> list[DutyRule]:
    """The newest version in force today of each rule."""
    found = {}
    for rule in sorted(rules, key=lambda rule: (rule.in_force_from, rule.version)):
        if rule.in_force_from <= today:
            found[rule.code] = rule
    return [
        rule
        for _code, rule in sorted(found.items())
        if rule.in_force_until is None or rule.in_force_until >= today
    ]


def _row(duty: Duty, branch: Branch, today: date, shown: set[str], hosts: bool) -> Row:
    state = duty.state(today)
    activities = [
        {
            "day": held.on,
            "title": held.title,
            "url": page if (page := _page_of(held)) in shown else "",
            "is_held": held.is_held,
        }
        for held in (*duty.held, *duty.planned)
    ]
    plan = hosts and state in {"open", "missed", "coming"}
    return Row(
        duty.rule,
        _title(duty.rule, duty.group),
        duty.due_on,
        state,
        _state_text(state),
        TONES[state],
        _count_text(duty.done, duty.required),
        activities,
        plan_url(branch.pk, duty.rule, duty.group.pk if duty.group else None)
        if plan
        else "",
    )


def _page_of(held: Held) -> str:
    page = "appraisal_round" if held.is_round else "activity_detail"
    return reverse(f"activities:{page}", args=[held.pk])


def _title(rule: DutyRule, group: Any) -> str:
    return f"{rule.name} · {group.name}" if group is not None else rule.name


def _state_text(state: str) -> str:
    return {
        "done": pgettext("duty", "Held"),
        "planned": pgettext("duty", "Announced"),
        "open": pgettext("duty", "Open"),
        "missed": pgettext("duty", "Not held"),
        "coming": pgettext("duty", "To come"),
    }[state]


def _count_text(done: int, required: int) -> str:
    """Said only where there is something to count."""
    if required < 2:
        return ""
    return _("%(done)s of %(required)s held") % {"done": done, "required": required}


def _parts(
    rows: list[tuple[Duty, Row]],
    reminders: list[tuple[DutyRule, Span]],
    today: date,
) -> list[Part]:
    """The month, the quarter, the half-year and the year that run, if they ask for
    something."""
    titles = {
        1: _("This month"),
        3: _("This quarter"),
        6: _("This half-year"),
        12: _("This year"),
    }
    parts: dict[int, Part] = {}

    def part(span: Span) -> Part:
        return parts.setdefault(span.months, Part(titles[span.months], span))

    for duty, row in rows:
        if duty.span.holds(today):
            part(duty.span).rows.append(row)
    for rule, span in reminders:
        if span.holds(today):
            part(span).notes.append(rule)
    return [parts[months] for months in sorted(parts)]


def _months(rows: list[tuple[Duty, Row]], year: int, today: date) -> list[Part]:
    """The twelve months with what falls due in each, Party groups taken together."""
    months = [Span(date(year, number, 1), 1) for number in range(1, 13)]
    parts = [
        Part(
            date_format(span.starts_on, "F"),
            span,
            is_now=span.holds(today),
        )
        for span in months
    ]
    together: dict[tuple[int, DutyRule], list[Duty]] = {}
    for duty, _row in rows:
        together.setdefault((duty.due_on.month, duty.rule), []).append(duty)
    for (month, rule), found in together.items():
        parts[month - 1].rows.append(_cell(rule, found, today))
    return parts


def _cell(rule: DutyRule, found: list[Duty], today: date) -> Row:
    states = {duty.state(today) for duty in found}
    # The one that says most about what is left to do.
    state = next(state for state in _BY_CONCERN if state in states)
    done = sum(duty.done for duty in found)
    required = sum(duty.required for duty in found)
    return Row(
        rule,
        rule.name,
        found[0].due_on,
        state,
        _state_text(state),
        TONES[state],
        _count_text(done, required),
    )


_BY_CONCERN = ("open", "missed", "planned", "coming", "done")


# --- many branches --------------------------------------------------------------------
@dataclass
class Heading:
    """What is missing and since when, with the branches where it is."""

    title: str
    source: str
    when: str
    is_required: bool
    lines: list[dict[str, Any]] = field(default_factory=list)


@require_safe
def open_list(request: HttpRequest) -> HttpResponse:
    """What is open below, by the day due and then by the tree: where help is needed."""
    managed = managed_branches(request.user, access.RIGHT)
    if (
        not request.user.is_authenticated
        or not access.hosting_branches(request.user).exists()
    ):
        raise Http404
    today = timezone.localdate()
    demands = open_duties.near(DutyRule.objects.all(), today)
    form = OpenDutiesForm(request.GET, demands=demands, branches=managed)
    branches, wanted = form.chosen()
    lines, more = open_duties.lines(
        wanted,
        branches,
        today=today,
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    context = {
        "form": form,
        "headings": _headings(lines, today),
        "page": _page(request, lines, more),
        "is_filtered": bool(request.GET.get("duty") or request.GET.get("below")),
    }
    return render(request, "activities/open_duties.html", context)


def _headings(lines: list[open_duties.Line], today: date) -> list[Heading]:
    branches = Branch.objects.select_related("parent").in_bulk(
        {line.branch for line in lines}
    )
    groups = PartyGroup.objects.in_bulk({line.group for line in lines if line.group})
    found: dict[open_duties.Demand, Heading] = {}
    for line in lines:
        rule, span = line.demand
        if line.demand not in found:
            found[line.demand] = Heading(
                f"{rule.name} · {span_text(span)}",
                rule.source,
                when_text(span.ends_on, today),
                rule.is_required,
            )
        branch = branches[line.branch]
        found[line.demand].lines.append(
            {
                "branch": branch,
                "url": reverse("activities:branch_duties", args=[branch.pk]),
                "group": groups.get(line.group),
                "lacks": line.lacks if line.lacks > 1 else 0,
            }
        )
    return list(found.values())


def _page(
    request: HttpRequest, lines: list[open_duties.Line], more: bool
) -> dict[str, Any]:
    query = request.GET.copy()
    is_first = not query.pop("after", None)
    first = f"?{query.urlencode()}"
    if more:
        query["after"] = lines[-1].key
    return {
        "first_url": None if is_first else first,
        # A list that changes under the reader is read forward.
        "previous_url": None,
        "next_url": f"?{query.urlencode()}" if more else None,
    }
