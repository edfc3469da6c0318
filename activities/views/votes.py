"""Votes and elections on minutes: put on a point of a draft, counted, taken off."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access, access_minutes
from activities.forms.elections import (
    ElectionCountForm,
    ElectionForm,
    FewerSeatsForm,
)
from activities.forms.minutes import BallotForm, CountForm
from activities.models import Ballot, Election
from activities.services import elections, seats_left, voted, votes
from activities.views.pages import done, filled, get_or_post, posted


def of_minutes(user, minutes):
    """What pages of minutes lead back to; a teller need not be one who may read these."""
    readable = access.visible_minutes(user).filter(pk=minutes.pk).exists()
    back = minutes if readable else minutes.activity
    return {
        "minutes": minutes,
        "activity": minutes.activity,
        "text": minutes.activity.title,
        "back_url": back.get_absolute_url(),
        "back_label": _("Minutes"),
    }


def point(request, pk):
    """A point of a draft that the account writes, or a 404."""
    items = access.written_items(request.user).select_related(
        "minutes__activity__branch", "minutes__activity__party_group"
    )
    return get_object_or_404(items, pk=pk)


# --- votes ------------------------------------------------------------------------------
@get_or_post
def ballot_add(request, pk):
    """Put a vote on a point of a draft."""
    item = point(request, pk)
    eligible, present = votes.voters(item.minutes.activity)
    form = BallotForm(
        posted(request),
        instance=Ballot(item=item, eligible=eligible, present=present),
        initial={"motion": item.title},
    )
    return filled(
        request,
        "one_form",
        form,
        lambda: votes.put_ballot(form.instance),
        _("The vote is on the minutes: count it now."),
        item.minutes,
        title=_("Vote"),
        **of_minutes(request.user, item.minutes),
    )


@get_or_post
def ballot_count(request, pk):
    """Enter the totals of a vote, and of a secret one who was given a ballot."""
    found = access.countable_ballots(request.user)
    found = found.select_related("item__minutes__activity__branch")
    ballot = get_object_or_404(found, pk=pk)
    form = CountForm(posted(request), instance=ballot)

    def write():
        totals = dict(form.cleaned_data)
        handed = totals.pop("voters", ())
        return votes.count_ballot(
            ballot, totals, handed=handed, by=request.user, now=timezone.now()
        )

    context = of_minutes(request.user, ballot.item.minutes)
    context["text"] = _("%(motion)s: of %(eligible)s due %(present)s present.") % {
        "motion": ballot.motion,
        "eligible": ballot.eligible,
        "present": ballot.present,
    }
    return filled(
        request,
        "one_form",
        form,
        write,
        votes.explain,
        context["back_url"],
        title=_("Count the votes"),
        **context,
    )


@require_POST
def ballot_remove(request, pk):
    """Take a vote off a draft, after asking."""
    found = access.written_ballots(request.user).select_related("item__minutes")
    ballot = get_object_or_404(found, pk=pk)
    return removed(request, ballot, ballot.motion, lambda: votes.remove_ballot(ballot))


def removed(request, vote, text, step):
    if "confirmed" not in request.POST:
        context = {"minutes": vote.item.minutes, "text": text, "action": request.path}
        return render(request, "activities/vote_remove.html", context)
    said = _("The vote is taken off the minutes.")
    return done(request, vote.item.minutes, step, said)


# --- elections --------------------------------------------------------------------------
def election_shown(election, *, can_count, can_write):
    """What the minutes show of an election; the steps only while they are a draft."""
    may_agree = can_count and seats_left.may_agree(election)
    return {
        "rows": elections.rows(election),
        "said": elections.explain(election),
        "voters": voted.names(election),
        "can_count": can_count,
        "can_remove": can_write and not election.is_counted,
        "fewer_form": FewerSeatsForm(instance=election) if may_agree else None,
        "may_vote_again": can_write and seats_left.may_vote_again(election),
    }


@get_or_post
def election_add(request, pk):
    """Put an election on a point; after another one of it, filled in with what is left."""
    item = point(request, pk)
    if before := left_open(item, request.GET.get("after", "")):
        election, stand = seats_left.again(before)
        initial = {"candidates": stand}
    else:
        eligible, present = votes.voters(item.minutes.activity)
        election = Election(item=item, eligible=eligible, present=present, seats=1)
        initial = {"title": item.title[:100]}
    form = ElectionForm(posted(request), instance=election, initial=initial)
    return filled(
        request,
        "election_add",
        form,
        lambda: elections.put(form.instance, form.cleaned_data["candidates"]),
        _("The election is on the minutes: its tellers count it now."),
        item.minutes,
        minutes=item.minutes,
        activity=item.minutes.activity,
    )


def left_open(item, key):
    """The election of that key on `item` that asks for a new vote, if there is one."""
    for election in item.elections.prefetch_related("candidates__member"):
        if str(election.pk) == key and seats_left.may_vote_again(election):
            return election
    return None


@get_or_post
def election_count(request, pk):
    """The tellers enter the totals; who chose whom is asked of nobody."""
    election = counted(request, pk)
    form = ElectionCountForm(posted(request), election=election)
    may_agree = election.item.minutes.is_draft and seats_left.may_agree(election)
    context = of_minutes(request.user, election.item.minutes)
    return filled(
        request,
        "election_count",
        form,
        lambda: elections.count(
            election,
            form.totals(),
            form.votes(),
            handed=form.handed(),
            by=request.user,
            now=timezone.now(),
        ),
        explained,
        context["back_url"],
        election=election,
        said=elections.explain(election) if election.is_counted else [],
        fewer_form=FewerSeatsForm(instance=election) if may_agree else None,
        **context,
    )


def counted(request, pk):
    """An election whose totals the account enters, or a 404."""
    found = access_minutes.countable_elections(request.user)
    found = found.select_related("item__minutes__activity__branch")
    return get_object_or_404(found, pk=pk)


def explained(election):
    return " ".join(elections.explain(election))


@require_POST
def election_fewer(request, pk):
    """The tellers note that the meeting agreed to fewer seats (EL-12)."""
    election = counted(request, pk)
    form = FewerSeatsForm(request.POST, instance=election)
    context = of_minutes(request.user, election.item.minutes)
    return filled(
        request,
        "one_form",
        form,
        lambda: seats_left.agree(
            election, form.cleaned_data["for_fewer_seats"], by=request.user
        ),
        explained,
        context["back_url"],
        title=_("Fewer seats"),
        label=_("Note fewer seats"),
        **context | {"text": election.title},
    )


@require_POST
def election_remove(request, pk):
    """Take an election off a draft, after asking."""
    found = access_minutes.written_elections(request.user)
    election = get_object_or_404(found.select_related("item__minutes"), pk=pk)
    return removed(
        request, election, election.title, lambda: elections.remove(election)
    )
