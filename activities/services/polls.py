"""The secret poll of an appraisal: totals and a flag, never who chose what (LIFE-24).

On line, all running totals of a round lie in one sealed text of one length. A ballot
writes that text anew as a whole and sets the flag of the voter, in one transaction that
holds the lock of the round: what was written never tells what was chosen, and two who
vote at once take turns. No audit entry, event, time or log line belongs to a ballot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities import appraisal_rules as rules
from activities.access import TAKE_PART
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    AppraisalTally,
    Grade,
)
from activities.services.appraisals import go_on, locked, own_part, take_in, tell
from members.models import Member, User
from members.refusals import refusal_at
from members.services import inbox

Step, Poll = AppraisalRound.Step, AppraisalRound.Poll
WIDTH = 12  # figures of a key and of a total, filled with zeros: one length for all


@transaction.atomic
def open_poll(round_: AppraisalRound, *, kind: str, by: User | None) -> AppraisalRound:
    """Go on to the poll, on line or on paper. Who takes part stands from then on.

    Raises ValidationError, code "order"; at "kind" "no_choice"; "nobody" where nobody
    takes a grade.
    """
    found = locked(round_, Step.MUTUAL, Step.POLL)
    if found.step == Step.POLL:
        return found
    if kind not in Poll.values:
        raise refusal_at("kind", _("Choose how the poll is held."), code="no_choice")
    take_in(found)
    keys = list(asked(found).order_by("pk").values_list("pk", flat=True))
    if not keys:
        raise ValidationError(_("Nobody here takes a grade."), code="nobody")
    found.poll = kind
    go_on(found, Step.POLL, by=by)
    if kind == Poll.ON_LINE:
        none = dict.fromkeys(Grade.values, 0)
        AppraisalTally.objects.create(
            round=found, counts=told(dict.fromkeys(keys, none))
        )
        tell(found, inbox.Kind.APPRAISAL_POLL)
    return found


def asked(round_: AppraisalRound) -> QuerySet[Appraisal]:
    """On whom the poll asks for a grade: not on the probationary and the exempt."""
    return round_.appraisals.filter(takes_grade=True, exempt_reason__isnull=True)


def voters(round_: AppraisalRound) -> QuerySet[Appraisal]:
    """Who may vote: all who take part and still belong to the branch. The exempt may,
    and are not counted among those who should."""
    there = Member.objects.filter(
        pk=OuterRef("member"), branch=round_.branch_id, state__in=TAKE_PART
    )
    return round_.appraisals.filter(Exists(there))


@transaction.atomic
def vote(round_: AppraisalRound, choices: Mapping[int, str], *, by: User) -> None:
    """Count one secret ballot: a grade for each asked on, by the key of the appraisal.

    Raises ValidationError, code "step", "on_paper", "not_in_round", "voted"; by field
    "grade_<key>" "no_choice" for each without a grade.
    """
    found = locked(round_, Step.POLL, code="step")
    if found.poll != Poll.ON_LINE:
        raise ValidationError(_("This poll is held on paper."), code="on_paper")
    own = own_part(found, by)
    if not voters(found).filter(pk=own.pk).exists():
        raise ValidationError(_("You do not take part here."), code="not_in_round")
    if own.has_voted:
        raise ValidationError(_("You have voted already."), code="voted")
    keys = set(asked(found).exclude(pk=own.pk).values_list("pk", flat=True))
    missing = {key for key in keys if choices.get(key) not in Grade.values}
    if missing or set(choices) - keys:
        message = _("Choose a grade.")
        errors = {
            f"grade_{key}": ValidationError(message, code="no_choice")
            for key in missing or set(choices) - keys
        }
        raise ValidationError(errors)  # type: ignore[arg-type]  # by field
    tally = AppraisalTally.objects.select_for_update().get(round=found)
    counts = read(tally.counts)
    for key, grade in choices.items():
        counts[key][grade] += 1
    tally.counts = told(counts)
    tally.save(update_fields=["counts"])
    Appraisal.objects.filter(pk=own.pk).update(has_voted=True)


def told(counts: Mapping[int, Mapping[str, int]]) -> str:
    """All totals as one text, whose length depends on the number of members alone."""
    return "".join(
        f"{number:0{WIDTH}}"
        for key in sorted(counts)
        for number in (key, *(counts[key][grade] for grade in Grade.values))
    )


def read(text: str) -> dict[int, dict[str, int]]:
    numbers = [int(text[at : at + WIDTH]) for at in range(0, len(text), WIDTH)]
    size = 1 + len(Grade.values)
    rows = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    return {key: dict(zip(Grade.values, row, strict=True)) for key, *row in rows}


# --- on paper ---------------------------------------------------------------------------
FAULTS = {
    "more_than_voters": gettext_lazy("More papers than members who may vote."),
    "more_than_issued": gettext_lazy("More papers came back than were given out."),
    "more_than_returned": gettext_lazy("More papers are void than came back."),
}


@transaction.atomic
def count_papers(
    round_: AppraisalRound,
    papers: rules.Papers,
    counts: Mapping[int, Mapping[str, int]],
    *,
    by: User,
) -> AppraisalRound:
    """Enter what tellers counted, again until the poll is closed.

    counts: by the key of the appraisal the marks for each grade and "blank". Raises
    ValidationError, code "step", "on_line"; by field as `rules.faults`, and at
    "blank_<key>" "sum" where marks and valid papers differ.
    """
    found = locked(round_, Step.POLL, code="step")
    if found.poll != Poll.ON_PAPER:
        raise ValidationError(_("This poll is held on line."), code="on_line")
    wrong = rules.faults(papers, voters=voters(found).count())
    errors = {
        name: ValidationError(FAULTS[code], code=code) for name, code in wrong.items()
    }
    people = {one.pk: one for one in asked(found)}
    if set(counts) != set(people):
        raise ValidationError(_("The list has changed: look again."), code="list")
    if not errors:
        message = _("The marks and “no grade marked” are not as many as valid papers.")
        errors = {
            f"blank_{key}": ValidationError(message, code="sum")
            for key, row in counts.items()
            if not rules.adds_up(papers, row)
        }
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]  # by field
    found.issued, found.returned = papers.issued, papers.returned
    found.void = papers.void
    found.save(update_fields=["issued", "returned", "void"])
    _keep(people.values(), counts, by=by)
    return found


# --- closing ----------------------------------------------------------------------------
@transaction.atomic
def close_poll(round_: AppraisalRound, *, by: User | None) -> AppraisalRound:
    """Close the poll and go on to grades and opinions.

    On line the totals are written out where enough gave a grade, and the running ones
    are deleted. Raises ValidationError, code "order"; "not_counted" for papers whose
    numbers were not entered.
    """
    found = locked(round_, Step.POLL, Step.OPINION)
    if found.step == Step.OPINION:
        return found
    if found.poll == Poll.ON_PAPER and found.returned is None:
        raise ValidationError(_("Enter first what was counted."), code="not_counted")
    if found.poll == Poll.ON_LINE:
        tally = AppraisalTally.objects.get(round=found)
        counts = read(tally.counts)
        kept = {key: row | {"blank": 0} for key, row in counts.items()}
        _keep(found.appraisals.filter(pk__in=kept), kept, by=by)
        tally.delete()
    return go_on(found, Step.OPINION, by=by)


def _keep(
    people: Iterable[Appraisal], counts: Mapping[int, Mapping[str, int]], *, by: Any
) -> None:
    """Write the totals of all, empty where fewer than three gave a grade."""
    rows = list(people)
    there = {
        one.appraisal_id: one
        for one in AppraisalResult.objects.filter(appraisal__in=rows)
    }
    for one in rows:
        result = there.setdefault(one.pk, AppraisalResult(appraisal=one))
        is_kept = rules.may_be_kept(counts[one.pk])
        for name in AppraisalResult.TOTALS:
            setattr(result, name, counts[one.pk][name] if is_kept else None)
        result.entered_by = by
    results = AppraisalResult.objects
    results.bulk_update(
        [one for one in there.values() if one.pk],
        (*AppraisalResult.TOTALS, "entered_by"),
    )
    results.bulk_create(one for one in there.values() if not one.pk)


@dataclass(frozen=True)
class Turnout:
    """How many of those who should have done something did; the exempt left out."""

    done: int
    of: int


def turnout(round_: AppraisalRound) -> Turnout:
    """How many voted. A number and no names: nobody is to be watched or pressed."""
    rows = voters(round_).filter(exempt_reason__isnull=True)
    return Turnout(rows.filter(has_voted=True).count(), rows.count())


def totals_of(result: AppraisalResult | None, round_: AppraisalRound) -> Any:
    """The totals of the closed poll by grade; None while it is open, and where too few
    gave a grade: the only way by which pages and API read them."""
    if result is None or round_.step not in (Step.OPINION, *AppraisalRound.TOLD):
        return None
    return result.counts
