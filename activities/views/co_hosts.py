"""The branches that hold an activity together."""

from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access
from activities.forms.activities import CoHostForm
from activities.services import co_hosts
from activities.views.pages import done, filled, get_or_post, managed, posted


@get_or_post
def co_host_list(request, pk):
    """Those that hold it, each to be taken out, and a field to add one."""
    activity = managed(request, pk)
    branches = access.co_hosts_for(request.user, activity)
    form = CoHostForm(posted(request), branches=branches)
    return filled(
        request,
        "co_host_list",
        form,
        lambda: co_hosts.add_co_host(
            activity, form.cleaned_data["branch"], now=timezone.now()
        ),
        _("Saved."),
        request.path,
        activity=activity,
        title=_("Co-hosts"),
        co_hosts=activity.co_hosts.select_related("branch").order_by("branch__path"),
    )


@require_POST
def co_host_remove(request, pk):
    """Take out the branch whose number the form names."""
    activity = managed(request, pk)
    key = request.POST.get("branch", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        key = "0"
    co_host = activity.co_hosts.select_related("branch").filter(branch=key).first()
    page = reverse("activities:co_host_list", args=[activity.pk])
    if co_host is not None:
        return done(
            request,
            page,
            lambda: co_hosts.remove_co_host(activity, co_host.branch),
            _("Saved."),
        )
    return redirect(page)
