"""The branches that hold an activity together."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import access
from activities.forms.activities import CoHostForm
from activities.services import co_hosts
from activities.views.pages import form_page, get_or_post, managed, posted
from members.forms.refusals import add_refusal


@get_or_post
def co_host_list(request, pk):
    """Those that hold it, each to be taken out, and a field to add one."""
    activity = managed(request, pk)
    branches = access.co_hosts_for(request.user, activity)
    form = CoHostForm(posted(request), branches=branches)
    if form.is_bound and form.is_valid():
        branch = form.cleaned_data["branch"]
        try:
            co_hosts.add_co_host(activity, branch, now=timezone.now())
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("activities:co_host_list", activity.pk)
    found = activity.co_hosts.select_related("branch").order_by("branch__path")
    return form_page(
        request, "co_host_list", activity, form, _("Co-hosts"), co_hosts=found
    )


@require_POST
def co_host_remove(request, pk):
    """Take out the branch whose number the form names."""
    activity = managed(request, pk)
    key = request.POST.get("branch", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        key = "0"
    co_host = activity.co_hosts.select_related("branch").filter(branch=key).first()
    if co_host is not None:
        try:
            co_hosts.remove_co_host(activity, co_host.branch)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("Saved."))
    return redirect("activities:co_host_list", activity.pk)
