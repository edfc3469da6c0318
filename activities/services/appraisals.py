"""The yearly appraisal: self, mutual, poll, opinion, feedback, in this order (LIFE-23).

The poll between the second and the fourth step is in `services/polls.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import access_appraisal
from activities import appraisal_rules as rules
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    FollowUp,
    Grade,
    MutualOpinion,
)
from members.models import AuditEntry, Branch, Member, User
from members.refusals import refusal_at
from members.services import audit, inbox

Step = AppraisalRound.Step
FIRST_YEAR = 2019
LONGEST_TEXT = 4000


# --- the steps of a round ---------------------------------------------------------------
@transaction.atomic
def start(
    branch: Branch, *, year: int, due_on: date, by: User | None, today: date
) -> AppraisalRound:
    """Open the round of a year with all members of the branch, who are told.

    Probationary members take part and get no grade (LIFE-22). Raises ValidationError,
    code "closed", "nobody"; at "year" "range" or "twice"; at "due_on" "range".
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    if branch.is_closed:
        raise ValidationError(_("This branch is closed."), code="closed")
    if not max(FIRST_YEAR, branch.established_on.year) <= year <= today.year:
        raise refusal_at("year", _("Look at the year."), code="range")
    if AppraisalRound.objects.filter(branch=branch, year=year).exists():
        message = _("The appraisal of this year was started already.")
        raise refusal_at("year", message, code="twice")
    if not 0 <= (due_on - today).days <= 366:
        message = _("From today on, and within a year.")
        raise refusal_at("due_on", message, code="range")
    round_ = AppraisalRound.objects.create(
        branch=branch, year=year, due_on=due_on, started_by=by
    )
    if not take_in(round_):
        message = _("Nobody in this branch takes part in an appraisal.")
        raise ValidationError(message, code="nobody")
    note_step(round_, by)
    tell(round_, inbox.Kind.APPRAISAL_SELF, on=due_on.isoformat())
    return round_


def take_in(round_: AppraisalRound) -> int:
    """Add those of the branch who are not in the round yet; returns how many."""
    there = round_.appraisals.values("member")
    people = access_appraisal.participants(round_.branch).exclude(pk__in=there)
    made = Appraisal.objects.bulk_create(
        Appraisal(
            round=round_,
            member=member,
            takes_grade=member.state != Member.State.PROBATIONARY,
        )
        for member in people.order_by("pinyin", "pk")
    )
    return len(made)


@transaction.atomic
def open_mutual(round_: AppraisalRound, *, by: User | None) -> AppraisalRound:
    """Go on to the opinions on one another; who joined the branch since takes part too.

    Raises ValidationError, code "order" but after the self-appraisal.
    """
    found = locked(round_, Step.SELF, Step.MUTUAL)
    if found.step == Step.MUTUAL:
        return found
    take_in(found)
    go_on(found, Step.MUTUAL, by=by)
    tell(found, inbox.Kind.APPRAISAL_MUTUAL)
    return found


@transaction.atomic
def feed_back(
    round_: AppraisalRound,
    *,
    body: str,
    decided_on: date,
    by: User | None,
    today: date,
) -> AppraisalRound:
    """Tell each person grade and opinion, as committee or meeting settled them.

    Raises ValidationError, code "order"; "undecided" while somebody is neither decided
    nor exempt; at "decided_on" "range".
    """
    found = locked(round_, Step.OPINION, Step.FEEDBACK)
    if found.step == Step.FEEDBACK:
        return found
    if open_ := undecided(found):
        names = _names(one.member.name for one in open_)
        message = _("Still without opinion and not exempt: %(names)s.")
        raise ValidationError(message % {"names": names}, code="undecided")
    if decided_on > today or (today - decided_on).days > 366:
        message = _("The day of the meeting: today or before.")
        raise refusal_at("decided_on", message, code="range")
    if body not in AppraisalRound.Body.values:
        raise refusal_at("body", _("Say who settled it."), code="body")
    found.body, found.decided_on = body, decided_on
    go_on(found, Step.FEEDBACK, by=by)
    tell(found, inbox.Kind.APPRAISAL_TOLD)
    return found


@transaction.atomic
def finish(round_: AppraisalRound, *, by: User | None) -> AppraisalRound:
    """Close the round. Raises ValidationError, code "order"; "unread" while somebody has
    not read the feedback; "no_follow_up" while a grade that asks for one has none
    (LIFE-26)."""
    found = locked(round_, Step.FEEDBACK, Step.DONE)
    if found.step == Step.DONE:
        return found
    results = list(_results(found))
    if unread := [one for one in results if one.read_at is None]:
        names = _names(one.appraisal.member.name for one in unread)
        message = _("Not read yet: %(names)s. Tell them in person and note it.")
        raise ValidationError(message % {"names": names}, code="unread")
    followed = set(
        FollowUp.objects.filter(appraisal__round=found).values_list(
            "appraisal", flat=True
        )
    )
    bare = [
        one
        for one in results
        if one.grade in {Grade.BASIC, Grade.UNQUALIFIED}
        and one.appraisal_id not in followed
    ]
    if bare:
        names = _names(one.appraisal.member.name for one in bare)
        message = _("Note first how these members are helped: %(names)s.")
        raise ValidationError(message % {"names": names}, code="no_follow_up")
    return go_on(found, Step.DONE, by=by)


def go_on(round_: AppraisalRound, to: Step, *, by: User | None) -> AppraisalRound:
    """Write the next step of a locked round, and note who took it."""
    round_.step = to
    round_.save()
    note_step(round_, by)
    return round_


def note_step(round_: AppraisalRound, by: User | None) -> None:
    audit.record(
        audit.Act.APPRAISAL_STEP,
        by=by,
        subject=round_,
        branch=round_.branch,
        step=str(round_.step),
        year=round_.year,
    )


def tell(round_: AppraisalRound, kind: inbox.Kind, **context: str) -> None:
    """A line for each who takes part, with a link to the own appraisal."""
    rows = round_.appraisals.values_list("member", "pk")
    keys = dict(rows)
    users = User.objects.filter(member__in=keys, is_active=True).order_by("pk")
    inbox.notify(
        users,
        kind,
        url=reverse("activities:appraisal_home"),
        branch=str(round_.branch),
        **context,
    )


# --- what members write -----------------------------------------------------------------
@transaction.atomic
def write_self(
    appraisal: Appraisal, text: str, *, by: User, is_copied: bool = False
) -> Appraisal:
    """Keep the self-appraisal, again as often as wanted.

    is_copied: the branch wrote down what the member gave on paper or said; that is in
    the audit log. Raises ValidationError, code "step"; at "text" "empty" or "too_long";
    "own_words" where the member wrote already.
    """
    locked(appraisal.round, Step.SELF, code="step")
    found = Appraisal.objects.select_for_update().get(pk=appraisal.pk)
    if is_copied and found.has_written and not found.is_copied:
        message = _("The member wrote already: those words stand.")
        raise ValidationError(message, code="own_words")
    found.self_text, found.is_copied = checked(text), is_copied
    found.save(update_fields=["self_text", "is_copied"])
    if is_copied:
        _note(audit.Act.APPRAISAL_WRITTEN_FOR, found, by)
    return found


@transaction.atomic
def write_on(appraisal: Appraisal, text: str, *, by: User) -> MutualOpinion:
    """Keep what the member of `by` thinks of another; written anew it replaces the first.

    Raises ValidationError, code "step", "not_in_round", "own"; at "text" "empty" or
    "too_long".
    """
    round_ = locked(appraisal.round, Step.MUTUAL, code="step")
    author = own_part(round_, by).member
    if author.pk == appraisal.member_id:
        raise ValidationError(_("Write on somebody else."), code="own")
    said = checked(text)
    found = MutualOpinion.objects.filter(appraisal=appraisal, author=author).first()
    found = found or MutualOpinion(appraisal=appraisal, author=author, text=said)
    found.text = said
    found.save()
    return found


# --- what the branch decides ------------------------------------------------------------
@transaction.atomic
def decide(
    appraisal: Appraisal, *, grade: str, opinion: str, reason: str = "", by: User
) -> AppraisalResult:
    """Settle the grade and the opinion; the poll informs, people decide (LIFE-25).

    Raises ValidationError, code "step"; at "grade" "no_grade" for a probationary member
    (LIFE-22), "no_choice"; at "opinion" "empty", "too_long"; at "reason" "reason" where
    the grade differs from the order of the poll and none is given.
    """
    round_ = locked(appraisal.round, Step.OPINION, code="step")
    appraisal = round_.appraisals.select_related("member").get(pk=appraisal.pk)
    if not appraisal.takes_grade and grade:
        message = _("Probationary members get no grade.")
        raise refusal_at("grade", message, code="no_grade")
    if appraisal.takes_grade and grade not in Grade.values:
        raise refusal_at("grade", _("Choose a grade."), code="no_choice")
    said = checked(opinion, "opinion")
    reason = reason.strip()[:LONGEST_TEXT]
    found = result_of(appraisal)
    if grade and not reason and _differs(found, grade, round_):
        message = _(
            "It differs from the order of the poll: say why, for committee and meeting."
        )
        raise refusal_at("reason", message, code="reason")
    found.grade, found.opinion, found.reason = grade, said, reason
    found.entered_by = by
    found.save()
    if appraisal.is_exempt:
        appraisal.exempt_reason = ""
        appraisal.save(update_fields=["exempt_reason"])
    _note(audit.Act.APPRAISAL_DECIDED, appraisal, by)
    return found


def _differs(result: AppraisalResult, grade: str, round_: AppraisalRound) -> bool:
    counts = result.counts
    if counts is None:
        return False
    others = [one for one in _results(round_) if one.counts and one.pk != result.pk]
    graded = [
        rules.Graded(one.grade, one.counts or {}, one.has_reason)
        for one in others
        if one.grade
    ]
    every = [counts, *(one.counts or {} for one in others)]
    crowded = rules.is_crowded(every, members=graded_number(round_))
    mine = rules.Graded(grade, counts)
    return rules.needs_reason(mine, graded, is_crowded=crowded)


@transaction.atomic
def exempt(appraisal: Appraisal, *, reason: str, by: User) -> Appraisal:
    """Ask nothing of somebody old, ill or disabled: shown as exempt, left out of all
    numbers, without a grade (LIFE-27, PTS-07).

    Raises ValidationError, code "step" during the poll, whose list stands, and once the
    feedback is given; at "reason" "empty", "too_long".
    """
    locked(appraisal.round, Step.SELF, Step.MUTUAL, Step.OPINION, code="step")
    said = checked(reason, "reason")
    found = Appraisal.objects.select_for_update().get(pk=appraisal.pk)
    found.exempt_reason = said
    found.save(update_fields=["exempt_reason"])
    AppraisalResult.objects.filter(appraisal=found).update(
        grade="", opinion=None, reason=None, entered_by=by
    )
    _note(audit.Act.APPRAISAL_EXEMPTED, found, by)
    return found


@transaction.atomic
def take_exemption_back(appraisal: Appraisal, *, by: User) -> Appraisal:
    """Ask for all again. Twice is once. Raises ValidationError, code "step" as `exempt`."""
    locked(appraisal.round, Step.SELF, Step.MUTUAL, Step.OPINION, code="step")
    found = Appraisal.objects.select_for_update().get(pk=appraisal.pk)
    if found.is_exempt:
        found.exempt_reason = ""
        found.save(update_fields=["exempt_reason"])
        _note(audit.Act.APPRAISAL_EXEMPTED, found, by, is_back=True)
    return found


# --- the person -------------------------------------------------------------------------
@transaction.atomic
def confirm_read(appraisal: Appraisal, *, now: datetime) -> AppraisalResult:
    """The person has read grade and opinion; twice is once.

    Raises ValidationError, code "step" before the feedback, "exempt" where there is none.
    """
    return _read(appraisal, now, in_person=False)


@transaction.atomic
def tell_in_person(appraisal: Appraisal, *, by: User, now: datetime) -> AppraisalResult:
    """The branch told somebody who does not use the portal. As `confirm_read`."""
    found = _read(appraisal, now, in_person=True)
    _note(audit.Act.APPRAISAL_TOLD, appraisal, by)
    return found


def _read(appraisal: Appraisal, now: datetime, *, in_person: bool) -> AppraisalResult:
    locked(appraisal.round, *AppraisalRound.TOLD, code="step")
    results = AppraisalResult.objects.select_for_update()
    found = results.filter(appraisal=appraisal).first()
    if found is None or not found.is_settled:
        message = _("Without opinion there is nothing to confirm.")
        raise ValidationError(message, code="exempt")
    if found.read_at is None:
        found.read_at, found.told_in_person = now, in_person
        found.save(update_fields=["read_at", "told_in_person"])
    return found


# --- looking ----------------------------------------------------------------------------
def result_of(appraisal: Appraisal) -> AppraisalResult:
    """The row that stands, or a new one that is not saved."""
    found = AppraisalResult.objects.filter(appraisal=appraisal).first()
    return found or AppraisalResult(appraisal=appraisal)


def _results(round_: AppraisalRound) -> QuerySet[AppraisalResult]:
    """The results of those who are not exempt, once the branch settled them."""
    found = AppraisalResult.objects.filter(
        appraisal__round=round_, appraisal__exempt_reason__isnull=True
    )
    return found.select_related("appraisal__member")


def undecided(round_: AppraisalRound) -> list[Appraisal]:
    """Those without opinion who are not exempt."""
    decided = AppraisalResult.objects.filter(
        appraisal__round=round_, opinion__isnull=False
    )
    rows = round_.appraisals.filter(exempt_reason__isnull=True)
    rows = rows.exclude(pk__in=decided.values("appraisal"))
    return list(rows.select_related("member"))


def graded_number(round_: AppraisalRound) -> int:
    """Those who take a grade, the exempt left out: the members of LIFE-21."""
    return round_.appraisals.filter(
        takes_grade=True, exempt_reason__isnull=True
    ).count()


def too_many_excellent(round_: AppraisalRound) -> tuple[int, int] | None:
    """LIFE-21: how many are excellent and how many as a rule at most; None while it
    fits. A warning and never a refusal."""
    excellent = _results(round_).filter(grade=Grade.EXCELLENT).count()
    most = rules.most_excellent(graded_number(round_))
    return (excellent, most) if excellent > most else None


# --- small ------------------------------------------------------------------------------
def locked(round_: AppraisalRound, *steps: str, code: str = "order") -> AppraisalRound:
    """The round, locked; refused with `code` unless it stands at one of `steps`."""
    rows = AppraisalRound.objects.select_for_update(of=("self",))
    found = rows.select_related("branch").get(pk=round_.pk)
    if found.step not in steps:
        message = _("It is not the time for this: the appraisal stands at “%(step)s”.")
        step = found.get_step_display()
        raise ValidationError(message % {"step": step}, code=code)
    return found


def own_part(round_: AppraisalRound, user: User) -> Appraisal:
    """The own part of `user` in a round. Raises ValidationError, code "not_in_round"."""
    own = access_appraisal.own_appraisals(user).filter(round=round_).first()
    if own is None:
        raise ValidationError(_("You do not take part here."), code="not_in_round")
    return own


def checked(text: str, field: str = "text") -> str:
    said = text.strip()
    if not said:
        raise refusal_at(field, _("Write a few words."), code="empty")
    if len(said) > LONGEST_TEXT:
        message = _("At most %(most)s characters.") % {"most": LONGEST_TEXT}
        raise refusal_at(field, message, code="too_long")
    return said


def _names(names: Iterable[str]) -> str:
    """A few names, in the order of the list."""
    shown = list(names)
    more = " …" if len(shown) > 5 else ""
    return "、".join(shown[:5]) + more


def _note(
    act: AuditEntry.Act, appraisal: Appraisal, by: User, *, is_back: bool = False
) -> None:
    """In the audit log: whose appraisal, and nothing of what stands in it."""
    audit.record(
        act,
        by=by,
        subject=appraisal,
        branch=appraisal.round.branch,
        member=appraisal.member,
        is_back=is_back,
    )
