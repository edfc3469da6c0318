"""Programs: the list, the page of one, from preset to end, and the modules of a branch."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from activities import access, access_programs, presets
from activities.forms.programs import (
    WORDS,
    LinkForm,
    ProgramForm,
    ProgramStartForm,
    StopForm,
)
from activities.models import Activity, Effect, FlowStep, Module, Program
from activities.services import effect, flow, modules, photos, programs
from activities.views.effect import words
from activities.views.pages import done, filled, get_or_post, posted
from members.paging import Keyset

State = Program.State
TONES = {
    State.DRAFT: "warning",
    State.UNDER_WAY: "info",
    State.FINISHED: "success",
    State.STOPPED: "danger",
}


def managed(request, pk):
    """A program that the account manages, or a 404."""
    found = access_programs.managed_programs(request.user)
    return get_object_or_404(found.select_related("branch", "member"), pk=pk)


@require_GET
def program_list(request):
    """Those of the branches in reach, the latest first; no order by progress."""
    user = request.user
    rows = access_programs.visible_programs(user)
    page = Keyset(
        rows,
        ("-starts_on", "-pk"),
        query=request.GET,
        many=True,
        read=lambda found: found.select_related("branch"),
    )
    context = {
        "page": page,
        "lines": [(row, TONES[row.state]) for row in page.rows],
        "may_add": access_programs.switched_branches(user).exists(),
    }
    return render(request, "activities/program_list.html", context)


@require_GET
def program_detail(request, pk):
    found = access_programs.visible_programs(request.user)
    program = get_object_or_404(found.select_related("branch", "member"), pk=pk)
    can_manage = access_programs.managed_programs(request.user).filter(pk=pk).exists()
    milestones = list(program.milestones.all())
    linked = links(request.user, program)
    context = {
        "program": program,
        "tone": TONES[program.state],
        "facts": facts(program),
        "goals": [one for one in program.goals.splitlines() if one.strip()],
        "can_edit": can_manage and program.is_open,
        "can_manage": can_manage,
        "indicators": indicators(program),
        "milestones": milestones,
        "milestones_done": sum(one.done_on is not None for one in milestones),
        "today": timezone.localdate(),
        "item_parts": item_parts(program),
        "steps": steps(program),
        "links": linked,
        "effect": effect_of(program) if can_manage and linked else None,
        "photos": program.photos.defer("image"),
        "may_add_photo": can_manage and program.photos.count() < photos.MOST,
    }
    return render(request, "activities/program_detail.html", context)


def effect_of(program):
    """What came of the activities held for it, in numbers and in the words of the hosts;
    None before any was held."""
    held = Activity.objects.held().filter(program_link__program=program)
    numbers = effect.of(held)
    if not numbers.activities:
        return None
    noted = Effect.objects.filter(activity__in=held).exclude(change="")
    return {
        "numbers": words(numbers),
        "changes": list(
            noted.order_by("activity__starts_at").values_list("change", flat=True)
        ),
    }


def facts(program):
    rows = [
        (pgettext("program", "From – to"), f"{program.starts_on} – {program.ends_on}"),
        (_("Responsible"), program.member.name if program.member else ""),
    ]
    if program.budget_yuan is not None or program.budget_note:
        amount = program.budget_yuan
        yuan = _("%(yuan)s yuan") % {"yuan": number_format(amount)} if amount else ""
        note = program.budget_note
        rows.append((_("Budget"), " · ".join(part for part in (yuan, note) if part)))
    return [{"label": label, "value": value} for label, value in rows]


def indicators(program):
    """Each with its latest reading and how much of its own way is done."""
    found = []
    for one in program.indicators.prefetch_related("readings"):
        readings = list(one.readings.all())
        latest = readings[-1] if readings else None
        found.append(
            {
                "indicator": one,
                "readings": readings[::-1],
                "latest": latest,
                "reached": one.reached(latest.value) if latest else 0,
            }
        )
    return found


def item_parts(program):
    """The lists of the program, each with the words of its kind."""
    preset = presets.all_presets().get(program.preset)
    found = {preset.item_kind: []} if preset else {}
    for item in program.items.select_related("member"):
        found.setdefault(item.kind, []).append(item)
    return [
        {"kind": kind, "title": str(WORDS[kind]["title"]), "words": WORDS[kind]}
        | {"rows": rows}
        for kind, rows in found.items()
    ]


def steps(program):
    """The six steps, those done with what was noted; None where the flow is off."""
    if not access_programs.flow_is_on(program):
        return None
    done = {one.step: one for one in access_programs.visible_steps(program)}
    ended = any(not one.passed for one in done.values())
    following = None
    if not ended and len(done) < len(flow.ORDER):
        following = flow.ORDER[len(done)]
    rows = [
        {"step": step, "done": done.get(step), "is_next": step == following}
        for step in FlowStep.Step
        if not ended or step in done
    ]
    return {"rows": rows, "any": bool(done), "ended": ended}


def links(user, program):
    """Its activities; the page of each is for who may see that."""
    seen = access.visible_activities(user).filter(program_link__program=program)
    return list(seen.order_by("-starts_at"))


# --- from preset to end -----------------------------------------------------------------
@get_or_post
def program_add(request):
    """First the branch and the preset, then the program as it suggests it."""
    branches = access_programs.switched_branches(request.user)
    if not branches.exists():
        raise Http404
    start = ProgramStartForm(request.GET or None, branches=branches)
    chosen = start.chosen()
    if chosen is None:
        status = 422 if request.method == "POST" else 200
        context = {"form": start}
        return render(request, "activities/program_start.html", context, status=status)
    branch, preset = chosen
    drafted = programs.drafted(branch, preset, starts_on=timezone.localdate())
    form = ProgramForm(posted(request), instance=drafted)
    address = reverse("activities:program_add")
    query = urlencode({"branch": branch.code, "preset": preset.code})
    return filled(
        request,
        "one_form",
        form,
        lambda: programs.begin(form.instance, preset, by=request.user),
        _("The draft is kept. Look it through, then start it."),
        lambda program: program,
        title=preset.title,
        back_url=address,
        back_label=_("Begin a program"),
        action=f"{address}?{query}",
    )


@get_or_post
def program_edit(request, pk):
    program = managed(request, pk)
    form = ProgramForm(posted(request), instance=managed(request, pk))
    return saved(
        request,
        program,
        form,
        _("Edit the program"),
        lambda: programs.change(form.instance, by=request.user),
    )


def saved(request, program, form, title, write, **context):
    """Save what the form holds by `write` and go back to the program."""
    return filled(
        request,
        "one_form",
        form,
        write,
        _("Saved."),
        program,
        title=title,
        back_url=program.get_absolute_url(),
        back_label=program.title,
        **context,
    )


@require_POST
def program_start(request, pk):
    program = managed(request, pk)
    text = _("Started: the members of the branch see it now.")
    return done(
        request, program, lambda: programs.start(program, by=request.user), text
    )


@require_POST
def program_finish(request, pk):
    program = managed(request, pk)
    text = _("Finished. It stays to be read.")
    return done(
        request, program, lambda: programs.finish(program, by=request.user), text
    )


@get_or_post
def program_stop(request, pk):
    program = managed(request, pk)
    form = StopForm(posted(request))
    return saved(
        request,
        program,
        form,
        _("Stop the program?"),
        lambda: programs.stop(program, by=request.user, **form.cleaned_data),
        danger=True,
        label=_("Stop the program"),
    )


# --- activities -------------------------------------------------------------------------
@get_or_post
def program_link(request, pk):
    program = managed(request, pk)
    offered = access_programs.linkable_activities(request.user, program)
    form = LinkForm(posted(request), activities=offered)
    return saved(
        request,
        program,
        form,
        _("Add an activity"),
        lambda: programs.link(program, form.cleaned_data["activity"]),
    )


@require_POST
def program_unlink(request, pk):
    """Take out the activity whose number the form names."""
    program = managed(request, pk)
    key = request.POST.get("activity", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        key = "0"
    made = program.links.filter(activity=key).first()
    if made is None:
        return redirect(program)
    return done(request, program, lambda: programs.unlink(made), _("Saved."))


# --- modules ----------------------------------------------------------------------------
@get_or_post
def branch_modules(request, pk):
    """What the branch uses; each to be switched (KIND-11)."""
    found = access_programs.switched_branches(request.user)
    branch = get_object_or_404(found, pk=pk)
    if request.method == "POST":
        name = request.POST.get("module", "")
        if name in Module.values:
            is_on = request.POST.get("on") == "1"
            modules.switch(branch, Module(name), is_on, by=request.user)
            messages.success(request, _("Saved."))
        return redirect("activities:branch_modules", branch.pk)
    on = modules.of(branch)
    rows = [{"module": one, "is_on": one.value in on} for one in Module]
    rows.sort(key=lambda row: not row["is_on"])
    context = {"branch": branch, "rows": rows}
    return render(request, "activities/branch_modules.html", context)
