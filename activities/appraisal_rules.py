"""The arithmetic of appraisals, as functions of numbers alone (LIFE-20 … LIFE-25)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from activities.models.appraisal import Grade

Counts = Mapping[str, int]  # votes by grade
ORDER: tuple[str, ...] = tuple(Grade.values)  # the best first
# Fewer grades on somebody would show what a single member chose.
LEAST_VOTES = 3


def most_excellent(members: int) -> int:
    """LIFE-21: as a rule at most a third of those who take a grade, rounded down."""
    return members // 3


def most_chosen(counts: Counts) -> set[str]:
    """The grade that most chose; several where they are equal, none without votes."""
    most = max(counts.values(), default=0)
    return {grade for grade, number in counts.items() if number == most and most}


def place(counts: Counts) -> tuple[Fraction, ...]:
    """What the order of the poll is judged by: the share of votes for excellent, then for
    qualified or better, then for basically qualified or better."""
    cast = sum(counts.values())
    if not cast:
        return (Fraction(0),) * (len(ORDER) - 1)
    upto = 0
    shares = []
    for grade in ORDER[:-1]:
        upto += counts[grade]
        shares.append(Fraction(upto, cast))
    return tuple(shares)


def is_crowded(all_counts: Iterable[Counts], *, members: int) -> bool:
    """Whether most chose excellent for more members than may be so as a rule."""
    wanted = sum(Grade.EXCELLENT in most_chosen(counts) for counts in all_counts)
    return wanted > most_excellent(members)


@dataclass(frozen=True)
class Graded:
    """Somebody with a grade and the votes; has_reason: why it differs is said there."""

    grade: str
    counts: Counts
    has_reason: bool = False


def needs_reason(one: Graded, others: Iterable[Graded], *, is_crowded: bool) -> bool:
    """LIFE-25: whether the grade differs from the order of the poll.

    It does where most chose another grade; or where it turns the order of two members
    round, and neither of them has a reason yet. is_crowded: most chose excellent for
    more members than the third has places; then qualified will do (LIFE-21).
    """
    chosen = most_chosen(one.counts)
    spared = is_crowded and Grade.EXCELLENT in chosen and one.grade == Grade.QUALIFIED
    if chosen and one.grade not in chosen and not spared:
        return True
    return any(
        not other.has_reason and _turned(one, other)
        for other in others
        if sum(other.counts.values())
    )


def _turned(one: Graded, other: Graded) -> bool:
    """Whether who has fewer votes has the better grade."""
    mine, theirs = place(one.counts), place(other.counts)
    ahead = ORDER.index(other.grade) - ORDER.index(one.grade)  # > 0: `one` is better
    return (ahead > 0 and mine < theirs) or (ahead < 0 and mine > theirs)


def may_be_kept(counts: Counts) -> bool:
    """Whether so many gave a grade that the totals do not tell what a single one chose."""
    return sum(counts[grade] for grade in ORDER) >= LEAST_VOTES


# --- a poll on paper --------------------------------------------------------------------
@dataclass(frozen=True)
class Papers:
    """The papers of a poll; each of them has all members on it."""

    issued: int
    returned: int
    void: int


def faults(papers: Papers, *, voters: int) -> dict[str, str]:
    """The code of what is wrong with the papers, by field; as in a ballot (MIN-15)."""
    found = {}
    if papers.issued > voters:
        found["issued"] = "more_than_voters"
    if papers.returned > papers.issued:
        found["returned"] = "more_than_issued"
    if papers.void > papers.returned:
        found["void"] = "more_than_returned"
    return found


def adds_up(papers: Papers, counts: Counts) -> bool:
    """Whether the marks for one member, blank ones too, are as many as valid papers."""
    return sum(counts.values()) == papers.returned - papers.void
