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
from activities.views.pages import form_page, get_or_post, managed, posted
from members.algorithms import add_months
from members.forms.refusals import add_refusal

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
    if form.is_bound and form.is_valid():
        try:
            activity = activities.plan(form.instance, agenda=form.agenda(), by=user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("The draft is kept. Look it through, then announce it."),
            )
            return redirect(activity)
    query = urlencode({"kind": kind, "branch": branch.code})
    return form_page(
        request,
        "activity_add",
        form.instance,
        form,
        form.instance.get_kind_display(),
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
    if form.is_bound and form.is_valid():
        try:
            activities.change(form.instance, agenda=form.agenda(), by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(activity)
    return form_page(
        request,
        "activity_edit",
        managed(request, pk),
        form,
        _("Change the plan"),
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
    if form.is_bound and form.is_valid():
        try:
            copied = series.copy(activity, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("A new draft like it: look it through."))
            return redirect("activities:activity_edit", copied.pk)
    title = _("Copy as a new draft")
    return form_page(request, "activity_copy", activity, form, title)


@get_or_post
def activity_repeat(request, pk):
    activity = managed(request, pk)
    last = timezone.localtime(activity.starts_at).date().replace(month=12, day=31)
    first = add_months(timezone.localtime(activity.starts_at).date(), 1)
    form = RepeatForm(posted(request), initial={"until": max(first, last)})
    if form.is_bound and form.is_valid():
        try:
            made = series.repeat_monthly(activity, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            text = ngettext(
                "%(count)s draft is made.", "%(count)s drafts are made.", len(made)
            )
            messages.success(request, text % {"count": len(made)})
            return redirect(f"{reverse('activities:activity_list')}?show=drafts")
    title = _("Repeat monthly")
    return form_page(request, "activity_repeat", activity, form, title)
