"""Importing a roster: send the file, look at what would change, apply or discard."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from members import access
from members.forms.exchange import ApplyForm, ImportForm
from members.forms.refusals import add_refusal
from members.models import ImportBatch
from members.paging import Keyset
from members.rates import limited, posting
from members.roster.columns import BY_FIELD
from members.roster.template import template
from members.services import imports
from members.services.progress import progress
from members.services.roster_lines import CHANGED, NEW, REFUSED, UNCHANGED
from members.views.attachments import attachment, named_branch, sandboxed

State = ImportBatch.State
TONES = {
    State.CHECKED: "warning",
    State.APPLIED: "success",
    State.REFUSED: "danger",
}
WORKING = {State.CHECKING, State.APPLYING}
ROWS_ON_A_PAGE = 50
# What is shown of a new person at once; the rest is a line below.
MAIN = ("state", "branch", "id_number", "phone", "admitted_on")
WIDE = {"id_number", "branch"}  # too long for half a phone


def branches_of(user):
    """The branches `user` may import into. A 404 for those who keep no roll."""
    if not access.scope(user, "manage_roll"):
        raise Http404
    return access.managed_branches(user, "manage_roll").standing(access.today())


def find(request, pk, **having):
    """An import in reach, without its file."""
    found = access.managed_imports(request.user).defer("file")
    return get_object_or_404(
        found.select_related("branch", "uploaded_by"), pk=pk, **having
    )


@require_safe
def import_list(request):
    branches_of(request.user)
    rows = access.managed_imports(request.user).defer("file", "report")
    page = Keyset(
        rows.select_related("branch", "uploaded_by__member"),
        ("-created_at", "-pk"),
        query=request.GET,
    )
    lines = [(batch, TONES.get(batch.state, "neutral")) for batch in page.rows]
    context = {"page": page, "lines": lines}
    return render(request, "members/import_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("upload", when=posting)
def import_add(request):
    branches = branches_of(request.user)
    form = ImportForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        branches=branches,
        initial={"branch": named_branch(request, branches)},
    )
    if request.method == "POST" and form.is_valid():
        batch = imports.receive(
            form.cleaned_data["branch"],
            file_name=form.cleaned_data["file"].name,
            content=form.cleaned_data["content"],
            by=request.user,
        )
        return redirect("members:import_detail", batch.pk)
    return render(request, "members/import_add.html", {"form": form})


@require_safe
@sandboxed
def import_template(request):
    branches_of(request.user)
    return attachment(template(), _("Roster template"), "xlsx")


@require_safe
def import_detail(request, pk):
    batch = find(request, pk)
    working = batch.state in WORKING
    done, total = progress(batch)
    context = {
        "batch": batch,
        "tone": TONES.get(batch.state, "neutral"),
        "working": working,
        "done": done,
        "total": total,
    }
    if request.htmx and working:
        return render(request, "members/import_detail.html#progress", context)
    if request.htmx.target == "progress":
        return HttpResponseClientRefresh()  # the work is done: show what came of it
    if not working:
        context |= outcome(request, batch)
    return render(request, "members/import_detail.html", context)


def outcome(request, batch):
    """What the check found, one kind of rows at a time."""
    report = imports.read_report(batch)
    rows = {REFUSED: report["refused"], NEW: [], CHANGED: [], UNCHANGED: []}
    for line in report["lines"]:
        rows[line[1]].append(line)
    shown = request.GET.get("show")
    if shown not in rows:
        shown = next((kind for kind, found in rows.items() if found), NEW)
    page = Paginator(rows[shown], ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    show = refused_row if shown == REFUSED else sound_row
    own = batch.uploaded_by_id == request.user.pk
    return {
        "tabs": tabs(rows, shown) if any(rows.values()) else [],
        "shown": shown,
        "lines": [show(line) for line in page],
        "main_labels": [BY_FIELD[name].header for name in MAIN],
        "page": numbered(page, shown),
        "unknown": report["unknown"],
        "left_out": report["left_out"],
        "can_apply": own
        and batch.state == State.CHECKED
        and batch.accepted + batch.changed,
        "can_discard": batch.state in imports.OPEN,
        "can_download_refused": own and bool(report["refused"]),
    }


def tabs(rows, shown):
    labels = {
        REFUSED: pgettext("rows", "Refused"),
        NEW: pgettext("rows", "New"),
        CHANGED: pgettext("rows", "Changed"),
        UNCHANGED: pgettext("rows", "Unchanged"),
    }
    return [
        {
            "label": label,
            "url": f"?show={kind}",
            "active": kind == shown,
            "count": len(rows[kind]),
        }
        for kind, label in labels.items()
    ]


def numbered(page, shown):
    """A page of a list in memory, as components/pagination.html takes it."""

    def url(number):
        return f"?show={shown}&page={number}"

    last = page.paginator.num_pages
    return {
        "first_url": url(1) if page.has_previous() else None,
        "previous_url": url(page.number - 1) if page.has_previous() else None,
        "next_url": url(page.number + 1) if page.has_next() else None,
        "last_url": url(last) if page.has_next() else None,
        "count_text": _("%(count)s in all") % {"count": f"{page.paginator.count:,}"},
    }


def sound_row(line):
    number, kind, name, changes = line
    given = {field: new for field, _old, new in changes}
    rest = [
        (BY_FIELD[field].header, old, new)
        for field, old, new in changes
        if kind == CHANGED or field not in {*MAIN, "name"}
    ]
    main = [
        (BY_FIELD[field].header, given.get(field, ""), field in WIDE) for field in MAIN
    ]
    return {"number": number, "name": name, "main": main, "changes": rest}


def refused_row(row):
    faults = [(label, reason) for _field, label, _code, reason in row["faults"]]
    return {"number": row["row"], "name": row["name"], "faults": faults}


@require_safe
@sandboxed
def import_refused(request, pk):
    """The refused rows as they came: only for the person who sent them."""
    batch = find(request, pk, uploaded_by=request.user)
    if not imports.read_report(batch)["refused"]:
        return redirect("members:import_detail", batch.pk)
    name = _("Refused rows %(number)s") % {"number": batch.pk}
    return attachment(imports.refused_file(batch), name, "xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def import_apply(request, pk):
    """Whoever sent the file applies it: the history of the records names one person."""
    batch = find(request, pk, uploaded_by=request.user)
    form = ApplyForm(
        request.POST if "confirmed" in request.POST else None, refused=batch.refused
    )
    if "confirmed" in request.POST and form.is_valid():
        try:
            imports.ask_to_apply(batch, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("members:import_detail", batch.pk)
    added = ngettext(
        "%(count)s person is added", "%(count)s people are added", batch.accepted
    )
    changed = ngettext(
        "%(count)s record is changed", "%(count)s records are changed", batch.changed
    )
    text = _("%(added)s and %(changed)s: all of it, or nothing.") % {
        "added": added % {"count": batch.accepted},
        "changed": changed % {"count": batch.changed},
    }
    context = {
        "batch": batch,
        "form": form,
        "title": _("Apply the roster"),
        "text": text,
        "action_url": reverse("members:import_apply", args=[batch.pk]),
        "action_label": _("Apply"),
        "danger": False,
    }
    return render(request, "members/import_apply.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_discard(request, pk):
    batch = find(request, pk)
    if "confirmed" in request.POST:
        try:
            imports.discard(batch)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect("members:import_detail", batch.pk)
        messages.success(request, _("The roster was discarded: nothing was changed."))
        return redirect("members:import_list")
    return render(request, "members/import_discard.html", {"batch": batch})
