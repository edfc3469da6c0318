"""For whom an activity is: narrowed by office, occupation and interest."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from activities.forms.audience import AudienceForm
from activities.models import Activity
from activities.services import activities, audience
from activities.views.pages import filled, get_or_post, managed, posted
from members import code_tables
from members.models import Interest, Office

State = Activity.State


@get_or_post
def activity_audience(request, pk):
    activity = managed(request, pk)
    if not audience.can_be_narrowed(activity):
        raise Http404
    if activity.state not in {State.DRAFT, State.PLANNED}:
        messages.info(request, activities.over().message)
        return redirect(activity)
    form = AudienceForm(posted(request), instance=activity)
    return filled(
        request,
        "activity_audience",
        form,
        lambda: activities.change(form.instance, by=request.user),
        _("Saved."),
        activity,
        activity=managed(request, pk),
        title=_("For whom it is"),
    )


def said(activity):
    """For whom it is, narrower than by branch: lines of label and text."""
    rows = []
    if activity.offices:
        found = Office.objects.filter(code__in=activity.offices)
        rows.append((_("Only with the office"), listed(one.name for one in found)))
    if activity.occupations:
        names = map(code_tables.OCCUPATION.name, activity.occupations)
        rows.append((_("Only with the occupation"), listed(names)))
    if activity.interests:
        names = (str(Interest(one).label) for one in activity.interests)
        rows.append((_("Told to those interested in"), listed(names)))
    return rows


def listed(names):
    return pgettext("list", ", ").join(names)
