"""The own appraisal, as its member sees it: one thing to do at a time."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from activities import access_appraisal
from activities.forms.appraisals import MutualForm, SelfForm, VoteForm
from activities.models import AppraisalResult, AppraisalRound, Grade, MutualOpinion
from activities.services import appraisals, polls
from activities.views.appraisal_pages import (
    TONES,
    steps_of,
    text_of,
    told_follow_ups,
)
from activities.views.pages import done, filled, get_or_post, posted
from members.sealing import try_open

Step, Poll = AppraisalRound.Step, AppraisalRound.Poll
SHOWN = 12  # of the own talks and rounds, on the first page


def own(request, pk):
    return get_object_or_404(access_appraisal.own_appraisals(request.user), pk=pk)


def of_own(one):
    back = reverse("activities:own_appraisal", args=[one.pk])
    return {"back_url": back, "back_label": one.round.title}


@require_safe
def appraisal_home(request):
    """The own appraisals, talks and helps; and the branches whose compartment one has."""
    user = request.user
    if not access_appraisal.sees_some(user):
        raise Http404
    rounds = access_appraisal.own_appraisals(user).order_by("-round__year", "-pk")
    follow_ups = access_appraisal.owned_follow_ups(user).filter(done_on=None)
    context = {
        "own": [(one, one.round.title) for one in rounds[:SHOWN]],
        "is_member": access_appraisal.live_member(user) is not None,
        "talks": access_appraisal.own_talks(user)[:SHOWN],
        "me": user.member_id,
        "follow_ups": follow_ups,
        "branches": access_appraisal.managed_branches(user).order_by("path")[:50],
    }
    return render(request, "activities/appraisal_home.html", context)


@require_safe
def own_appraisal(request, pk):
    """What is to be done now, what one wrote, and, once it is told, the result."""
    one = own(request, pk)
    round_ = one.round
    told = None
    if round_.is_told and not one.is_exempt:
        results = AppraisalResult.objects.filter(appraisal=one, opinion__isnull=False)
        told = results.first()
    context = {
        "appraisal": one,
        "round": round_,
        "title": round_.title,
        "steps": steps_of(round_),
        "is_on_paper": round_.poll == Poll.ON_PAPER,
        "told": told,
        "tone": TONES[Grade(told.grade)] if told and told.grade else "neutral",
        "self_text": text_of(one, "self_text"),
        "opinion": text_of(told, "opinion"),
        "follow_ups": told_follow_ups(one) if told else [],
    }
    return render(request, "activities/own_appraisal.html", context)


@get_or_post
def own_self(request, pk):
    one = own(request, pk)
    form = SelfForm(posted(request), initial={"text": try_open(one, "self_text")})
    return filled(
        request,
        "one_form",
        form,
        lambda: appraisals.write_self(one, form.cleaned_data["text"], by=request.user),
        _("Saved. You can change it until the self-appraisal ends."),
        of_own(one)["back_url"],
        title=_("My self-appraisal"),
        text=_("You read it, and who manages appraisals in your branch; nobody else."),
        **of_own(one),
    )


@require_safe
def own_opinions(request, pk):
    """The others of the round, in the order of names; on whom one wrote is marked."""
    one = own(request, pk)
    written = set(
        MutualOpinion.objects.filter(
            appraisal__round=one.round, author=one.member
        ).values_list("appraisal", flat=True)
    )
    others = one.round.appraisals.exclude(pk=one.pk).select_related("member")
    context = {
        "appraisal": one,
        "title": one.round.title,
        "is_open": one.round.step == Step.MUTUAL,
        "others": [
            (other, other.pk in written)
            for other in others.order_by("member__pinyin", "pk")
        ],
    }
    return render(request, "activities/own_opinions.html", context)


@get_or_post
def own_opinion(request, pk):
    """What one thinks of another of the same round."""
    about = get_object_or_404(access_appraisal.other_appraisals(request.user), pk=pk)
    own_parts = access_appraisal.own_appraisals(request.user)
    one = own_parts.get(round=about.round_id)
    stands = MutualOpinion.objects.filter(appraisal=about, author=one.member).first()
    form = MutualForm(
        posted(request),
        initial={"text": try_open(stands, "text") if stands else ""},
    )
    back = reverse("activities:own_opinions", args=[one.pk])
    return filled(
        request,
        "one_form",
        form,
        lambda: appraisals.write_on(about, form.cleaned_data["text"], by=request.user),
        _("Saved."),
        back,
        title=about.member.name,
        text=_(
            "Who manages appraisals in your branch reads it with your name. The member "
            "reads only what the branch feeds back."
        ),
        back_url=back,
        back_label=_("Opinions on one another"),
    )


@get_or_post
def own_vote(request, pk):
    """The secret poll: a grade for each of the others."""
    one = own(request, pk)
    if one.has_voted and one.round.step == Step.POLL:
        messages.info(request, _("You have voted already."))
        return redirect(of_own(one)["back_url"])
    people = list(
        polls.asked(one.round)
        .exclude(pk=one.pk)
        .select_related("member")
        .order_by("member__pinyin", "pk")
    )
    form = VoteForm(posted(request), people=people)
    return filled(
        request,
        "one_form",
        form,
        lambda: polls.vote(one.round, form.choices(), by=request.user),
        _("Your vote is counted. What you chose is kept nowhere."),
        of_own(one)["back_url"],
        title=_("Secret poll"),
        text=_(
            "Choose a grade for each. Only totals are kept, and none that fewer than "
            "three gave: nobody can find out what you chose. You vote once."
        ),
        label=pgettext("appraisal", "Vote"),
        is_ballot=True,
        **of_own(one),
    )


@require_POST
def own_read(request, pk):
    one = own(request, pk)
    return done(
        request,
        of_own(one)["back_url"],
        lambda: appraisals.confirm_read(one, now=timezone.now()),
        _("Thank you: it is noted that you have read it."),
    )
