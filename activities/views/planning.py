"""Planning: a new activity, a change, the agenda, and the same again."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from activities import access
from activities.forms.activities import (
    EMPTY_ROWS,
    ActivityForm,
    ActivityStartForm,
    CopyForm,
    RepeatForm,
    agenda_rows,
)
from activities.models import Activity
from activities.services import activities, series
from activities.views.pages import filled, get_or_post, managed, posted
from members.algorithms import add_months

State = Activity.State
EARLIER = 5


@get_or_post
def activity_add(request):
    """First what and for which branch, then the plan of it."""
    user = request.user
    if not access.may_plan(user):
        raise Http404
    start = ActivityStartForm(request.GET or None, user=user)
    if not (start.is_bound and start.is_valid()):
        status = 422 if request.method == "POST" else 200
        context = {"form": start, "patterns": earlier(user)}
        return render(request, "activities/activity_start.html", context, status=status)
    kind, branch = start.cleaned_data["kind"], start.cleaned_data["branch"]
    form = ActivityForm(
        posted(request), instance=Activity(kind=kind, branch=branch), user=user
    )
    query = urlencode({"kind": kind, "branch": branch.code})
    return filled(
        request,
        "activity_add",
        form,
        lambda: activities.plan(form.instance, agenda=form.agenda(), by=user),
        _("The draft is kept. Look it through, then announce it."),
        lambda activity: activity,
        activity=form.instance,
        title=form.instance.get_kind_display(),
        action=f"{reverse('activities:activity_add')}?{query}",
    )


def earlier(user):
    """The latest of one's activities, to begin a new one from."""
    found = access.managed_activities(user).exclude(state=State.CANCELLED)
    return found.filter(branch__closed_on=None).order_by("-updated_at", "-pk")[:EARLIER]


@get_or_post
def activity_edit(request, pk):
    activity = managed(request, pk)
    if activity.state not in {State.DRAFT, State.PLANNED}:
        messages.info(request, activities.over().message)
        return redirect(activity)
    form = ActivityForm(posted(request), instance=activity, user=request.user)
    return filled(
        request,
        "activity_edit",
        form,
        lambda: activities.change(form.instance, agenda=form.agenda(), by=request.user),
        _("Saved."),
        activity,
        activity=managed(request, pk),
        title=_("Change the plan"),
        can_change_kind=activity.state == State.DRAFT
        and access.may_host(request.user, activity.branch),
    )


@get_or_post
def activity_agenda(request, pk):
    """Rows to fill in; "more rows" gives some, and keeps what was typed."""
    activity = managed(request, pk)
    items = list(activity.agenda.values("id", "title", "speaker", "needs_ballot"))
    rows = agenda_rows(posted(request), items)
    refusal = None
    if rows.is_bound and rows.is_valid():
        if "more" in request.POST:
            rows = agenda_rows(None, rows.points(), empty=2 * EMPTY_ROWS)
        else:
            try:
                activities.set_agenda(activity, rows.points())
            except ValidationError as error:
                refusal = error
            else:
                messages.success(request, _("The agenda is saved."))
                return redirect(activity)
    context = {
        "activity": activity,
        "rows": rows,
        "refusal": refusal,
        "heading": _("Agenda"),
        "text": _(
            "A point without text is taken out. The numbers on the left give the order."
        ),
        "legend": pgettext("agenda", "Point"),
        "more": _("More points"),
    }
    wrong = rows.is_bound and (refusal or not rows.is_valid())
    return render(
        request,
        "activities/activity_rows.html",
        context,
        status=422 if wrong else 200,
    )


@get_or_post
def activity_copy(request, pk):
    activity = managed(request, pk)
    starts_at = timezone.localtime(activity.starts_at)
    day = add_months(timezone.localdate(), 1)
    next_time = starts_at.replace(year=day.year, month=day.month, day=day.day)
    form = CopyForm(posted(request), initial={"starts_at": next_time})
    return filled(
        request,
        "activity_copy",
        form,
        lambda: series.copy(activity, by=request.user, **form.cleaned_data),
        _("A new draft like it: look it through."),
        lambda copied: reverse("activities:activity_edit", args=[copied.pk]),
        activity=activity,
        title=_("Copy as a new draft"),
    )


@get_or_post
def activity_repeat(request, pk):
    activity = managed(request, pk)
    last = timezone.localtime(activity.starts_at).date().replace(month=12, day=31)
    first = add_months(timezone.localtime(activity.starts_at).date(), 1)
    form = RepeatForm(posted(request), initial={"until": max(first, last)})
    return filled(
        request,
        "activity_repeat",
        form,
        lambda: series.repeat_monthly(activity, by=request.user, **form.cleaned_data),
        made_text,
        f"{reverse('activities:activity_list')}?show=drafts",
        activity=activity,
        title=_("Repeat monthly"),
    )


def made_text(made):
    text = ngettext("%(count)s draft is made.", "%(count)s drafts are made.", len(made))
    return text % {"count": len(made)}
