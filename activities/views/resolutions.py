"""Resolutions: what is to be done, and what comes back on the next agenda."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activities import access
from activities.models import Activity
from activities.services import resolutions
from activities.views.pages import done


@require_POST
def agenda_follow(request, pk):
    """Put what earlier meetings resolved on the agenda of one to come."""
    found = access.managed_activities(request.user).exclude(
        state=Activity.State.CANCELLED
    )
    activity = get_object_or_404(found, pk=pk)
    added = resolutions.put_on_agenda(activity)
    messages.success(request, _("Points added: %(count)s.") % {"count": added})
    return redirect(activity)


@require_safe
def resolution_list(request):
    """What is to be done: one's own first, then that of the branches one manages."""
    rows = list(
        access.visible_resolutions(request.user)
        .open()
        .select_related("member", "minutes__activity__branch")[:200]
    )
    own = request.user.member_id
    today = timezone.localdate()
    context = {
        "lines": [
            (one, one.due_on is not None and one.due_on < today)
            for one in sorted(rows, key=lambda one: one.member_id != own)
        ],
    }
    return render(request, "activities/resolution_list.html", context)


@require_POST
def resolution_tick(request, pk):
    found = access.visible_resolutions(request.user)
    resolution = get_object_or_404(found, pk=pk)
    return done(
        request,
        reverse("activities:resolution_list"),
        lambda: resolutions.tick(resolution, by=request.user, now=timezone.now()),
        _("Ticked as done."),
    )
