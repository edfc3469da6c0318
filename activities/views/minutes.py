"""The minutes of a meeting: written, signed, objected to, corrected."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from activities import access, access_minutes, documents
from activities.access_minutes import may_count
from activities.forms.minutes import CorrectionForm, MinutesForm, ObjectionForm
from activities.models import Activity, Minutes
from activities.services import minutes as service
from activities.services import minutes_parts, resolutions, sign_off, voted, votes
from activities.views.attendances import find as find_managed
from activities.views.pages import done, filled, get_or_post, paper, posted
from activities.views.votes import election_shown, of_minutes
from members.rates import limited, posting
from members.views.attachments import sandboxed

State = Activity.State


def panel(user: Any, activity: Activity, *, can_manage: bool) -> dict[str, Any] | None:
    """What the panel on the page of an activity shows; None: no panel."""
    newest = (
        access.visible_minutes(user)
        .filter(activity=activity)
        .order_by("-revision")
        .first()
    )
    begun = activity.starts_at <= timezone.now()
    may_start = (
        can_manage and begun and activity.state in {State.PLANNED, State.HELD}
    ) and newest is None
    is_coming = not begun and activity.state in {State.DRAFT, State.PLANNED}
    to_follow = 0
    if can_manage and is_coming and activity.is_meeting:
        to_follow = resolutions.to_follow(activity).count()
    to_count = []
    if user.member_id is not None:
        to_count = list(
            access.countable_ballots(user).filter(
                Q(monitor=user.member_id) | Q(counter=user.member_id),
                item__minutes__activity=activity,
                item__minutes__state=Minutes.State.DRAFT,
            )
        )
    to_elect = []
    if begun:
        to_elect = list(
            access_minutes.countable_elections(user).filter(
                item__minutes__activity=activity,
                item__minutes__state=Minutes.State.DRAFT,
            )
        )
    if newest is None and not (may_start or to_follow or to_count or to_elect):
        return None
    return {
        "minutes": newest,
        "may_start": may_start,
        "to_follow": to_follow,
        "to_count": to_count,
        "to_elect": to_elect,
    }


def find(request, pk):
    """Minutes that `request.user` may read."""
    found = access.visible_minutes(request.user).select_related(
        "activity__branch", "activity__party_group", "chair", "recorder"
    )
    return get_object_or_404(found, pk=pk)


def find_written(request, pk):
    """Minutes that `request.user` writes."""
    found = access.written_minutes(request.user).select_related(
        "activity__branch", "activity__party_group", "chair", "recorder"
    )
    return get_object_or_404(found, pk=pk)


@require_POST
def minutes_start(request, pk):
    activity = find_managed(request, pk)
    try:
        minutes = service.start(activity, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(activity)
    if minutes.is_draft:
        return redirect("activities:minutes_edit", minutes.pk)
    return redirect(minutes)


@get_or_post
def minutes_edit(request, pk):
    minutes = find_written(request, pk)
    if not minutes.is_draft:
        if request.method == "POST":
            messages.error(request, _("These minutes are signed: nothing was saved."))
        return redirect(minutes)
    form = MinutesForm(posted(request), instance=minutes)
    return filled(
        request,
        "minutes_edit",
        form,
        lambda: service.save(
            minutes,
            form.entered_heads(),
            form.entered_points(),
            form.entered_resolutions(),
        ),
        _("Saved."),
        request.path if "more" in request.POST else minutes,
        minutes=minutes,
        activity=minutes.activity,
    )


@require_safe
def minutes_detail(request, pk):
    """What the minutes say, and what the reader may do with them."""
    minutes = find(request, pk)
    user, now = request.user, timezone.now()
    parts = service.parts_of(minutes)
    said = service.content(minutes, parts)
    role = sign_off.role_of(minutes, user)
    can_write = access.written_minutes(user).filter(pk=pk).exists()
    countable = countable_of(user, parts.items) if minutes.is_draft else set()
    points = [
        (
            item,
            [
                (
                    ballot,
                    votes.explain(ballot),
                    voted.names(ballot),
                    ballot.pk in countable,
                )
                for ballot in item.ballots.all()
            ],
            [
                (
                    one,
                    election_shown(
                        one,
                        can_count=minutes.is_draft and may_count(user, one),
                        can_write=minutes.is_draft and can_write,
                    ),
                )
                for one in item.elections.all()
            ],
        )
        for item in parts.items
    ]
    can_correct = can_write and minutes.is_locked
    newer = access.visible_minutes(user).filter(
        activity=minutes.activity_id, revision__gt=minutes.revision
    )
    context = {
        "minutes": minutes,
        "activity": minutes.activity,
        "points": points,
        "resolutions": parts.decided(is_correction=False),
        "parts": minutes_parts.shown(
            minutes, parts, may_change=can_write and minutes.is_draft, now=now
        ),
        "objections": minutes.objections.select_related("member"),
        "newer": newer.order_by("-revision").first(),
        "tone": "success" if minutes.is_locked else "warning",
        "facts": facts(minutes, said["people"]),
        "signatures": signatures(minutes),
        "can_write": can_write,
        "can_sign": bool(role) and getattr(minutes, f"{role}_signed_at") is None,
        "can_take_back": bool(role) and minutes.state == minutes.State.SIGNING,
        "can_correct": can_correct,
        "can_object": sign_off.may_object(minutes, user.member, now),
        "seen": service.digest_of(said),
    }
    return render(request, "activities/minutes_detail.html", context)


def countable_of(user, items):
    """The keys of the votes on `items` whose totals `user` enters."""
    keys = [ballot.pk for item in items for ballot in item.ballots.all()]
    if not keys:
        return set()
    found = access.countable_ballots(user).filter(pk__in=keys)
    return set(found.values_list("pk", flat=True))


def facts(minutes, people):
    """What stands above the points: time, place, people (MIN-01 … MIN-05)."""
    begins, ends = map(timezone.localtime, (minutes.begins_at, minutes.ends_at))
    numbers = _("Expected %(due)s, present %(present)s.") % people
    return [
        {"label": _("Time"), "value": f"{begins:%Y-%m-%d %H:%M} – {ends:%H:%M}"},
        {"label": pgettext("minutes", "Place"), "value": minutes.place},
        {
            "label": pgettext("minutes", "Chair"),
            "value": documents.named(minutes.chair),
        },
        {
            "label": pgettext("minutes", "Recorder"),
            "value": documents.named(minutes.recorder),
        },
        {"label": _("Attendance"), "value": numbers},
        {"label": _("Present"), "value": "、".join(people["names"])},
        {"label": _("On leave"), "value": documents.listing(people["leave"])},
        {"label": _("Absent"), "value": documents.listing(people["absent"])},
        {"label": _("Exempt"), "value": documents.listing(people["exempt"])},
        {
            "label": pgettext("activity", "Guests"),
            "value": documents.listing(people["guests"]),
        },
    ]


def signatures(minutes):
    return [
        {"label": pgettext("minutes", "Chair"), "value": _signed(minutes, "chair")},
        {
            "label": pgettext("minutes", "Recorder"),
            "value": _signed(minutes, "recorder"),
        },
    ]


def _signed(minutes, role):
    name = documents.named(getattr(minutes, role))
    at = getattr(minutes, f"{role}_signed_at")
    if at is None:
        return _("%(name)s: not signed yet") % {"name": name}
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return _("%(name)s: signed %(moment)s") % {"name": name, "moment": moment}


@require_POST
def minutes_sign(request, pk):
    minutes = find(request, pk)
    return done(
        request,
        minutes,
        lambda: sign_off.sign(
            minutes,
            seen=request.POST.get("seen", ""),
            by=request.user,
            now=timezone.now(),
        ),
        _("You signed the minutes."),
    )


@require_POST
def minutes_take_back(request, pk):
    minutes = find(request, pk)
    return done(
        request,
        minutes,
        lambda: sign_off.take_back(minutes, by=request.user),
        _("The signature is taken back; go on writing."),
    )


@sandboxed
@require_POST
@limited("export", when=posting)
def minutes_file(request, pk):
    """Hand out the minutes, as Word or PDF, and note that they were taken, so no GET."""
    minutes = find(request, pk)
    content = documents.minutes_file(minutes)
    day = timezone.localtime(minutes.begins_at).date()
    name = f"{minutes.activity.branch} {_('Minutes')} {day}"
    branch = minutes.activity.branch
    return paper(request, content, name, of=minutes, branch=branch)


@get_or_post
def minutes_correct(request, pk):
    minutes = find_written(request, pk)
    form = CorrectionForm(posted(request))
    return filled(
        request,
        "one_form",
        form,
        lambda: sign_off.correct(minutes, by=request.user, **form.cleaned_data),
        _("A new version is begun: write what is corrected."),
        lambda draft: reverse("activities:minutes_edit", args=[draft.pk]),
        title=_("Correct the minutes"),
        label=_("Go on"),
        **of_minutes(request.user, minutes),
    )


@get_or_post
def minutes_object(request, pk):
    minutes = find(request, pk)
    member = request.user.member
    if not sign_off.may_object(minutes, member, timezone.now()):
        raise Http404
    form = ObjectionForm(posted(request))
    return filled(
        request,
        "one_form",
        form,
        lambda: sign_off.object_to(
            minutes, member=member, now=timezone.now(), **form.cleaned_data
        ),
        _("Your objection stands with the minutes."),
        minutes,
        title=_("Object"),
        label=_("Send"),
        **of_minutes(request.user, minutes),
    )
