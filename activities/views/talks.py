"""Heart-to-heart talks: noted by who had one or who manages them (LIFE-09)."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities import access_appraisal
from activities.forms.talks import TalkForm
from activities.models import Talk
from activities.services import talks
from activities.views.appraisal_pages import text_of
from activities.views.effect import year_of
from activities.views.pages import filled, get_or_post, posted
from members.paging import Keyset


@require_safe
def branch_talks(request, pk):
    """The talks of a year, the classes of pairs, and with whom nobody talked yet."""
    branch = get_object_or_404(access_appraisal.managed_branches(request.user), pk=pk)
    today = timezone.localdate()
    year = year_of(request, today)
    rows = access_appraisal.managed_talks(request.user)
    page = Keyset(
        rows.filter(branch=branch, held_on__year=year),
        ("-held_on", "-pk"),
        query=request.GET,
    )
    context = {
        "branch": branch,
        "year": year,
        "years": [today.year, today.year - 1, today.year - 2],
        "classes": talks.classes(branch, year),
        "page": page,
        "without": talks.without(branch, year),
        "may_note": not branch.is_closed,
    }
    return render(request, "activities/branch_talks.html", context)


@require_safe
def talk_detail(request, pk):
    found = access_appraisal.visible_talks(request.user)
    talk = get_object_or_404(found, pk=pk)
    manages = access_appraisal.managed_talks(request.user).filter(pk=pk).exists()
    back = reverse("activities:appraisal_home")
    if manages:
        back = reverse("activities:branch_talks", args=[talk.branch_id])
    note = text_of(talk, "note")
    context = {"talk": talk, "back_url": back, "facts": facts(talk), "note": note}
    return render(request, "activities/talk_detail.html", context)


def facts(talk):
    rows = [
        (_("Day"), str(talk.held_on)),
        (_("Who with whom"), f"{talk.first.name} · {talk.second.name}"),
        (_("Between"), talk.get_pair_display()),
        (_("About"), talk.get_topic_display()),
    ]
    return [{"label": label, "value": value} for label, value in rows]


@get_or_post
def branch_talk_add(request, pk):
    branch = get_object_or_404(access_appraisal.managed_branches(request.user), pk=pk)
    people = access_appraisal.participants(branch)
    back = reverse("activities:branch_talks", args=[branch.pk])
    form = form_of(request, people, is_own=False)
    return noted(request, form, branch, back, _("Heart-to-heart talks"))


@get_or_post
def talk_add(request):
    """One's own talk with somebody of the own branch."""
    member = access_appraisal.live_member(request.user)
    if member is None:
        raise Http404
    form = form_of(request, talks.partners(member), is_own=True)
    back = reverse("activities:appraisal_home")
    label = _("Appraisals and talks")
    return noted(request, form, member.branch, back, label, first=member)


def form_of(request, people, *, is_own):
    initial = {"held_on": timezone.localdate(), "topic": Talk.Topic.THOUGHT}
    key = request.GET.get("with", "")
    if key.isascii() and key.isdigit() and len(key) < 19:
        initial["second"] = int(key)
    return TalkForm(posted(request), initial=initial, people=people, is_own=is_own)


def noted(request, form, branch, back, label, **given):
    return filled(
        request,
        "one_form",
        form,
        lambda: talks.note(
            Talk(branch=branch, **given, **form.cleaned_data),
            by=request.user,
            today=timezone.localdate(),
        ),
        _("The talk is noted."),
        back,
        title=_("Note a talk"),
        back_url=back,
        back_label=label,
    )
