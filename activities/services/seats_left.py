"""The seats that an election left: the meeting agrees to fewer, or votes anew (EL-11, EL-12).

count ─→ seats left, some elected, nobody tied ─→ agree
     └─→ seats left ─→ again, put as any other election
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import ballots
from activities.ballots import Rule
from activities.models import Election
from activities.services.elections import for_teller, outcome
from activities.services.votes import voters
from members.models import User
from members.refusals import refusal_at


@transaction.atomic
def agree(election: Election, in_favor: int, *, by: User) -> Election:
    """Note that the meeting leaves the seats open that nobody won (EL-12). Said again, the
    number is mended; counted again, it is gone.

    Raises ValidationError, code "signed", "teller" for who is none, "no_seats_left" where
    nobody is elected, all seats are taken or somebody is tied; at for_fewer_seats
    "more_than_present", and "too_few_agreed" unless more than half of those present with
    the right to vote agreed.
    """
    found = for_teller(election, by)
    if not may_agree(found):
        message = _(
            "Fewer seats are agreed to where some are elected, seats are left and nobody "
            "is tied."
        )
        raise ValidationError(message, code="no_seats_left")
    needed = ballots.needed(Rule.ELECTION, eligible=0, present=found.present)
    words = {"present": found.present, "needed": needed}
    if in_favor > found.present:
        message = _("No more than the %(present)s present agree.")
        raise refusal_at("for_fewer_seats", message % words, code="more_than_present")
    if in_favor < needed:
        message = _(
            "Of the %(present)s present with the right to vote %(needed)s must agree: "
            "hold a new vote for the seats left instead."
        )
        raise refusal_at("for_fewer_seats", message % words, code="too_few_agreed")
    found.for_fewer_seats = in_favor
    found.save(update_fields=["for_fewer_seats"])
    return found


def may_agree(election: Election) -> bool:
    """Whether the meeting may agree to fewer seats, or did."""
    found = outcome(election)
    return found is not None and bool(found.elected and found.left and not found.tied)


def may_vote_again(election: Election) -> bool:
    """Whether a new vote is held for what is left: not without a quorum (EL-04), nor once
    the meeting agreed to fewer seats."""
    found = outcome(election)
    return found is not None and found.has_quorum and found.vacant > 0


def again(election: Election) -> tuple[Election, list[int]]:
    """The new vote, not put yet, and the members who stand in it: those tied (EL-11), or
    all who were not elected (EL-12). For an election of which `may_vote_again` holds."""
    found = outcome(election)
    assert found is not None  # noqa: S101
    eligible, present = voters(election.item.minutes.activity)
    anew = Election(
        item=election.item,
        title=election.title,
        kind=Election.Kind.AGAIN,
        seats=found.vacant,
        eligible=eligible,
        present=present,
        monitor_id=election.monitor_id,
        counter_id=election.counter_id,
    )
    stand = [
        one.member_id
        for one in election.candidates.all()
        if (one.pk in found.tied if found.tied else one.pk not in found.elected)
    ]
    return anew, stand
