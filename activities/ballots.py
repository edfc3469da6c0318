"""The arithmetic of votes: quorum, sums and outcome, as functions of numbers alone.

A decision is judged by those due (MEET-02), an election by those present (EL-10), an
admission by those due with the written opinions of before the meeting (DEV-V02): the
three are not to be mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Rule(TextChoices):
    DECISION = "decision", _("Decision: more than half of those due")
    ELECTION = "election", _("Election: more than half of those present")
    ADMISSION = (
        "admission",
        _("Admission or full membership: more than half of those due"),
    )


@dataclass(frozen=True)
class Count:
    """A vote and its numbers. eligible: those due with the right to vote; present: of
    them, those who were there. written_yes counts for an admission only, and its writers
    are not present (DEV-V03)."""

    rule: str
    eligible: int
    present: int
    issued: int
    returned: int
    yes: int
    no: int
    abstain: int
    void: int
    written_opinions: int = 0
    written_yes: int = 0


@dataclass(frozen=True)
class Outcome:
    """has_quorum and passed, with the numbers they were judged by."""

    has_quorum: bool
    passed: bool
    quorum: int
    needed: int
    counted: int


def quorum(rule: str, eligible: int) -> int:
    """How many of those due must be there (MEET-01, MEET-05, EL-04, DEV-V01)."""
    if rule == Rule.ELECTION:
        return -(-4 * eligible // 5)  # 5 * present >= 4 * eligible
    if rule == Rule.ADMISSION:
        return eligible // 2 + 1  # 2 * present > eligible
    return -(-eligible // 2)  # 2 * present >= eligible


def needed(rule: str, *, eligible: int, present: int) -> int:
    """How many votes in favor carry a motion (MEET-02, EL-10, DEV-V02)."""
    return (present if rule == Rule.ELECTION else eligible) // 2 + 1


def outcome(count: Count) -> Outcome:
    """What a vote decided; without a quorum nothing is."""
    least = quorum(count.rule, count.eligible)
    enough = needed(count.rule, eligible=count.eligible, present=count.present)
    in_favor = count.yes
    if count.rule == Rule.ADMISSION:
        in_favor += count.written_yes
    has_quorum = count.present >= least
    return Outcome(
        has_quorum=has_quorum,
        passed=has_quorum and in_favor >= enough,
        quorum=least,
        needed=enough,
        counted=in_favor,
    )


def faults(count: Count) -> dict[str, str]:
    """The code of what is wrong, by field (MIN-15, EL-08); empty where the sums fit."""
    found = {}
    if count.present > count.eligible:
        found["present"] = "more_than_due"
    if count.issued > count.present:
        found["issued"] = "more_than_present"
    if count.returned > count.issued:
        found["returned"] = "more_than_issued"
    elif count.yes + count.no + count.abstain + count.void != count.returned:
        found["returned"] = "sum"
    if count.written_opinions > max(0, count.eligible - count.present):
        found["written_opinions"] = "more_than_absent"
    if count.written_yes > count.written_opinions:
        found["written_yes"] = "more_than_written"
    return found


# --- elections with several candidates --------------------------------------------------
def candidates_needed(seats: int) -> int:
    """For members of a committee: a fifth more than seats, rounded up (EL-05)."""
    return -(-6 * seats // 5)


@dataclass(frozen=True)
class Election:
    """elected: in the order of votes. tied: those of one number of votes for the last
    seats, among whom there is a new vote (EL-11). vacant: seats left (EL-12)."""

    elected: tuple[str, ...]
    tied: tuple[str, ...]
    vacant: int


def elect(votes: Mapping[str, int], *, seats: int, present: int) -> Election:
    """Who of the candidates is elected, by the votes in favor of each (EL-10 … EL-12)."""
    enough = needed(Rule.ELECTION, eligible=0, present=present)
    above = sorted(
        (name for name, number in votes.items() if number >= enough),
        key=lambda name: -votes[name],
    )
    if len(above) <= seats:
        return Election(tuple(above), (), seats - len(above))
    last = votes[above[seats - 1]]
    if votes[above[seats]] < last:
        return Election(tuple(above[:seats]), (), 0)
    safe = tuple(name for name in above if votes[name] > last)
    tied = tuple(name for name in above if votes[name] == last)
    return Election(safe, tied, seats - len(safe))
