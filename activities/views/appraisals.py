"""One member in a round, for those who manage it, and what is decided."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activities.forms.appraisals import (
    CopiedForm,
    DecideForm,
    ExemptForm,
)
from activities.models import AppraisalResult, AppraisalRound, Grade
from activities.services import appraisals, follow_ups, polls
from activities.views.appraisal_pages import (
    TONES,
    excellent_warning,
    managed_appraisal,
    of_person,
    text_of,
    told_follow_ups,
    totals_text,
)
from activities.views.pages import done, filled, get_or_post, posted
from members.sealing import try_open

Step = AppraisalRound.Step


@require_safe
def appraisal_detail(request, pk):
    """All that the compartment holds of one member in a round."""
    one = managed_appraisal(request, pk)
    round_, step = one.round, Step(one.round.step)
    result = AppraisalResult.objects.filter(appraisal=one).first()
    told = round_.is_told and result is not None and result.is_settled
    context = {
        "appraisal": one,
        "round": round_,
        "title": round_.title,
        "result": result,
        "tone": TONES[Grade(result.grade)] if result and result.grade else "neutral",
        "totals": totals_text(polls.totals_of(result, round_)),
        "too_few": step in {Step.OPINION, *AppraisalRound.TOLD}
        and one.takes_grade
        and polls.totals_of(result, round_) is None,
        "self_text": text_of(one, "self_text"),
        "exempt_reason": text_of(one, "exempt_reason"),
        "opinion": text_of(result, "opinion"),
        "reason": text_of(result, "reason"),
        "opinions": [
            (said.author.name, text_of(said, "text"))
            for said in one.mutual_opinions.select_related("author").order_by("pk")
        ],
        "follow_ups": told_follow_ups(one),
        "may_copy": step == Step.SELF and (one.is_copied or not one.has_written),
        "may_decide": step == Step.OPINION,
        "may_exempt": step in {Step.SELF, Step.MUTUAL, Step.OPINION},
        "may_tell": told and result.read_at is None,
        "may_follow": round_.is_told and bool(follow_ups.kinds(one)),
        "asks_help": round_.is_told
        and result is not None
        and result.grade in {Grade.BASIC, Grade.UNQUALIFIED},
    }
    return render(request, "activities/appraisal_detail.html", context)


@get_or_post
def appraisal_copy(request, pk):
    """Write down the self-appraisal of somebody who does not use the portal."""
    one = managed_appraisal(request, pk)
    start = try_open(one, "self_text") if one.is_copied else ""
    form = CopiedForm(posted(request), initial={"text": start})
    return filled(
        request,
        "one_form",
        form,
        lambda: appraisals.write_self(
            one, form.cleaned_data["text"], by=request.user, is_copied=True
        ),
        _("Saved."),
        one,
        title=_("Write down a self-appraisal"),
        text=_("For somebody who does not use the portal; it stands in the audit log."),
        **of_person(one),
    )


@get_or_post
def appraisal_decide(request, pk):
    one = managed_appraisal(request, pk)
    result = appraisals.result_of(one)
    initial = {"grade": result.grade} | {
        name: try_open(result, name) or "" for name in ("opinion", "reason")
    }
    form = DecideForm(posted(request), appraisal=one, initial=initial)
    counts = polls.totals_of(result, one.round)
    return filled(
        request,
        "one_form",
        form,
        lambda: appraisals.decide(one, **form.given(), by=request.user),
        _("Saved."),
        one.round,
        title=_("Grade and opinion: %(name)s") % {"name": one.member.name}
        if one.takes_grade
        else _("Opinion: %(name)s") % {"name": one.member.name},
        text=_("Poll: %(totals)s.") % {"totals": totals_text(counts)} if counts else "",
        warning=excellent_warning(one.round),
        **of_person(one),
    )


@get_or_post
def appraisal_exempt(request, pk):
    one = managed_appraisal(request, pk)
    form = ExemptForm(
        posted(request), initial={"reason": try_open(one, "exempt_reason")}
    )
    return filled(
        request,
        "one_form",
        form,
        lambda: appraisals.exempt(one, **form.cleaned_data, by=request.user),
        _("The member is exempt and left out of all numbers."),
        one,
        title=_("Exempt %(name)s?") % {"name": one.member.name},
        text=_("Nothing is asked of the member then, and no grade is given."),
        label=_("Exempt"),
        **of_person(one),
    )


@require_POST
def appraisal_exempt_back(request, pk):
    one = managed_appraisal(request, pk)
    return done(
        request,
        one,
        lambda: appraisals.take_exemption_back(one, by=request.user),
        _("Saved."),
    )


@require_POST
def appraisal_told(request, pk):
    one = managed_appraisal(request, pk)
    return done(
        request,
        one,
        lambda: appraisals.tell_in_person(one, by=request.user, now=timezone.now()),
        _("Noted: told in person."),
    )
