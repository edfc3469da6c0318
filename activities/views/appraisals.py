"""Appraisals for those who manage them: rounds, their steps, and what is decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from activities import access_appraisal
from activities.forms.appraisals import (
    ConfirmForm,
    CopiedForm,
    DecideForm,
    ExemptForm,
    FeedBackForm,
    PapersForm,
    PollKindForm,
    StartForm,
)
from activities.models import AppraisalResult, AppraisalRound, Grade
from activities.services import appraisals, follow_ups, polls
from activities.views.pages import done, get_or_post, posted
from members.forms.refusals import add_refusal
from members.sealing import try_open

Step, Poll = AppraisalRound.Step, AppraisalRound.Poll
TONES = {
    Grade.EXCELLENT: "success",
    Grade.QUALIFIED: "info",
    Grade.BASIC: "warning",
    Grade.UNQUALIFIED: "danger",
}


# --- what the pages share ---------------------------------------------------------------
def managed_round(request, pk):
    found = access_appraisal.managed_rounds(request.user)
    return get_object_or_404(found.select_related("branch"), pk=pk)


def managed_appraisal(request, pk):
    found = access_appraisal.managed_appraisals(request.user)
    return get_object_or_404(found.select_related("member", "round__branch"), pk=pk)


def form_page(request, form, heading, *, back, back_label, **context):
    """The page with one form; 422 once something was refused."""
    context |= {
        "form": form,
        "heading": heading,
        "back_url": back,
        "back_label": back_label,
    }
    status = 422 if form.is_bound and form.errors else 200
    page = context.pop("page", "appraisal_form")
    return render(request, f"activities/{page}.html", context, status=status)


def filled(request, form, write, said, to, heading, **context):
    """Call `write` with a sound form and go `to`, or show what was refused."""
    if form.is_bound and form.is_valid():
        try:
            written = write()
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, said)
            return redirect(to(written) if callable(to) else to)
    return form_page(request, form, heading, **context)


def of_round(round_):
    """Where the pages of a round lead back to."""
    return {"back": round_.get_absolute_url(), "back_label": round_.title}


def of_person(appraisal):
    return {"back": appraisal.get_absolute_url(), "back_label": appraisal.member.name}


def text_of(record, name):
    """A sealed text to show; a damaged one is said to be so."""
    text = "" if record is None else try_open(record, name)
    return _("This text is damaged and cannot be read.") if text is None else text


def told_follow_ups(appraisal):
    """What follows, with its texts."""
    return [
        (one, text_of(one, "plan"), text_of(one, "outcome"))
        for one in appraisal.follow_ups.select_related("owner")
    ]


def steps_of(round_):
    """The steps of LIFE-23 with how each stands: "done", "now" or "coming"."""
    order = list(Step)
    here = order.index(Step(round_.step))
    states = {-1: "done", 0: "now", 1: "coming"}
    return [
        {"label": step.label, "state": states[(place > here) - (place < here)]}
        for place, step in enumerate(order[:-1])
    ]


# --- a branch ---------------------------------------------------------------------------
@get_or_post
def branch_appraisals(request, pk):
    """The rounds of a branch, and the form that begins one."""
    found = access_appraisal.managed_branches(request.user)
    branch = get_object_or_404(found, pk=pk)
    today = timezone.localdate()
    rounds = list(AppraisalRound.objects.filter(branch=branch))
    has_now = any(one.year == today.year for one in rounds)
    form = StartForm(posted(request), initial={"year": today.year})
    heading = _("Appraisal of members")
    return filled(
        request,
        form,
        lambda: appraisals.start(
            branch, **form.cleaned_data, by=request.user, today=today
        ),
        _("The appraisal has begun; the members are told."),
        lambda made: made,
        heading,
        page="appraisal_list",
        back=branch.get_absolute_url(),
        back_label=branch.name,
        branch=branch,
        rounds=rounds,
        may_start=form.is_bound or not (branch.is_closed or has_now),
    )


# --- a round ----------------------------------------------------------------------------
@require_safe
def appraisal_round(request, pk):
    """Where the round stands, what is next, and each member in the order of names."""
    round_ = managed_round(request, pk)
    people = list(
        round_.appraisals.select_related("member", "result").order_by(
            "member__pinyin", "pk"
        )
    )
    context = {
        "round": round_,
        "title": round_.title,
        "steps": steps_of(round_),
        "lines": [line_of(one, round_) for one in people],
        "next": NEXT[Step(round_.step)](round_, people),
        "warning": excellent_warning(round_),
    }
    return render(request, "activities/appraisal_round.html", context)


def line_of(one, round_):
    """A member as a line: what is said depends on the step."""
    result = getattr(one, "result", None)
    shown: dict[str, Any] = {"appraisal": one, "badges": [], "note": ""}
    if one.is_exempt:
        shown["badges"].append((pgettext("appraisal", "Exempt"), "neutral"))
    elif round_.step == Step.SELF:
        written = one.has_written
        word = pgettext("appraisal", "Written") if written else _("Not yet")
        shown["badges"].append((word, "success" if written else "warning"))
    elif result is not None and result.grade:
        tone = TONES[Grade(result.grade)]
        shown["badges"].append((result.get_grade_display(), tone))
    elif round_.step == Step.OPINION:
        if result is not None and result.is_settled:
            shown["badges"].append((_("Opinion entered"), "info"))
        else:
            shown["badges"].append((_("To be settled"), "warning"))
    if not one.takes_grade:
        shown["badges"].append((_("Probationary: no grade"), "neutral"))
    if round_.is_told and result is not None and result.is_settled:
        read = result.read_at is not None
        word = _("Confirmed") if read else _("Not read yet")
        shown["badges"].append((word, "success" if read else "warning"))
    shown["note"] = totals_text(polls.totals_of(result, round_))
    return shown


def totals_text(counts):
    if counts is None:
        return ""
    return " · ".join(
        f"{Grade(grade).label} {number}" for grade, number in counts.items()
    )


def excellent_warning(round_):
    """LIFE-21, as a sentence; empty while it fits."""
    found = appraisals.too_many_excellent(round_)
    if found is None:
        return ""
    number, most = found
    text = _(
        "Excellent: %(number)s. As a rule it is at most a third of those who take a "
        "grade, here %(most)s. Consider it again."
    )
    return text % {"number": number, "most": most}


def step_link(round_, name, label, text):
    return {
        "url": reverse(f"activities:{name}", args=[round_.pk]),
        "label": label,
        "text": text,
    }


def next_after_self(round_, people):
    asked = [one for one in people if not one.is_exempt]
    written = sum(one.has_written for one in asked)
    text = _("%(done)s of %(of)s have written their self-appraisal.") % {
        "done": written,
        "of": len(asked),
    }
    label = _("Go on to the opinions")
    return [step_link(round_, "appraisal_mutual", label, text)]


def next_after_mutual(round_, people):
    text = _("Members may now write what they think of one another.")
    return [step_link(round_, "appraisal_poll", _("Open the poll"), text)]


def next_after_poll(round_, people):
    label = _("Close the poll")
    if round_.poll == Poll.ON_LINE:
        turnout = polls.turnout(round_)
        text = _(
            "The secret poll is open on line: %(done)s of %(of)s have voted. Who they "
            "are and what they chose is shown nowhere."
        ) % {"done": turnout.done, "of": turnout.of}
        return [step_link(round_, "appraisal_close", label, text)]
    if round_.returned is None:
        text = _("The poll is held on paper: enter what the tellers counted.")
        return [step_link(round_, "appraisal_papers", _("Enter the totals"), text)]
    text = papers_text(round_)
    again = step_link(round_, "appraisal_papers", _("Enter them again"), "")
    return [step_link(round_, "appraisal_close", label, text), again]


def papers_text(round_):
    return _(
        "%(issued)s papers given out, %(returned)s came back, %(void)s of them void."
    ) % {"issued": round_.issued, "returned": round_.returned, "void": round_.void}


def next_after_opinion(round_, people):
    number = len(appraisals.undecided(round_))
    if number:
        text = ngettext(
            "%(number)s member is still to be settled: choose the name below.",
            "%(number)s members are still to be settled: choose a name below.",
            number,
        )
        return [{"url": "", "label": "", "text": text % {"number": number}}]
    text = _("All are settled. Now committee or meeting confirms, and each is told.")
    label = _("Tell the members")
    return [step_link(round_, "appraisal_feed_back", label, text)]


def next_after_feedback(round_, people):
    text = _("Each reads grade and opinion and confirms it. Help where it is needed.")
    return [step_link(round_, "appraisal_finish", _("Finish"), text)]


NEXT = {
    Step.SELF: next_after_self,
    Step.MUTUAL: next_after_mutual,
    Step.POLL: next_after_poll,
    Step.OPINION: next_after_opinion,
    Step.FEEDBACK: next_after_feedback,
    Step.DONE: lambda round_, people: [],
}


# --- its steps --------------------------------------------------------------------------
def confirmed(request, pk, step, heading, text, label, said):
    """A step that is only confirmed."""
    round_ = managed_round(request, pk)
    form = ConfirmForm(posted(request))
    return filled(
        request,
        form,
        lambda: step(round_, by=request.user),
        said,
        round_,
        heading,
        text=text,
        label=label,
        **of_round(round_),
    )


@get_or_post
def appraisal_mutual(request, pk):
    return confirmed(
        request,
        pk,
        appraisals.open_mutual,
        _("Go on to the opinions?"),
        _("From then on nobody changes a self-appraisal. The members are told."),
        _("Go on to the opinions"),
        _("The members may now write what they think of one another."),
    )


@get_or_post
def appraisal_poll(request, pk):
    round_ = managed_round(request, pk)
    form = PollKindForm(posted(request), initial={"kind": Poll.ON_LINE})
    return filled(
        request,
        form,
        lambda: polls.open_poll(round_, **form.cleaned_data, by=request.user),
        _("The poll is open."),
        round_,
        _("Open the poll"),
        text=_(
            "From then on nobody writes opinions, and who takes part stands. The poll is "
            "secret: only totals are kept, and none that fewer than three gave."
        ),
        label=_("Open the poll"),
        **of_round(round_),
    )


@get_or_post
def appraisal_papers(request, pk):
    """What the tellers counted, all on one page."""
    round_ = managed_round(request, pk)
    if round_.poll != Poll.ON_PAPER:
        raise Http404
    people = list(
        polls.asked(round_).select_related("member").order_by("member__pinyin", "pk")
    )
    form = PapersForm(posted(request), people=people)
    return filled(
        request,
        form,
        lambda: polls.count_papers(
            round_, form.papers(), form.counts(), by=request.user
        ),
        _("The totals are kept. Look again, then close the poll."),
        round_,
        _("Totals of the papers"),
        page="appraisal_papers",
        **of_round(round_),
    )


@get_or_post
def appraisal_close(request, pk):
    return confirmed(
        request,
        pk,
        polls.close_poll,
        _("Close the poll?"),
        _("Nobody votes any more, and the totals are shown where enough took part."),
        _("Close the poll"),
        _("The poll is closed. Settle grade and opinion of each member."),
    )


@get_or_post
def appraisal_feed_back(request, pk):
    round_, today = managed_round(request, pk), timezone.localdate()
    form = FeedBackForm(posted(request), initial={"decided_on": today})
    return filled(
        request,
        form,
        lambda: appraisals.feed_back(
            round_, **form.cleaned_data, by=request.user, today=today
        ),
        _("Each member reads the own result now."),
        round_,
        _("Tell the members"),
        text=_("Each reads the own grade and opinion, and no reason and no totals."),
        label=_("Tell the members"),
        warning=excellent_warning(round_),
        **of_round(round_),
    )


@get_or_post
def appraisal_finish(request, pk):
    return confirmed(
        request,
        pk,
        appraisals.finish,
        _("Finish the appraisal?"),
        _("All have confirmed, and help is agreed where it is needed."),
        _("Finish"),
        _("The appraisal is finished. It stays to be read."),
    )


# --- one member -------------------------------------------------------------------------
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
        form,
        lambda: appraisals.write_self(
            one, form.cleaned_data["text"], by=request.user, is_copied=True
        ),
        _("Saved."),
        one,
        _("Write down a self-appraisal"),
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
        form,
        lambda: appraisals.decide(one, **form.given(), by=request.user),
        _("Saved."),
        one.round,
        _("Grade and opinion: %(name)s") % {"name": one.member.name}
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
        form,
        lambda: appraisals.exempt(one, **form.cleaned_data, by=request.user),
        _("The member is exempt and left out of all numbers."),
        one,
        _("Exempt %(name)s?") % {"name": one.member.name},
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
