"""The calendar of a member: its secret address, and the file that it gives."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from activities import calendar_file
from activities.models import CalendarFeed
from activities.services import calendar
from activities.views.pages import get_or_post


@get_or_post
def calendar_address(request):
    """Says whether there is one; a POST makes it, or makes it anew, and shows it once."""
    address = ""
    if request.method == "POST":
        secret = calendar.make_address(request.user)
        path = f"{reverse('activities:calendar_feed')}?key={secret}"
        address = request.build_absolute_uri(path)
    feed = CalendarFeed.objects.filter(user=request.user).first()
    context = {"feed": feed, "address": address}
    return render(request, "activities/calendar_address.html", context)


@require_POST
def calendar_revoke(request):
    calendar.revoke_address(request.user)
    messages.success(request, _("The address is revoked: it opens nothing any more."))
    return redirect("activities:calendar_address")


@require_GET
def calendar_feed(request):
    """What the secret opens, without a sign-in; a 404 for any other.

    The secret stands in the query, for addresses are logged without theirs.
    """
    feed = CalendarFeed.objects.by_secret(request.GET.get("key", ""))
    if feed is None:
        raise Http404
    user = feed.user
    found = calendar.shown_to(feed, timezone.now())
    with translation.override(user.language or translation.get_language()):
        host = request.build_absolute_uri("/").rstrip("/")
        name = _("Activities of my branch")
        content = calendar_file.written(found, host=host, name=name)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="activities.ics"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
