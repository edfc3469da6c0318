"""The questions of a host, and the answers of those who sign up.

Answers are kept with the sign-up, in its own row: they cost no statement more while the
seats are locked (RL-01). They serve the day alone: they go when the sign-up is withdrawn,
and thirty days after the activity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from activities.models import Activity, SignUp, SignUpQuestion
from activities.models.activity import ActivityQuerySet
from activities.services.activities import State, locked, over
from members.refusals import refusal_at

Kind = SignUpQuestion.Kind
MOST, LONGEST_ANSWER = 5, 100
LEAST_OPTIONS, MOST_OPTIONS = 2, 8
KEPT = timedelta(days=30)
YES, NO = "yes", "no"


@transaction.atomic
def set_questions(activity: Activity, rows: Iterable[dict[str, Any]]) -> None:
    """Put these questions, in this order, in the place of those that stand.

    A row with the "id" of one that stands is that one, changed. Raises ValidationError,
    code "over" once it is held or cancelled, "no_sign_up" where nobody signs up,
    "too_many", "answered" where an answered one is changed or left out, "options" for a
    choice of fewer than two or more than eight, or the same twice.
    """
    activity = locked(activity)
    rows = list(rows)
    if activity.state not in {State.DRAFT, State.PLANNED}:
        raise over()
    if rows and not activity.needs_sign_up:
        message = _("Nobody signs up for this: there is nobody to ask.")
        raise ValidationError(message, code="no_sign_up")
    if len(rows) > MOST:
        message = _("At most %(most)s questions: a few are answered with care.")
        raise ValidationError(message % {"most": MOST}, code="too_many")
    there = {question.pk: question for question in activity.questions.all()}
    answered = _answered(activity) if there else set()
    kept = []
    for position, row in enumerate(rows, start=1):
        given = dict(row)
        found = there.pop(given.pop("id", None), None)
        question = found or SignUpQuestion(activity=activity)
        before = (question.text, question.kind, question.options)
        question.position = position
        for name, value in given.items():
            setattr(question, name, value)
        if question.kind != Kind.CHOICE:
            question.options = []
        _check(question)
        if question.pk in answered and before != (
            question.text,
            question.kind,
            question.options,
        ):
            raise _stands(question)
        kept.append(question)
    for question in there.values():
        if question.pk in answered:
            raise _stands(question)
    activity.questions.filter(pk__in=there).delete()
    for question in kept:
        question.save()
    # Who signs up meanwhile sees by this that the plan is another (`sign_ups.sign_up`).
    activity.save(update_fields=["updated_at"])


def _answered(activity: Activity) -> set[int]:
    answers = activity.sign_ups.exclude(answers=[]).values_list("answers", flat=True)
    return {one["question"] for said in answers for one in said}


def _stands(question: SignUpQuestion) -> ValidationError:
    message = _("“%(question)s” was answered already: it stays. Add another one.")
    words = {"question": SignUpQuestion.objects.get(pk=question.pk).text}
    return ValidationError(message % words, code="answered")


def _check(question: SignUpQuestion) -> None:
    question.full_clean(exclude=["activity"])
    options = question.options
    if question.kind == Kind.CHOICE and (
        not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS
        or len(set(options)) < len(options)
    ):
        message = _(
            "“%(question)s”: give from two to eight different things to choose from."
        )
        words = {"question": question.text}
        raise ValidationError(message % words, code="options")


def with_asks(activities: ActivityQuerySet) -> ActivityQuerySet:
    """Each with `asks`: whether it has questions, which `of` then need not look for."""
    found = SignUpQuestion.objects.order_by().filter(activity=OuterRef("pk"))
    return activities.annotate(asks=Exists(found))


def of(activity: Activity) -> Iterable[SignUpQuestion]:
    """The questions of an activity, read once; nothing is asked of the database where
    `with_asks` said that there are none."""
    if not getattr(activity, "asks", True):
        return ()
    prefetch_related_objects([activity], "questions")
    return activity.questions.all()


def answers_of(
    questions: Iterable[SignUpQuestion], given: Mapping[int, str]
) -> list[dict[str, Any]]:
    """What is kept of `given`, by the number of the question; others are left out.

    Raises ValidationError at question_<number>, codes "required", "max_length" and
    "unknown" for what is not among the options.
    """
    kept = []
    for question in questions:
        field = f"question_{question.pk}"
        answer = given.get(question.pk, "").strip()
        words = {"question": question.text, "most": LONGEST_ANSWER}
        if not answer:
            if question.is_required:
                message = _("Please answer: %(question)s") % words
                raise refusal_at(field, message, code="required")
            continue
        if len(answer) > LONGEST_ANSWER:
            message = _("%(question)s: at most %(most)s characters.") % words
            raise refusal_at(field, message, code="max_length")
        offered = {Kind.CHOICE: question.options, Kind.YES_NO: [YES, NO]}
        if answer not in offered.get(Kind(question.kind), [answer]):
            message = _("%(question)s: choose one of those offered.") % words
            raise refusal_at(field, message, code="unknown")
        kept.append({"question": question.pk, "asked": question.text, "answer": answer})
    return kept


def given_by(sign_up: SignUp) -> dict[int, str]:
    """The answers of a sign-up, by the number of the question."""
    return {one["question"]: one["answer"] for one in sign_up.answers}


def shown(sign_up: SignUp) -> list[tuple[str, str]]:
    """What was asked and what was answered, to be read."""
    return [(one["asked"], word_of(one["answer"])) for one in sign_up.answers]


def word_of(answer: str) -> str:
    return {YES: pgettext("answer", "Yes"), NO: pgettext("answer", "No")}.get(
        answer, answer
    )


def totals(activity: Activity, sign_ups: Iterable[SignUp]) -> list[dict[str, Any]]:
    """For the host: of each question that is chosen from, how many chose what. Nothing
    is asked of the database where nobody answered."""
    said = [one for sign_up in sign_ups for one in sign_up.answers]
    if not said:
        return []
    found = []
    for question in activity.questions.exclude(kind=Kind.TEXT):
        counted = Counter(
            one["answer"] for one in said if one["question"] == question.pk
        )
        offered = [YES, NO] if question.kind == Kind.YES_NO else question.options
        rows = [(word_of(option), counted[option]) for option in offered]
        found.append({"text": question.text, "rows": rows})
    return found


def wipe(*, now: datetime) -> int:
    """Forget the answers for activities that ended thirty days ago; returns how many
    sign-ups had some."""
    old = SignUp.objects.filter(activity__ends_at__lt=now - KEPT).exclude(answers=[])
    return old.update(answers=[])
