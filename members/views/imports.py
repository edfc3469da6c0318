"""Importing a roster: send the file, look at what would change, apply or discard."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from members import access
from members.forms.exchange import ApplyForm, ImportForm, UndoForm
from members.forms.refusals import add_refusal
from members.models import ImportBatch, ImportPart
from members.paging import Keyset
from members.rates import limited, posting
from members.roster.columns import BY_FIELD
from members.roster.template import template
from members.services import import_reports, imports
from members.services import import_undo as undoing
from members.services.progress import progress
from members.views.attachments import attachment, named_branch, sandboxed

State, Kind = ImportBatch.State, ImportPart.Kind
TONES = {
    State.CHECKED: "warning",
    State.APPLIED: "success",
    State.REFUSED: "danger",
    State.HELD: "danger",
}
WORKING = {State.CHECKING, State.APPLYING, State.UNDOING}
LEFT_OUT_AT_MOST = 100
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
        found.select_related("branch", "uploaded_by__member", "undone_by__member"),
        pk=pk,
        **having,
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
    """What the check found, one kind of rows and one page of them at a time."""
    report = import_reports.read_report(batch)
    counts = {
        Kind.REFUSED: batch.refused,
        Kind.NEW: batch.accepted,
        Kind.CHANGED: batch.changed,
        Kind.UNCHANGED: batch.unchanged,
    }
    shown = request.GET.get("show")
    if shown not in counts:
        shown = next((kind for kind, count in counts.items() if count), Kind.NEW)
    pages = Paginator(range(counts[shown]), ImportPart.ROWS)
    page = pages.get_page(request.GET.get("page"))
    rows = import_reports.part_of(batch, shown, page.number)
    own = batch.uploaded_by_id == request.user.pk
    there = bool(rows) or batch.parts.exists()  # until it is wiped
    return {
        "tabs": tabs(counts, shown) if there else [],
        "shown": shown,
        "lines": [shown_row(shown, row) for row in rows],
        "main_labels": [BY_FIELD[name].header for name in MAIN],
        "page": numbered(page, shown),
        "unknown": report["unknown"],
        "left_out": report["left_out"][:LEFT_OUT_AT_MOST],
        "can_apply": own
        and batch.state == State.CHECKED
        and batch.accepted + batch.changed,
        "can_discard": batch.state in imports.OPEN,
        "can_download_refused": own and there and bool(batch.refused),
        "can_undo": batch.state == State.APPLIED and batch.context,
    }


def tabs(counts, shown):
    return [
        {
            "label": kind.label,
            "url": f"?show={kind}",
            "active": kind == shown,
            "count": count,
        }
        for kind, count in counts.items()
    ]


def numbered(page, shown):
    """A page of parts, as components/pagination.html takes it."""

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


def shown_row(kind, row):
    """A row of a report as the page takes it."""
    if kind == Kind.REFUSED:
        number, name, faults, _cells = row
        told = [(label, reason) for _field, label, _code, reason in faults]
        return {"number": number, "name": name, "faults": told}
    number, name, changes = row
    given = {field: new for field, _old, new in changes}
    rest = [
        (BY_FIELD[field].header, old, new)
        for field, old, new in changes
        if kind == Kind.CHANGED or field not in {*MAIN, "name"}
    ]
    main = [
        (BY_FIELD[field].header, given.get(field, ""), field in WIDE) for field in MAIN
    ]
    return {"number": number, "name": name, "main": main, "changes": rest}


@require_safe
@sandboxed
def import_refused(request, pk):
    """The refused rows as they came: only for the person who sent them."""
    batch = find(request, pk, uploaded_by=request.user)
    if not batch.parts.filter(kind=Kind.REFUSED).exists():
        return redirect("members:import_detail", batch.pk)
    name = _("Refused rows %(number)s") % {"number": batch.pk}
    content, suffix = import_reports.refused_file(batch)
    return attachment(content, name, suffix)


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


@require_http_methods(["GET", "HEAD", "POST"])
def import_undo(request, pk):
    """Whoever keeps the roll takes an import back, while nobody built upon it."""
    batch = find(request, pk)
    form = UndoForm(request.POST if "confirmed" in request.POST else None)
    obstacle = ""
    try:
        if "confirmed" in request.POST and form.is_valid():
            undoing.ask_to_undo(batch, by=request.user, **form.cleaned_data)
            return redirect("members:import_detail", batch.pk)
        undoing.check_untouched(batch)
    except ValidationError as refusal:
        obstacle = " ".join(refusal.messages)
    left = ngettext(
        "%(count)s person leaves the roll again",
        "%(count)s people leave the roll again",
        batch.accepted,
    )
    restored = ngettext(
        "%(count)s record gets its old values back",
        "%(count)s records get their old values back",
        batch.changed,
    )
    text = _("%(left)s and %(restored)s: all of them, or none.") % {
        "left": left % {"count": batch.accepted},
        "restored": restored % {"count": batch.changed},
    }
    context = {"batch": batch, "form": form, "text": text, "obstacle": obstacle}
    return render(request, "members/import_undo.html", context)
