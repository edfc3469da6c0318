"""Votes on the points of minutes: put on a draft, counted, explained."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import ballots
from activities.ballots import Rule
from activities.models import Activity, Ballot
from activities.services import voted
from activities.services.minutes import locked_draft
from members.models import Member, User
from members.refusals import refusal_at


def voters(activity: Activity) -> tuple[int, int]:
    """Those due with the right to vote, and of them those present: full members, the
    exempt left out (EL-01, EL-02)."""
    rows = voted.due(activity)
    return rows.count(), rows.present().count()


@transaction.atomic
def put_ballot(ballot: Ballot) -> Ballot:
    """Put a vote on a point of a draft, before it is counted.

    Raises ValidationError, code "signed" and "counted", and by field: "tellers" for a
    secret ballot without two tellers, "candidate" for a teller who is voted on (EL-13),
    "more_than_due".
    """
    locked_draft(ballot.item.minutes)
    if ballot.is_counted:
        message = _("This ballot is counted: enter another one.")
        raise ValidationError(message, code="counted")
    tellers = ballot.tellers()
    if ballot.is_secret and len({one.pk for one in tellers}) < 2:
        message = _("A secret ballot has two tellers: one watches, one counts.")
        raise refusal_at("counter", message, code="tellers")
    if ballot.candidate in tellers:
        message = _("Who is voted on is no teller.")
        raise refusal_at("candidate", message, code="candidate")
    if ballot.present > ballot.eligible:
        message = _("No more can be present than are due.")
        raise refusal_at("present", message, code="more_than_due")
    ballot.save()
    return ballot


@transaction.atomic
def count_ballot(
    ballot: Ballot,
    totals: Mapping[str, int],
    *,
    handed: Collection[Member] = (),
    by: User,
    now: datetime,
) -> Ballot:
    """Enter the totals; entered again before the signatures, they are mended.

    handed: who was given the paper of a secret ballot, in the place of those that stand.
    Raises ValidationError, code "signed", "teller" for a secret ballot and somebody who
    is none, and by field the codes of `ballots.faults` and `voted.faults`, at voters
    "not_secret".
    """
    locked_draft(ballot.item.minutes)
    found = Ballot.objects.select_for_update().get(pk=ballot.pk)
    if found.is_secret and by.member_id not in {found.monitor_id, found.counter_id}:
        message = _("Only the tellers enter the totals of a secret ballot.")
        raise ValidationError(message, code="teller")
    for name in Ballot.TOTALS:
        setattr(found, name, totals.get(name) or 0)
    faults = {
        name: ValidationError(fault_sentence(code, found), code=code)
        for name, code in ballots.faults(found.count()).items()
    }
    if found.is_secret:
        faults = voted.faults(found, handed) | faults
    elif handed:
        message = _("By a show of hands no ballots are handed out.")
        faults["voters"] = ValidationError(message, code="not_secret")
    if faults:
        raise ValidationError(faults)
    found.counted_at, found.counted_by = now, by
    found.save()
    voted.replace(found, handed)
    return found


@transaction.atomic
def remove_ballot(ballot: Ballot) -> None:
    """Take a vote off a draft that was put there by mistake. Twice is once.

    Raises ValidationError, code "signed", and "counted" for a secret ballot that its
    tellers counted: that stays.
    """
    locked_draft(ballot.item.minutes)
    found = Ballot.objects.select_for_update().filter(pk=ballot.pk).first()
    if found is None:
        return
    if found.is_secret and found.is_counted:
        message = _("The tellers counted this ballot: it stays.")
        raise ValidationError(message, code="counted")
    found.delete()


def fault_sentence(code: str, ballot: Ballot) -> str:
    spoken = sum(
        getattr(ballot, name) or 0 for name in ("yes", "no", "abstain", "void")
    )
    sentences = {
        "more_than_due": _("No more can be present than are due."),
        "more_than_present": _("No more ballots are issued than voters are present."),
        "more_than_issued": _(
            "More ballots came back than were issued: the vote is void and is held again."
        ),
        "sum": _("In favor, against, abstained and void make %(spoken)s together."),
        "more_than_absent": _("Written opinions are of those due who are not present."),
        "more_than_written": _("More in favor than written opinions."),
    }
    return sentences[code] % {"spoken": spoken}


def explain(ballot: Ballot) -> str:
    """What a vote decided, and by which arithmetic, in one sentence."""
    found = ballot.outcome()
    if found is None:
        return _("Not counted yet.")
    words = {
        "eligible": ballot.eligible,
        "present": ballot.present,
        "quorum": found.quorum,
        "needed": found.needed,
        "counted": found.counted,
    }
    if not found.has_quorum:
        return (
            _(
                "No quorum: of %(eligible)s due %(present)s were present, %(quorum)s are "
                "needed. Nothing is decided."
            )
            % words
        )
    if ballot.rule == Rule.ELECTION:
        said = (
            _(
                "Elected: %(counted)s in favor, %(needed)s of %(present)s present needed."
            )
            if found.passed
            else _(
                "Not elected: %(counted)s in favor, %(needed)s of %(present)s present "
                "needed."
            )
        )
    else:
        said = (
            _("Passed: %(counted)s in favor, %(needed)s of %(eligible)s due needed.")
            if found.passed
            else _(
                "Not passed: %(counted)s in favor, %(needed)s of %(eligible)s due needed."
            )
        )
    return said % words
