"""A member's record: seen, added, edited, its state changed, its history."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from members import access, facts, history
from members.forms.corrections import fields_to_correct
from members.forms.records import MemberAddForm, MemberEditForm, StateForm
from members.forms.refusals import add_refusal
from members.models import Correction, Member, Office, StateChange, User
from members.services import credit_hours, records, reveals, second_factor, states


# --- seen -------------------------------------------------------------------------
@require_GET
def member_detail(request, pk):
    user = request.user
    member = visible_member(user, pk)
    rights = access.rights_on(user, member.branch)
    manages = "manage_roll" in rights
    context = record_context(user, member) | {
        "can_edit": member.is_live
        and (manages or access.managed_members(user).filter(pk=pk).exists()),
        "can_change_state": manages and member.is_live,
        "can_appoint": "manage_offices" in rights and member.is_live,
        "can_explain": "explain_access" in rights,
        "can_reveal": {"reveal_sensitive", "view_roll"} <= rights,
        "can_open_roll": "view_roll" in rights,
        "shows_account": manages,
    }
    if manages:
        accounts = User.objects.annotate(has_code=second_factor.set_up_by("pk"))
        account = accounts.filter(member=member).first()
        context |= {
            "account": account,
            "can_open_account": member.is_live
            and access.can_open_account(user, member),
            "has_second_factor": account is not None and account.has_code,
            "is_own_account": account is not None and account.pk == user.pk,
            "corrections": open_corrections(user, member),
        }
    return render(request, "members/member_detail.html", context)


@require_GET
def member_self(request):
    """What the portal holds about the one who is signed in."""
    user = request.user
    if user.member_id is None:
        raise Http404
    member = visible_member(user, user.member_id)
    context = record_context(user, member) | {
        "correctable": {name for name, _label in fields_to_correct()},
        "corrections": [
            shown_correction(correction)
            for correction in access.visible_corrections(user).filter(asked_by=user)[
                :50
            ]
        ],
        "lookers": shown_lookers(member),
    }
    return render(request, "members/member_self.html", context)


def shown_lookers(member):
    """Who read a sensitive field of `member` in full, in words."""
    names = {office.code: office.name for office in Office.objects.all()}
    return [
        looker
        | {
            "office": names.get(looker["office"], ""),
            "field": facts.label(looker["field"]),
        }
        for looker in reveals.lookers(member)
    ]


def visible_member(user, pk):
    members = access.visible_members(user).select_related("branch", "party_group")
    return get_object_or_404(members, pk=pk)


def record_context(user, member):
    """What both views of a record show."""
    today = access.today()
    if member.pk == user.member_id:
        appointments = member.appointments.all()
    else:
        appointments = access.visible_appointments(user).filter(member=member)
    appointments = appointments.select_related("office", "branch", "party_group")
    in_force = [a for a in appointments if a.starts_on <= today <= (a.ends_on or today)]
    return {
        "member": member,
        "state": {
            "label": member.get_state_display(),
            "tone": facts.TONES.get(member.state, "neutral"),
        },
        "sections": facts.sections(member, names_of(member), on=today),
        # Whoever sees a member sees these: both have the same reach (access.REACH).
        "changes": list(member.state_changes.all()),
        "appointments": in_force,
        "past_appointments": [a for a in appointments if a not in in_force],
        "credit_hours": {
            "year": today.year,
            "hours": credit_hours.of_year(member, today.year),
            "demand": credit_hours.demand(member, today.year),
        },
        "sees_branch": access.sees_branch(user, member.branch),
    }


def names_of(member):
    """The names of what a record refers to, most of which came with it."""
    group = member.party_group
    return facts.Names(
        {member.branch_id: member.branch},
        {group.pk: group} if group else {},
        facts.post_names({member.post} - {""}),
    )


def open_corrections(user, member):
    asked = access.managed_corrections(user).filter(
        member=member, state=Correction.State.OPEN
    )
    return [shown_correction(correction) for correction in asked]


def shown_correction(correction):
    """A request with its value in words, masked where the field is sealed."""
    return {
        "request": correction,
        "field": correction.field_label,
        "tone": {"open": "warning", "accepted": "success"}.get(
            correction.state, "neutral"
        ),
    }


@require_GET
def member_history(request, pk):
    """Who changed what when; with `on`, the record as it was recorded by that day."""
    member = visible_member(request.user, pk)
    day = chosen_day(request)
    context = {"member": member, "day": day, "today": access.today()}
    if day is not None:
        event = history.record_on(member, day)
        context["event"] = event
        if event is not None:
            names = facts.Names.of([event])
            context["sections"] = facts.sections(event, names, on=day)
    else:
        context["versions"] = told_versions(history.versions(member))
    return render(request, "members/member_history.html", context)


def chosen_day(request):
    """The day asked for, today at the latest; None for no day or none that exists."""
    try:
        day = parse_date(request.GET.get("on", ""))
    except ValueError:
        return None
    return min(day, access.today()) if day else None


def told_versions(versions):
    """Each version with its changes in words; a sealed field says only that it changed."""
    events = [event for v in versions for event in (v.event, v.before) if event]
    names = facts.Names.of(events)
    return [
        {
            "version": version,
            "changes": [
                told_change(version, name, names)
                for name in version.changed
                if version.before is not None
            ],
        }
        for version in versions
    ]


def told_change(version, name, names):
    if facts.is_sealed(name):
        return {"field": facts.label(name), "sealed": True}
    return {
        "field": facts.label(name),
        "old": facts.text(version.before, name, names),
        "new": facts.text(version.event, name, names),
    }


# --- changed ----------------------------------------------------------------------
@sensitive_post_parameters("id_number", "phone", "landline", "address")
@require_http_methods(["GET", "POST"])
def member_add(request):
    user = request.user
    if not access.scope(user, "manage_roll"):
        raise Http404
    form = MemberAddForm(request.POST or None, initial=first_values(request), user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            member = records.enroll(
                form.instance,
                by=user,
                decided_on=given["decided_on"],
                decided_by=given["decided_by"],
                document_number=given["document_number"],
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request, _("%(name)s is on the roll.") % {"name": member.name}
            )
            return redirect(member)
    return form_page(request, "members/member_add.html", {"form": form})


def first_values(request):
    """What a new form starts from: the branch it was opened from, or the only one."""
    code = request.GET.get("branch", "")
    if not code:
        branches = access.managed_branches(request.user, "manage_roll")
        codes = branches.holding_members().filter(closed_on=None)
        found = list(codes.values_list("code", flat=True)[:2])
        code = found[0] if len(found) == 1 else ""
    return {"branch": code, "ethnic_group": "01"}


@sensitive_post_parameters("id_number", "phone", "landline", "address")
@require_http_methods(["GET", "POST"])
def member_edit(request, pk):
    members = access.managed_members(request.user).live().select_related("branch")
    member = get_object_or_404(members, pk=pk)
    name = member.name
    form = MemberEditForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        try:
            records.change_record(form.instance, by=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("members:member_detail", pk)
    context = {"form": form, "name": name, "pk": pk}
    return form_page(request, "members/member_edit.html", context)


@require_http_methods(["GET", "POST"])
def member_state(request, pk):
    members = access.reachable(request.user, Member, "manage_roll").live()
    member = get_object_or_404(members.select_related("branch"), pk=pk)
    form = StateForm(request.POST or None, member=member)
    context = {"member": member, "form": form, "steps": steps_from(member)}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if states.is_final(given["to_state"]) and "confirmed" not in request.POST:
            return confirm_state(request, member, form)
        try:
            states.change_state(member, by=request.user, **given)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The state is changed."))
            return redirect("members:member_detail", pk)
    return form_page(request, "members/member_state.html", context)


def steps_from(member):
    """The steps that are possible, and who decides each."""
    return [
        {
            "state": label,
            "bodies": [
                StateChange.Body(body).label
                for body in states.STEPS[member.state][to].bodies
            ],
            "document": states.STEPS[member.state][to].document,
            "is_final": states.is_final(to),
        }
        for to, label in states.next_states(member)
    ]


def confirm_state(request, member, form):
    to_state = Member.State(form.cleaned_data["to_state"])
    return render(
        request,
        "members/member_state_confirm.html",
        {
            "member": member,
            "state": to_state.label,
            "action_url": reverse("members:member_state", args=[member.pk]),
            "carried": [(name, form[name].value() or "") for name in form.fields],
        },
    )


def form_page(request, template, context):
    """A page with a form; 422 once something in it was refused."""
    status = 422 if context["form"].errors else 200
    return render(request, template, context, status=status)
