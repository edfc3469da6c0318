"""Changing the kind of a draft."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import access
from activities.forms.kind_change import KindForm
from activities.models import Activity
from activities.services import activities
from activities.views.pages import filled, get_or_post, managed, posted


@get_or_post
def activity_kind(request, pk):
    """For who plans every kind here; who leads a Party group plans its meetings alone."""
    activity, user = managed(request, pk), request.user
    if not access.may_host(user, activity.branch):
        raise Http404
    if activity.state != Activity.State.DRAFT:
        messages.info(request, activities.announced_kind().messages[0])
        return redirect(activity)
    form = KindForm(posted(request), activity=activity, user=user)
    return filled(
        request,
        "activity_kind",
        form,
        lambda: activities.change(form.adapted(), by=user),
        _("The kind is changed: look the plan through."),
        reverse("activities:activity_edit", args=[pk]),
        activity=managed(request, pk),
        title=_("Change the kind"),
    )
