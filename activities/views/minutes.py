"""The minutes of a meeting: written, signed, objected to, corrected."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from activities import access, access_minutes, documents
from activities.access_minutes import may_count
from activities.forms.minutes import (
    BallotForm,
    CorrectionForm,
    CountForm,
    MinutesForm,
    ObjectionForm,
)
from activities.models import Activity, Ballot, Minutes
from activities.services import minutes as service
from activities.services import minutes_parts, resolutions, sign_off, voted, votes
from activities.views.attendances import find as find_managed
from activities.views.elections import shown as election_shown
from activities.views.pages import paper
from members.forms.refusals import add_refusal
from members.rates import limited, posting
from members.views.attachments import sandboxed

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
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
    form = MinutesForm(
        request.POST if request.method == "POST" else None, instance=minutes
    )
    if form.is_bound and form.is_valid():
        try:
            service.save(
                minutes,
                form.entered_heads(),
                form.entered_points(),
                form.entered_resolutions(),
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            if "more" in request.POST:
                return redirect("activities:minutes_edit", minutes.pk)
            return redirect(minutes)
    context = {"minutes": minutes, "activity": minutes.activity, "form": form}
    status = 422 if form.errors else 200
    return render(request, "activities/minutes_edit.html", context, status=status)


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
    try:
        sign_off.sign(
            minutes,
            seen=request.POST.get("seen", ""),
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("You signed the minutes."))
    return redirect(minutes)


@require_POST
def minutes_take_back(request, pk):
    minutes = find(request, pk)
    try:
        sign_off.take_back(minutes, by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The signature is taken back; go on writing."))
    return redirect(minutes)


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
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            draft = sign_off.correct(minutes, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("activities:minutes_edit", draft.pk)
    return _form_page(request, minutes, form, _("Correct the minutes"), _("Go on"))


@get_or_post
def minutes_object(request, pk):
    minutes = find(request, pk)
    member = request.user.member
    if not sign_off.may_object(minutes, member, timezone.now()):
        raise Http404
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            sign_off.object_to(
                minutes, member=member, now=timezone.now(), **form.cleaned_data
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Your objection stands with the minutes."))
            return redirect(minutes)
    return _form_page(request, minutes, form, _("Object"), _("Send"))


@get_or_post
def ballot_add(request, pk):
    """Put a vote on a point of a draft."""
    item = get_object_or_404(
        access.written_items(request.user).select_related(
            "minutes__activity__branch", "minutes__activity__party_group"
        ),
        pk=pk,
    )
    minutes = item.minutes
    eligible, present = votes.voters(minutes.activity)
    form = BallotForm(
        request.POST if request.method == "POST" else None,
        instance=Ballot(item=item, eligible=eligible, present=present),
        initial={"motion": item.title},
    )
    if form.is_bound and form.is_valid():
        try:
            votes.put_ballot(form.instance)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The vote is on the minutes: count it now."))
            return redirect(minutes)
    return _form_page(request, minutes, form, _("Vote"), _("Save"))


@get_or_post
def ballot_count(request, pk):
    """Enter the totals of a vote."""
    ballot = get_object_or_404(
        access.countable_ballots(request.user).select_related(
            "item__minutes__activity__branch"
        ),
        pk=pk,
    )
    minutes = ballot.item.minutes
    form = CountForm(
        request.POST if request.method == "POST" else None, instance=ballot
    )
    if form.is_bound and form.is_valid():
        try:
            totals = dict(form.cleaned_data)
            counted = votes.count_ballot(
                ballot,
                totals,
                handed=totals.pop("voters", ()),
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, votes.explain(counted))
            # A teller need not be one who may read the rest.
            readable = access.visible_minutes(request.user).filter(pk=minutes.pk)
            return redirect(minutes if readable.exists() else minutes.activity)
    text = _("%(motion)s: of %(eligible)s due %(present)s present.") % {
        "motion": ballot.motion,
        "eligible": ballot.eligible,
        "present": ballot.present,
    }
    return _form_page(request, minutes, form, _("Count the votes"), _("Save"), text)


@require_POST
def ballot_remove(request, pk):
    """Take a vote off a draft, after asking."""
    ballot = get_object_or_404(
        access.written_ballots(request.user).select_related("item__minutes"), pk=pk
    )
    minutes = ballot.item.minutes
    if "confirmed" not in request.POST:
        context = {"minutes": minutes, "ballot": ballot}
        return render(request, "activities/ballot_remove.html", context)
    try:
        votes.remove_ballot(ballot)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The vote is taken off the minutes."))
    return redirect(minutes)


@require_POST
def agenda_follow(request, pk):
    """Put what earlier meetings resolved on the agenda of one to come."""
    found = access.managed_activities(request.user).exclude(state=State.CANCELLED)
    activity = get_object_or_404(found, pk=pk)
    added = resolutions.put_on_agenda(activity)
    messages.success(request, _("Points added: %(count)s.") % {"count": added})
    return redirect(activity)


@require_safe
def resolution_list(request):
    """What is to be done: one's own first, then that of the branches one manages."""
    rows = list(
        access.visible_resolutions(request.user)
        .open()
        .select_related("member", "minutes__activity__branch")[:200]
    )
    own = request.user.member_id
    today = timezone.localdate()
    context = {
        "lines": [
            (one, one.due_on is not None and one.due_on < today)
            for one in sorted(rows, key=lambda one: one.member_id != own)
        ],
    }
    return render(request, "activities/resolution_list.html", context)


@require_POST
def resolution_tick(request, pk):
    found = access.visible_resolutions(request.user)
    resolution = get_object_or_404(found, pk=pk)
    try:
        resolutions.tick(resolution, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("Ticked as done."))
    return redirect("activities:resolution_list")


def _form_page(request, minutes, form, title, label, text=""):
    readable = access.visible_minutes(request.user).filter(pk=minutes.pk).exists()
    context = {
        "minutes": minutes,
        "activity": minutes.activity,
        "form": form,
        "back_url": (minutes if readable else minutes.activity).get_absolute_url(),
        "heading": title,
        "text": text or minutes.activity.title,
        "label": label,
    }
    status = 422 if form.errors else 200
    return render(request, "activities/minutes_form.html", context, status=status)
