"""The list to tick at the meeting, which goes on without a connection."""

import uuid
from pathlib import Path

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities.services import ticks
from activities.views.attendances import find, shown
from activities.views.pages import get_or_post

WORKER = (Path(__file__).parents[1] / "check_in_worker.js").read_text()


@get_or_post
def check_in(request, pk):
    """One box for each person. With scripts each tick is sent by itself; without, all
    that changed since the page was opened with one button."""
    activity = find(request, pk)
    people, is_long = shown(activity)
    if request.method == "POST":
        refused = save(request, activity, people)
        for text in refused:
            messages.error(request, text)
        if not refused:
            messages.success(request, _("Saved."))
        return redirect("activities:check_in", activity.pk)
    context = {
        "activity": activity,
        "rows": ticks.list_of(activity, people),
        "present": activity.attendances.present().count(),
        "scope": reverse("activities:check_in_worker").removesuffix("worker.js"),
        "is_long": is_long,
    }
    return render(request, "activities/check_in.html", context)


def save(request, activity, people):
    """Take what differs from the page as it was shown; what was refused, once each."""
    now = timezone.now()
    boxes, before = (set(request.POST.getlist(name)) for name in ("present", "before"))
    changed = [
        ticks.Sent(uuid.uuid4(), one.pk, str(one.pk) in boxes, now)
        for one in people
        if (str(one.pk) in boxes) != (str(one.pk) in before)
    ]
    answers = ticks.take(activity, changed, clock=now, by=request.user, now=now)
    found = [one.message for one in answers if one.outcome == "refused"]
    return list(dict.fromkeys(found))


@require_safe
def check_in_worker(request):
    """The script that shows the list again while there is no connection; by its address
    it has to do with these lists alone."""
    return HttpResponse(WORKER, content_type="text/javascript; charset=utf-8")
