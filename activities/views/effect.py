"""What came of activities: the host's note, the survey, the branch's years, its register."""

from typing import Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activities import access_effect, documents_register
from activities.forms.effect import EffectForm, SurveyForm
from activities.models import Activity, Effect, SurveyTurn
from activities.services import effect, own_life, register, surveys
from activities.views.pages import filled, get_or_post, paper, posted
from members.rates import limited, posting
from members.views.attachments import sandboxed


def panel(user: Any, activity: Activity, *, can_manage: bool) -> dict[str, Any] | None:
    """What the panel on the page of an activity shows; None: no panel."""
    if activity.state != Activity.State.HELD:
        return None
    today = timezone.localdate()
    standing = Effect.objects.filter(activity=activity).first()
    asks = False
    if standing and standing.is_open(today) and access_effect.is_live_member(user):
        found = surveys.asked(user.member, today=today)
        asks = found.filter(pk=activity.pk).exists()
    if not (can_manage or asks):
        return None
    shown: dict[str, Any] = {"asks": asks, "can_manage": can_manage, "effect": standing}
    if can_manage:
        numbers = effect.of(Activity.objects.filter(pk=activity.pk), today=today)
        shown |= {
            "numbers": words(numbers),
            "answered": SurveyTurn.objects.filter(activity=activity).count(),
            "least": surveys.LEAST_ANSWERS,
            "remarks": surveys.remarks(activity, today=today),
        }
    return shown


def words(numbers: effect.Indicators) -> list[dict[str, str]]:
    """Indicators as label and value, in one order everywhere."""
    rows = [
        (_("Expected / present"), _of(numbers.expected, numbers.present)),
        (_("Present"), _percent(numbers.present_rate)),
        (_("Satisfaction"), _points(numbers.satisfaction_mean)),
        (_("Usefulness"), _points(numbers.usefulness_mean)),
        (_("Resolutions done in time"), _done(numbers)),
    ]
    return [{"label": label, "value": value} for label, value in rows]


def _of(whole, part):
    return f"{whole} / {part}" if whole else ""


def _percent(share):
    return "" if share is None else f"{share:.0%}"


def _points(mean):
    return "" if mean is None else _("%(mean).1f of 5") % {"mean": mean}


def _done(numbers):
    if not numbers.due:
        return ""
    said = {"done": numbers.in_time, "due": numbers.due}
    return _("%(done)s of %(due)s") % said


# --- one activity -----------------------------------------------------------------------
@get_or_post
def effect_edit(request, pk):
    activity = get_object_or_404(access_effect.notable(request.user), pk=pk)
    standing = Effect.objects.filter(activity=activity).first()
    form = EffectForm(posted(request), instance=standing)
    return filled(
        request,
        "effect_edit",
        form,
        lambda: surveys.note(
            activity, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        _("Saved."),
        activity,
        activity=activity,
        title=_("What came out"),
    )


@get_or_post
def survey(request, pk):
    """Three questions, without pressing, to who was there; once."""
    if not access_effect.is_live_member(request.user):
        raise Http404
    member, now = request.user.member, timezone.now()
    today = timezone.localdate(now)
    activity = surveys.asked(member, today=today).filter(pk=pk).first()
    if activity is None:
        was = Activity.objects.filter(pk=pk, attendances__member=member).first()
        if (
            was is None
            or not SurveyTurn.objects.filter(activity=was, member=member).exists()
        ):
            raise Http404
        messages.info(request, _("You answered already, thank you."))
        return redirect("activities:my_life")
    form = SurveyForm(posted(request))
    return filled(
        request,
        "survey",
        form,
        lambda: surveys.answer(activity, member, **form.cleaned_data, now=now),
        _("Thank you. It is kept without your name."),
        reverse("activities:my_life"),
        activity=activity,
        title=_("How was it?"),
    )


# --- one's own --------------------------------------------------------------------------
@require_safe
def my_life(request):
    """What I was at, my hours, tasks and resolutions, by year; nobody else's."""
    member, today = request.user.member, timezone.localdate()
    if member is None:
        raise Http404
    year = year_of(request, today)
    context = {"life": own_life.of(member, year, today=today), "member": member}
    return render(request, "activities/my_life.html", context)


def year_of(request, today):
    text = request.GET.get("year", str(today.year))
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Http404
    if not register.FIRST_YEAR <= int(text) <= today.year:
        raise Http404
    return int(text)


# --- a branch ---------------------------------------------------------------------------
@require_safe
def branch_effect(request, pk):
    """A year by quarters, beside the same time a year before, of this branch alone."""
    branch = get_object_or_404(access_effect.register_branches(request.user), pk=pk)
    today = timezone.localdate()
    year = year_of(request, today)
    lines = [
        {
            "quarter": period.quarter,
            "held": (period.now.activities, period.before.activities),
            "rows": [
                (now["label"], now["value"], before["value"])
                for now, before in zip(
                    words(period.now), words(period.before), strict=True
                )
            ],
        }
        for period in reversed(effect.of_branch(branch, year, today=today))
    ]
    context = {
        "branch": branch,
        "year": year,
        "before": year - 1,
        "lines": lines,
        "years": register.years(branch),
    }
    return render(request, "activities/branch_effect.html", context)


@require_safe
def branch_register(request, pk):
    branch = get_object_or_404(access_effect.register_branches(request.user), pk=pk)
    year = year_of(request, timezone.localdate())
    context = {
        "branch": branch,
        "year": year,
        "years": register.years(branch),
        "lines": register.lines(branch, year),
    }
    return render(request, "activities/branch_register.html", context)


@sandboxed
@require_POST
@limited("export", when=posting)
def register_file(request, pk):
    """Hand out the register, as Word or PDF, and note that it was taken."""
    branch = get_object_or_404(access_effect.register_branches(request.user), pk=pk)
    year = year_of(request, timezone.localdate())
    content = documents_register.register_file(branch, year)
    heading = _("Register of organizational life %(year)s") % {"year": year}
    return paper(request, content, f"{branch} {heading}", of=branch, branch=branch)
