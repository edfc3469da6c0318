from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import desk as contents
from members import access
from members.sentences import sentences


@require_safe
def desk(request):
    """The home page: what waits for this account, and what is its own."""
    context = {
        "sections": contents.sections(request.user, on=access.today()),
        "life": contents.of_life(request.user, now=timezone.now()),
        "lines": sentences(request.user.notifications.unread()[:5]),
        "member": request.user.member,
        "has_office": bool(access.scope(request.user, "view_roll")),
    }
    return render(request, "analytics/desk.html", context)
