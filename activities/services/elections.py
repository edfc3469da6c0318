"""Elections with several candidates: put on a draft, counted by the tellers, explained.

Always secret, with the names in the order of surname strokes (EL-07).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import ballots
from activities.ballots import Rule
from activities.models import Candidate, Election
from activities.services import voted
from activities.services.minutes import locked_draft
from members.models import Member, User
from members.refusals import refusal_at
from members.stroke_order import stroke_key

Kind = Election.Kind
WITH_CHOICE = frozenset({Kind.COMMITTEE, Kind.DELEGATES})


@dataclass(frozen=True)
class Outcome:
    """Who is elected and why, by the keys of the candidates; `left` seats nobody won, of
    which `vacant` are to be filled: none once the meeting agreed to fewer."""

    has_quorum: bool
    quorum: int
    needed: int
    elected: tuple[int, ...]
    tied: tuple[int, ...]
    left: int
    vacant: int


@transaction.atomic
def put(election: Election, candidates: Sequence[Member]) -> Election:
    """Put an election on a point of a draft, who stands by surname strokes (EL-07).

    Raises ValidationError, code "signed", and by field: "more_than_due"; at counter
    "tellers" without two; at candidates "required", "too_few" without the choice that the
    kind demands (EL-05, EL-15), "one_each" (EL-06), "not_full" (EL-01), and "teller" for
    a teller who stands (EL-13).
    """
    locked_draft(election.item.minutes)
    if election.monitor_id == election.counter_id:
        message = _("A secret ballot has two tellers: one watches, one counts.")
        raise refusal_at("counter", message, code="tellers")
    if election.present > election.eligible:
        message = _("No more can be present than are due.")
        raise refusal_at("present", message, code="more_than_due")
    people = list({one.pk: one for one in candidates}.values())
    people.sort(key=lambda one: (stroke_key(one.name), one.pk))
    _check_candidates(election, people)
    election.save()
    for place, member in enumerate(people, start=1):
        Candidate.objects.create(election=election, position=place, member=member)
    return election


def _check_candidates(election: Election, people: Sequence[Member]) -> None:
    if not people:
        message = _("Nobody stands yet.")
        raise refusal_at("candidates", message, code="required")
    seats, standing = election.seats, len(people)
    words = {"seats": seats, "standing": standing}
    if election.kind == Kind.OFFICERS and standing != seats:
        message = _("One candidate for each seat: %(seats)s seats, %(standing)s stand.")
        raise refusal_at("candidates", message % words, code="one_each")
    least = ballots.candidates_needed(seats) if election.kind in WITH_CHOICE else seats
    if standing < least:
        message = _(
            "For %(seats)s seats at least %(least)s stand; these are %(standing)s."
        )
        words["least"] = least
        raise refusal_at("candidates", message % words, code="too_few")
    if any(one.state != Member.State.FULL for one in people):
        message = _("Only full members are elected.")
        raise refusal_at("candidates", message, code="not_full")
    tellers = {election.monitor_id, election.counter_id}
    if any(one.pk in tellers for one in people):
        message = _("Who stands is no teller.")
        raise refusal_at("candidates", message, code="teller")


@transaction.atomic
def count(
    election: Election,
    totals: Mapping[str, int],
    votes: Mapping[int, Mapping[str, int]],
    *,
    handed: Collection[Member] = (),
    by: User,
    now: datetime,
) -> Election:
    """Enter the totals, those of each candidate by key; entered again they are mended.

    handed: who was given a ballot, in the place of those that stand. What was agreed on
    fewer seats goes, for it was said of other numbers.
    Raises ValidationError, code "signed", "teller" for who is none, and by field:
    issued "more_than_present" (EL-14), returned "more_than_issued" (EL-08), void
    "more_than_returned" and "too_many_marks" (EL-09), "yes_<candidate>" "sum", and those
    of `voted.faults`.
    """
    found = for_teller(election, by)
    for name in Election.TOTALS:
        setattr(found, name, totals.get(name) or 0)
    candidates = list(found.candidates.select_related("member"))
    for one in candidates:
        for name in Candidate.TOTALS:
            setattr(one, name, votes.get(one.pk, {}).get(name) or 0)
    if faults := voted.faults(found, handed) | _faults(found, candidates):
        raise ValidationError(faults)
    for one in candidates:
        one.save()
    found.counted_at, found.counted_by = now, by
    found.for_fewer_seats = None
    found.save()
    voted.replace(found, handed)
    return found


def for_teller(election: Election, by: User) -> Election:
    """It, locked, on a draft and for one of its tellers."""
    locked_draft(election.item.minutes)
    found = Election.objects.select_for_update().get(pk=election.pk)
    if by.member_id not in {found.monitor_id, found.counter_id}:
        message = _("Only the tellers enter the totals of a secret ballot.")
        raise ValidationError(message, code="teller")
    return found


def _faults(
    election: Election, candidates: Sequence[Candidate]
) -> dict[str, ValidationError]:
    issued, returned = election.issued or 0, election.returned or 0
    void = election.void or 0
    faults: dict[str, ValidationError] = {}

    def fault(field: str, message: str, code: str) -> None:
        faults[field] = ValidationError(message, code=code)

    if issued > election.present:
        message = _("No more ballots are issued than voters are present.")
        fault("issued", message, "more_than_present")
    if returned > issued:
        message = _(
            "More ballots came back than were issued: the vote is void and is held again."
        )
        fault("returned", message, "more_than_issued")
    if void > returned:
        fault("void", _("More are void than came back."), "more_than_returned")
    if faults:
        return faults
    valid = returned - void
    if sum(one.yes or 0 for one in candidates) > election.seats * valid:
        message = _(
            "More in favor than %(seats)s on each of %(valid)s valid ballots: a ballot "
            "with more is void."
        )
        words = {"seats": election.seats, "valid": valid}
        fault("void", message % words, "too_many_marks")
    for one in candidates:
        spoken = (one.yes or 0) + (one.no or 0) + (one.abstain or 0)
        if spoken != valid:
            message = _("%(spoken)s together, and there are %(valid)s valid ballots.")
            fault(f"yes_{one.pk}", message % {"spoken": spoken, "valid": valid}, "sum")
    return faults


@transaction.atomic
def remove(election: Election) -> None:
    """Take one off a draft that was put there by mistake. Twice is once.

    Raises ValidationError, code "signed", and "counted" once its tellers counted.
    """
    locked_draft(election.item.minutes)
    found = Election.objects.select_for_update().filter(pk=election.pk).first()
    if found is None:
        return
    if found.is_counted:
        message = _("The tellers counted this ballot: it stays.")
        raise ValidationError(message, code="counted")
    found.delete()


def outcome(election: Election) -> Outcome | None:
    """None until it is counted; without a quorum nobody is elected (EL-04)."""
    if not election.is_counted:
        return None
    quorum = ballots.quorum(Rule.ELECTION, election.eligible)
    needed = ballots.needed(Rule.ELECTION, eligible=0, present=election.present)
    if election.present < quorum:
        seats = election.seats
        return Outcome(False, quorum, needed, (), (), seats, seats)
    votes = {str(one.pk): one.yes or 0 for one in election.candidates.all()}
    found = ballots.elect(votes, seats=election.seats, present=election.present)
    elected, tied = (tuple(map(int, keys)) for keys in (found.elected, found.tied))
    vacant = found.vacant if election.for_fewer_seats is None else 0
    return Outcome(True, quorum, needed, elected, tied, found.vacant, vacant)


def explain(election: Election) -> list[str]:
    """What came out, and by which arithmetic, in a few sentences (EL-04, EL-10 … 12)."""
    found = outcome(election)
    if found is None:
        return [_("Not counted yet.")]
    words: dict[str, Any] = {
        "eligible": election.eligible,
        "present": election.present,
        "quorum": found.quorum,
        "needed": found.needed,
        "vacant": found.vacant,
        "left": found.left,
    }
    if not found.has_quorum:
        message = _(
            "No quorum: of %(eligible)s due %(present)s were present, %(quorum)s are "
            "needed. Nothing is decided."
        )
        return [message % words]
    names = {one.pk: one.member.name for one in election.candidates.all()}
    said = []
    if found.elected:
        words["names"] = "、".join(names[key] for key in found.elected)
        message = _(
            "Elected: %(names)s, each with at least %(needed)s in favor, more than half "
            "of the %(present)s present."
        )
    else:
        message = _(
            "Nobody has %(needed)s in favor, more than half of the %(present)s present."
        )
    said.append(message % words)
    if found.tied:
        words["names"] = "、".join(names[key] for key in found.tied)
        message = _(
            "%(names)s have the same number for the last %(vacant)s: a new vote is held "
            "among them."
        )
        said.append(message % words)
    elif found.vacant:
        message = _(
            "Seats left: %(vacant)s. A new vote is held for them; if nearly all are "
            "filled, more than half of the voters may agree to fewer seats."
        )
        said.append(message % words)
    elif election.for_fewer_seats is not None:
        words |= {
            "agreed": election.for_fewer_seats,
            "filled": len(found.elected),
            "seats": election.seats,
        }
        message = _(
            "Seats left: %(left)s. %(agreed)s of the %(present)s present, more than half, "
            "agreed to %(filled)s seats instead of %(seats)s."
        )
        said.append(message % words)
    return said


def rows(election: Election) -> list[dict[str, Any]]:
    """Each candidate with what came out: "elected", "tied", "not", or "" uncounted."""
    found = outcome(election)
    marks = {}
    if found is not None:
        marks = dict.fromkeys(found.tied, "tied") | dict.fromkeys(
            found.elected, "elected"
        )
    return [
        {
            "candidate": one,
            "outcome": marks.get(one.pk, "not") if found is not None else "",
        }
        for one in election.candidates.all()
    ]
