"""Elections on minutes: put on a point of a draft, counted by the tellers, taken off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access, access_minutes
from activities.forms.elections import (
    ElectionCountForm,
    ElectionForm,
    FewerSeatsForm,
)
from activities.models import Election
from activities.services import elections, seats_left, voted, votes
from activities.views.pages import get_or_post, posted
from members.forms.refusals import add_refusal


def form_page(request, page, minutes, form, **context):
    context |= {"minutes": minutes, "activity": minutes.activity, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, f"activities/{page}.html", context, status=status)


def shown(election, *, can_count, can_write):
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
    items = access.written_items(request.user).select_related(
        "minutes__activity__branch", "minutes__activity__party_group"
    )
    item = get_object_or_404(items, pk=pk)
    if before := left_open(item, request.GET.get("after", "")):
        election, stand = seats_left.again(before)
        initial = {"candidates": stand}
    else:
        eligible, present = votes.voters(item.minutes.activity)
        election = Election(item=item, eligible=eligible, present=present, seats=1)
        initial = {"title": item.title[:100]}
    form = ElectionForm(posted(request), instance=election, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            elections.put(form.instance, form.cleaned_data["candidates"])
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request, _("The election is on the minutes: its tellers count it now.")
            )
            return redirect(item.minutes)
    return form_page(request, "election_add", item.minutes, form)


def left_open(item, key):
    """The election of that key on `item` that asks for a new vote, if there is one."""
    for election in item.elections.prefetch_related("candidates__member"):
        if str(election.pk) == key and seats_left.may_vote_again(election):
            return election
    return None


@get_or_post
def election_count(request, pk):
    """The tellers enter the totals; who chose whom is asked of nobody."""
    found = access_minutes.countable_elections(request.user).select_related(
        "item__minutes__activity__branch"
    )
    election = get_object_or_404(found, pk=pk)
    minutes = election.item.minutes
    form = ElectionCountForm(posted(request), election=election)
    back = back_of(request, minutes)
    if form.is_bound and form.is_valid():
        try:
            counted = elections.count(
                election,
                form.totals(),
                form.votes(),
                handed=form.handed(),
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, " ".join(elections.explain(counted)))
            return redirect(back)
    may_agree = minutes.is_draft and seats_left.may_agree(election)
    return form_page(
        request,
        "election_count",
        minutes,
        form,
        election=election,
        said=elections.explain(election) if election.is_counted else [],
        fewer_form=FewerSeatsForm(instance=election) if may_agree else None,
        back_url=back.get_absolute_url(),
    )


@require_POST
def election_fewer(request, pk):
    """The tellers note that the meeting agreed to fewer seats (EL-12)."""
    found = access_minutes.countable_elections(request.user).select_related(
        "item__minutes__activity__branch"
    )
    election = get_object_or_404(found, pk=pk)
    minutes = election.item.minutes
    form = FewerSeatsForm(request.POST, instance=election)
    back = back_of(request, minutes)
    if form.is_valid():
        agreed = form.cleaned_data["for_fewer_seats"]
        try:
            noted = seats_left.agree(election, agreed, by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, " ".join(elections.explain(noted)))
            return redirect(back)
    return form_page(
        request,
        "minutes_form",
        minutes,
        form,
        heading=_("Fewer seats"),
        text=election.title,
        label=_("Note fewer seats"),
        back_url=back.get_absolute_url(),
    )


def back_of(request, minutes):
    """Where a teller goes back to, who need not be one who may read the rest."""
    readable = access.visible_minutes(request.user).filter(pk=minutes.pk).exists()
    return minutes if readable else minutes.activity


@require_POST
def election_remove(request, pk):
    """Take an election off a draft, after asking."""
    found = access_minutes.written_elections(request.user)
    election = get_object_or_404(found.select_related("item__minutes"), pk=pk)
    minutes = election.item.minutes
    if "confirmed" not in request.POST:
        context = {"minutes": minutes, "election": election}
        return render(request, "activities/election_remove.html", context)
    try:
        elections.remove(election)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The vote is taken off the minutes."))
    return redirect(minutes)
