"""Rounds of appraisal for those who manage them: begun, and taken step by step."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from activities import access_appraisal
from activities.forms.appraisals import (
    ConfirmForm,
    FeedBackForm,
    PapersForm,
    PollKindForm,
    StartForm,
)
from activities.models import AppraisalRound, Grade
from activities.services import appraisals, polls
from activities.views.appraisal_pages import (
    TONES,
    excellent_warning,
    managed_round,
    of_round,
    steps_of,
    totals_text,
)
from activities.views.pages import filled, get_or_post, posted

Step, Poll = AppraisalRound.Step, AppraisalRound.Poll


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
        "appraisal_list",
        form,
        lambda: appraisals.start(
            branch, **form.cleaned_data, by=request.user, today=today
        ),
        _("The appraisal has begun; the members are told."),
        lambda made: made,
        title=heading,
        back_url=branch.get_absolute_url(),
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
        "one_form",
        form,
        lambda: step(round_, by=request.user),
        said,
        round_,
        title=heading,
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
        "one_form",
        form,
        lambda: polls.open_poll(round_, **form.cleaned_data, by=request.user),
        _("The poll is open."),
        round_,
        title=_("Open the poll"),
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
        "appraisal_papers",
        form,
        lambda: polls.count_papers(
            round_, form.papers(), form.counts(), by=request.user
        ),
        _("The totals are kept. Look again, then close the poll."),
        round_,
        title=_("Totals of the papers"),
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
        "one_form",
        form,
        lambda: appraisals.feed_back(
            round_, **form.cleaned_data, by=request.user, today=today
        ),
        _("Each member reads the own result now."),
        round_,
        title=_("Tell the members"),
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
