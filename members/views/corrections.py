"""Requests for correction: asked by a member, answered by the branch."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, Value, When
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from members import access, facts
from members.forms.corrections import AnswerForm, CorrectionForm, fields_to_correct
from members.forms.refusals import add_refusal
from members.models import Correction
from members.paging import Keyset
from members.sealing import try_open
from members.services import corrections
from members.views.records import form_page
from members.views.sign_in import ask_password

TONES = {
    Correction.State.OPEN: "warning",
    Correction.State.ACCEPTED: "success",
}
OPEN_FIRST = Case(When(state=Correction.State.OPEN, then=Value(0)), default=Value(1))


@sensitive_post_parameters("proposed")
@require_http_methods(["GET", "POST"])
def correction_ask(request):
    """Without a field chosen yet, the page offers the fields."""
    member = request.user.member
    if member is None or not member.is_live:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    field = given.get("field", "")
    if field not in Correction.FIELDS:
        context = {"fields": fields_to_correct()}
        return render(request, "members/correction_ask.html", context)
    if field == "phone" and (first := ask_password(request)):
        return first  # one signs in with it (AN-10)
    form = CorrectionForm(request.POST or None, field=field)
    if request.method == "POST" and form.is_valid():
        try:
            correction = corrections.ask_correction(
                member, by=request.user, **form.cleaned_data
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request, _("Your request went to the branch. The answer comes here.")
            )
            return redirect("members:correction_detail", correction.pk)
    names = facts.Names.of([member])
    context = {"form": form, "now": facts.fact(member, field, names, on=access.today())}
    return form_page(request, "members/correction_ask.html", context)


@require_GET
def correction_list(request):
    user = request.user
    manages = bool(access.scope(user, "manage_roll"))
    if not manages and user.member_id is None:
        raise Http404
    state = request.GET.get("state", "")
    everything = access.visible_corrections(user).annotate(turn=OPEN_FIRST)
    asked = everything.select_related("member__branch").defer("proposed", "note")
    if state in Correction.State.values:
        asked = asked.filter(state=state)
    page = Keyset(asked, ("turn", "-pk"), query=request.GET, among=everything)
    context = {
        "manages": manages,
        "page": page,
        "lines": [
            (correction, TONES.get(correction.state, "neutral"))
            for correction in page.rows
        ],
        "tabs": [
            {
                "label": label,
                "url": f"?state={value}" if value else "?",
                "active": state == value,
                "count": None,
            }
            for value, label in [("", _("All")), *Correction.State.choices]
        ],
    }
    part = "#found" if request.htmx else ""
    return render(request, f"members/correction_list.html{part}", context)


@require_GET
def correction_detail(request, pk):
    correction = get_object_or_404(asked_by_or_to(request.user), pk=pk)
    return page_of(request, correction, AnswerForm())


def asked_by_or_to(user):
    return access.visible_corrections(user).select_related(
        "member__branch", "member__party_group", "answered_by__member"
    )


def page_of(request, correction, form):
    """Both sides see the request; the branch may answer it, the member take it back."""
    user, member, field = request.user, correction.member, correction.field
    names = facts.Names.of([member])
    proposed = try_open(correction, "proposed")
    is_open = correction.state == Correction.State.OPEN
    manages = member.branch.is_within(access.scope(user, "manage_roll"))
    context = {
        "correction": correction,
        "tone": TONES.get(correction.state, "neutral"),
        "form": form,
        "now": facts.text(member, field, names),
        "proposed": _("damaged")
        if proposed is None
        else facts.typed_in_words(field, proposed),
        "note": try_open(correction, "note"),
        "is_sealed": facts.is_sealed(field),
        "is_open": is_open,
        "can_answer": is_open and manages,
        "can_withdraw": is_open and correction.asked_by_id == user.pk,
        "sees_record": access.visible_members(user).filter(pk=member.pk).exists(),
    }
    return form_page(request, "members/correction_detail.html", context)


@require_POST
def correction_accept(request, pk):
    return answer(
        request, pk, corrections.accept_correction, _("The record is corrected.")
    )


@require_POST
def correction_decline(request, pk):
    return answer(
        request, pk, corrections.decline_correction, _("The member is told why.")
    )


def answer(request, pk, verb, done):
    correction = get_object_or_404(to_answer(request.user), pk=pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            verb(correction, by=request.user, answer=form.cleaned_data["answer"])
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, done)
            return redirect("members:correction_detail", pk)
    return page_of(request, correction, form)


def to_answer(user):
    return access.managed_corrections(user).select_related(
        "member__branch", "member__party_group", "answered_by__member"
    )


@require_POST
def correction_withdraw(request, pk):
    asked = asked_by_or_to(request.user).filter(asked_by=request.user)
    correction = get_object_or_404(asked, pk=pk)
    try:
        corrections.withdraw_correction(correction, by=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Your request is taken back."))
    return redirect("members:correction_detail", pk)
