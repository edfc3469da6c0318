"""What tests of elections do over and over."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Election
from activities.services import elections, voted


def refused(call, *args, **given):
    """The codes by field that a service refuses with, or its code."""
    with pytest.raises(ValidationError) as refusal:
        call(*args, **given)
    error = refusal.value
    if hasattr(error, "error_dict"):
        return {name: found[0].code for name, found in error.error_dict.items()}
    return error.code


def an_election(draft, tellers, **fields):
    given = {
        "title": "支部委员会委员",
        "kind": "committee",
        "seats": 3,
        "eligible": 10,
        "present": 8,
        "monitor": tellers[0].member,
        "counter": tellers[1].member,
    }
    return Election(item=draft.items.get(), **(given | fields))


def put(draft, tellers, candidates, **fields):
    return elections.put(an_election(draft, tellers, **fields), candidates)


def count(election, by, yes, *, handed=None, **totals):
    """As many of those present as were issued ballots voted, and who did not vote for
    somebody was against."""
    given = {"issued": election.present, "returned": election.present, "void": 0}
    given |= totals
    valid = given["returned"] - given["void"]
    votes = {
        one.pk: {"yes": number, "no": valid - number, "abstain": 0}
        for one, number in zip(election.candidates.all(), yes, strict=True)
    }
    if handed is None:
        there = voted.there(election.item.minutes.activity)
        handed = there[: given["issued"]]
    return elections.count(
        election, given, votes, handed=handed, by=by, now=timezone.now()
    )
