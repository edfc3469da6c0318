"""Exporting a roll: asked for with a reason, made by a worker, kept for a day."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh

from members import access
from members.forms.exchange import ExportForm
from members.forms.refusals import add_refusal
from members.models import Export, Member
from members.paging import Keyset
from members.rates import limited, posting
from members.services import exports
from members.services.progress import progress
from members.views.attachments import attachment, named_branch, sandboxed

State = Export.State
TONES = {State.READY: "success", State.REFUSED: "danger"}


def branches_of(user):
    """The branches whose roll `user` may export. A 404 for those who may none."""
    if not access.scope(user, "export_roll"):
        raise Http404
    return access.managed_branches(user, "export_roll").standing(access.today())


def find(request, pk):
    """An own export in reach, without its content."""
    found = access.managed_exports(request.user).defer("content")
    return get_object_or_404(found.select_related("branch"), pk=pk)


@require_safe
def export_list(request):
    branches_of(request.user)
    page = Keyset(
        access.managed_exports(request.user).defer("content").select_related("branch"),
        ("-requested_at", "-pk"),
        query=request.GET,
    )
    lines = [(export, TONES.get(export.state, "neutral")) for export in page.rows]
    context = {"page": page, "lines": lines}
    return render(request, "members/export_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("export", when=posting)
def export_add(request):
    branches = branches_of(request.user)
    form = ExportForm(
        request.POST if request.method == "POST" else None,
        branches=branches,
        initial={"branch": named_branch(request, branches)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            export = exports.ask(by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("members:export_detail", export.pk)
    return render(request, "members/export_add.html", {"form": form})


@require_safe
def export_detail(request, pk):
    export = find(request, pk)
    working = export.state == State.WAITING
    done, total = progress(export)
    context = {
        "export": export,
        "tone": TONES.get(export.state, "neutral"),
        "facts": facts(export),
        "working": working,
        "done": done,
        "total": total,
    }
    if request.htmx and working:
        return render(request, "members/export_detail.html#progress", context)
    if request.htmx.target == "progress":
        return HttpResponseClientRefresh()  # the work is done: offer the file
    return render(request, "members/export_detail.html", context)


def facts(export):
    state = export.filters.get("state")
    who = Member.State(state).label if state else _("Everybody on the roll")
    return [
        {"label": _("Roll of"), "value": export.branch.name},
        {"label": pgettext("export", "Who"), "value": who},
        {"label": _("Format"), "value": export.get_format_display()},
        {"label": _("What for"), "value": export.reason},
    ]


@sandboxed
@require_POST
def export_download(request, pk):
    """Hand out the file and note that it was taken, so it is no GET."""
    export = find(request, pk)
    try:
        export = exports.take(export, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("members:export_detail", export.pk)
    day = timezone.localtime(export.ready_at).date()
    return attachment(bytes(export.content), f"{export.branch} {day}", export.format)
