"""Appointing to the offices of a branch, and ending appointments."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from members import access
from members.forms.offices import AppointmentEndForm, AppointmentForm, MemberSearchForm
from members.forms.refusals import add_refusal
from members.models import Appointment, Member
from members.rates import asking, limited
from members.services import offices
from members.views.branch_changes import form_page, get_or_post, posted
from members.views.branches import offices_of, offices_to_give, trail


@get_or_post
@limited("search", when=asking("q"))
def appointment_add(request, pk):
    """Choose an office, then who holds it from when."""
    user = request.user
    branch = get_object_or_404(
        access.managed_branches(user, "manage_offices").filter(closed_on=None), pk=pk
    )
    to_give = offices_to_give(user, branch, offices_of(branch))
    if not to_give:
        raise Http404
    code = request.GET.get("office", "")
    office = next((one for one in to_give if one.code == code), None)
    if office is None:
        if code or request.method == "POST":
            raise Http404
        context = {
            "branch": branch,
            "offices": to_give,
            "breadcrumbs": trail(user, branch, _("Appoint")),
        }
        return render(request, "members/appointment_add.html", context)
    search = MemberSearchForm(request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    form = AppointmentForm(
        posted(request),
        instance=Appointment(office=office, branch=branch),
        initial=_first_guess(request, branch, office),
        candidates=candidates(user, branch, office),
        text=text,
    )
    if form.is_bound and form.is_valid():
        try:
            offices.appoint(office=office, branch=branch, by=user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The appointment is recorded."))
            return redirect(branch)
    return form_page(
        request,
        "appointment_add",
        branch,
        form,
        _("Appoint"),
        office=office,
        search=search,
        text=text,
    )


def candidates(user, branch, office):
    """Whom `user` may appoint: on the rolls `user` sees, of this branch or below.

    A first secretary and the officers of a temporary branch come from elsewhere
    (ORG-05, ORG-29).
    """
    people = access.roll_members(user).live()
    if office.full_members_only:
        people = people.filter(state=Member.State.FULL)
    if office.code != "first_secretary" and not branch.is_temporary:
        people = people.filter(branch_path__below=branch.path)
    return people.select_related("branch").order_by("pinyin", "pk")


def _first_guess(request, branch, office):
    """What most often holds: today, and how such an office is come by (ORG-25, 26)."""
    basis = Appointment.Basis.ELECTED
    if branch.is_temporary or office.code == "first_secretary":
        basis = Appointment.Basis.APPOINTED
    elif office.of_group or not office.in_committee:
        basis = Appointment.Basis.NAMED
    return {
        "starts_on": access.today(),
        "basis": basis,
        "party_group": request.GET.get("group", ""),
    }


@get_or_post
def appointment_end(request, pk):
    found = access.reachable(request.user, Appointment, "change")
    appointment = get_object_or_404(
        found.select_related("member", "branch", "office"), pk=pk
    )
    branch = appointment.branch
    if not access.can_appoint(request.user, appointment.office, branch):
        raise Http404
    form = AppointmentEndForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            offices.end_appointment(appointment, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The end of the appointment is recorded."))
            return redirect(branch)
    return form_page(
        request,
        "appointment_end",
        branch,
        form,
        _("End the appointment"),
        appointment=appointment,
    )
