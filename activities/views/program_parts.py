"""What hangs on a program: figures, milestones, lists, steps of a decision, photos."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from activities import access_programs
from activities.forms.programs import (
    WORDS,
    IndicatorForm,
    ItemForm,
    MilestoneForm,
    PhotoForm,
    ReadingForm,
    StepForm,
)
from activities.models import (
    FlowStep,
    Indicator,
    Milestone,
    ProgramItem,
    ProgramPhoto,
    Reading,
)
from activities.services import flow, photos, programs
from activities.views.pages import done, get_or_post, posted
from activities.views.programs import managed, saved
from members.access import reachable
from members.rates import limited, posting
from members.views.attachments import attachment, sandboxed

FORMS = {
    Indicator: (IndicatorForm, gettext_lazy("Add an indicator")),
    Milestone: (MilestoneForm, gettext_lazy("Add a milestone")),
    ProgramItem: (ItemForm, gettext_lazy("Add to the list")),
    Reading: (ReadingForm, gettext_lazy("Enter a reading")),
}


def part_form(request, part, title, **context):
    form_class, _title = FORMS[type(part)]
    form = form_class(posted(request), instance=part)
    return saved(
        request,
        program_of(part),
        form,
        title,
        lambda: programs.save_part(form.instance, by=request.user),
        **context,
    )


def program_of(part):
    return part.indicator.program if isinstance(part, Reading) else part.program


@get_or_post
def part_add(request, pk, model):
    """A new part; of a list, of the kind in `?kind=`."""
    part = model(program=managed(request, pk))
    if model is ProgramItem:
        part.kind = request.GET.get("kind", "project")
        if part.kind not in WORDS:
            raise Http404
    return part_form(request, part, FORMS[model][1])


@get_or_post
def reading_add(request, pk):
    indicator = changed(request, Indicator, pk)
    return part_form(request, Reading(indicator=indicator), str(indicator))


@get_or_post
def part_edit(request, pk, model):
    part = changed(request, model, pk)
    remove = f"{request.path.removesuffix('edit/')}remove/"
    return part_form(request, part, str(part), remove_url=remove)


@require_POST
def part_remove(request, pk, model):
    part = changed(request, model, pk)
    return done(
        request, program_of(part), lambda: programs.remove_part(part), _("Saved.")
    )


def changed(request, model, pk):
    """A part of a program that the account manages, or a 404."""
    path = "indicator__program__branch" if model is Reading else "program__branch"
    found = reachable(request.user, model, "change").select_related(path)
    return get_object_or_404(found, pk=pk)


# --- four discussions and two publications ------------------------------------------------
@get_or_post
def step_record(request, pk):
    """The step in `?step=`, else the next one."""
    program = managed(request, pk)
    if not access_programs.flow_is_on(program):
        raise Http404
    step = request.GET.get("step") or flow.next_step(program)
    if step not in FlowStep.Step.values:
        if step is None:
            messages.info(request, _("The flow is over."))
            return redirect(program)
        raise Http404
    made = FlowStep(program=program, step=step)
    activities = access_programs.branch_meetings(request.user, program)
    form = StepForm(posted(request), instance=made, activities=activities)
    return saved(
        request,
        program,
        form,
        made.get_step_display(),
        lambda: flow.record(form.instance, by=request.user),
    )


@require_POST
def step_take_back(request, pk):
    program = managed(request, pk)
    text = _("The last step is taken out.")
    return done(
        request, program, lambda: flow.take_back(program, by=request.user), text
    )


# --- photos -----------------------------------------------------------------------------
@get_or_post
@limited("upload", when=posting)
def photo_add(request, pk):
    program = managed(request, pk)
    form = PhotoForm(posted(request), request.FILES or None)
    return saved(
        request,
        program,
        form,
        _("Add a photo"),
        lambda: photos.add(
            program,
            form.cleaned_data["image"].read(),
            caption=form.cleaned_data["caption"],
            by=request.user,
        ),
        uploads=True,
    )


@require_GET
@sandboxed
def photo(request, pk):
    found = get_object_or_404(reachable(request.user, ProgramPhoto), pk=pk)
    return attachment(bytes(found.image), f"photo-{found.pk}", "jpg")


@require_POST
def photo_remove(request, pk):
    found = changed(request, ProgramPhoto, pk)
    program = found.program
    return done(
        request, program, lambda: photos.remove(found, by=request.user), _("Saved.")
    )
