"""Elections on minutes: put on a point of a draft, counted by the tellers, taken off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access, access_minutes
from activities.forms.elections import ElectionCountForm, ElectionForm
from activities.models import Election
from activities.services import elections, votes
from activities.views.pages import get_or_post, posted
from members.forms.refusals import add_refusal


def form_page(request, page, minutes, form, **context):
    context |= {"minutes": minutes, "activity": minutes.activity, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, f"activities/{page}.html", context, status=status)


@get_or_post
def election_add(request, pk):
    items = access.written_items(request.user).select_related(
        "minutes__activity__branch", "minutes__activity__party_group"
    )
    item = get_object_or_404(items, pk=pk)
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


@get_or_post
def election_count(request, pk):
    """The tellers enter the totals; who chose whom is asked of nobody."""
    found = access_minutes.countable_elections(request.user).select_related(
        "item__minutes__activity__branch"
    )
    election = get_object_or_404(found, pk=pk)
    minutes = election.item.minutes
    form = ElectionCountForm(posted(request), election=election)
    # A teller need not be one who may read the rest.
    readable = access.visible_minutes(request.user).filter(pk=minutes.pk).exists()
    back = minutes if readable else minutes.activity
    if form.is_bound and form.is_valid():
        try:
            counted = elections.count(
                election,
                form.totals(),
                form.votes(),
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, " ".join(elections.explain(counted)))
            return redirect(back)
    return form_page(
        request,
        "election_count",
        minutes,
        form,
        election=election,
        back_url=back.get_absolute_url(),
    )


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
