"""What the pages of an activity share."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from activities import access

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def managed(request, pk):
    """An activity that the account may plan, or a 404."""
    activities = access.managed_activities(request.user)
    return get_object_or_404(activities.select_related("branch", "party_group"), pk=pk)


def posted(request):
    """What a form is bound to: nothing on GET, and on POST also when all was empty."""
    return request.POST if request.method == "POST" else None


def form_page(request, page, activity, form, title, **context):
    """The page `page` with its form; 422 once something was refused."""
    context |= {"activity": activity, "form": form, "title": title}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, f"activities/{page}.html", context, status=status)
