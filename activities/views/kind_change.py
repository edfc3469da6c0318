"""Changing the kind of a draft."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from activities import access
from activities.forms.kind_change import KindForm
from activities.models import Activity
from activities.services import activities
from activities.views.pages import form_page, get_or_post, managed, posted
from members.forms.refusals import add_refusal


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
    if form.is_bound and form.is_valid():
        try:
            activities.change(form.adapted(), by=user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The kind is changed: look the plan through."))
            return redirect("activities:activity_edit", pk)
    title = _("Change the kind")
    return form_page(request, "activity_kind", managed(request, pk), form, title)
