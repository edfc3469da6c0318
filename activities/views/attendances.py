"""Who was there: the list to tick, the code at the door, the panel of both."""

from typing import Any

import segno
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from activities import access, documents, door
from activities.forms.attendances import AttendanceForm, DoorCodeForm
from activities.models import Activity, Attendance
from activities.services import attendances
from activities.views.pages import filled, paper, posted
from members.access import visible_members
from members.forms.offices import MemberSearchForm
from members.models import Member
from members.rates import asking, limited, posting
from members.views.attachments import sandboxed

LONGEST_LIST = 300
FOUND = 20
State = Activity.State


def panel(user: Any, activity: Activity, *, can_manage: bool) -> dict[str, Any] | None:
    """What the panel on the page of an activity shows; None: no panel."""
    now = timezone.now()
    taking = activity.state in {State.PLANNED, State.HELD} and (
        now >= activity.starts_at - attendances.EARLY
    )
    if not taking:
        return None
    own = None
    if user.member_id is not None:
        own = activity.attendances.filter(member=user.member_id).first()
    door_open = door.is_open(activity.starts_at, activity.ends_at, now)
    is_here = own is not None and own.state == Attendance.State.PRESENT
    asks = door_open and user.member_id is not None and not is_here
    if not (can_manage or own or asks):
        return None
    return {
        "can_manage": can_manage,
        "counts": attendances.counts(activity) if can_manage else None,
        "own": own,
        "door_open": door_open,
        "form": DoorCodeForm() if asks else None,
        "may_check_out": is_here
        and door_open
        and attendances.may_check_out(own, activity, now),
    }


def find(request, pk):
    """An activity whose attendance `request.user` may write down."""
    found = access.managed_activities(request.user).exclude(
        state__in=[State.DRAFT, State.CANCELLED]
    )
    return get_object_or_404(found.select_related("branch", "party_group"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("search", when=asking("q"))
def attendance_record(request, pk):
    """The whole list, saved at once and as often as wanted."""
    activity = find(request, pk)
    search = MemberSearchForm(request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    people, is_long = shown(activity)
    found = find_others(request.user, activity, text, people) if text else []
    form = AttendanceForm(
        posted(request), activity=activity, people=people, found=found
    )

    def write():
        given = form.cleaned_data
        return attendances.record(
            activity,
            form.marks(),
            guests=given["guests"],
            way=Attendance.Way.PAPER if given["on_paper"] else Attendance.Way.LIST,
            by=request.user,
            now=timezone.now(),
        )

    return filled(
        request,
        "attendance_record",
        form,
        write,
        lambda changed: _("Saved: %(count)s people changed.") % {"count": len(changed)},
        activity,
        activity=activity,
        search=search,
        text=text,
        found=found,
        is_long=is_long,
        counts=attendances.counts(activity),
    )


def shown(activity):
    """The people on the page, and whether that is not everybody."""
    everybody = attendances.listed(activity)
    people = list(everybody[: LONGEST_LIST + 1])
    if len(people) <= LONGEST_LIST:
        return people, False
    # Then only those who signed up or came; the others are looked up.
    known = [
        *activity.sign_ups.with_a_seat().values_list("member", flat=True),
        *activity.attendances.values_list("member", flat=True),
    ]
    return list(everybody.filter(pk__in=known)[:LONGEST_LIST]), True


def find_others(user, activity, text, listed):
    """Members of this name, of those expected and those `user` sees, not on the list."""
    shown = [member.pk for member in listed]
    by_name = Q(name__icontains=text) | Q(initials__istartswith=text)
    expected = access.expected(activity).filter(by_name).values("pk")
    others = visible_members(user).live().search(text).values("pk")
    found = Member.objects.filter(Q(pk__in=expected) | Q(pk__in=others))
    return list(found.exclude(pk__in=shown).order_by("pinyin", "pk")[:FOUND])


@sandboxed
@require_POST
@limited("export", when=posting)
def attendance_file(request, pk):
    """Hand out the sheet, as Word or PDF, and note that it was taken, so it is no GET."""
    activity = find(request, pk)
    content = documents.attendance_file(activity)
    day = timezone.localtime(activity.starts_at).date()
    name = f"{activity.branch} {_('Attendance sheet')} {day}"
    return paper(request, content, name, of=activity, branch=activity.branch)


@never_cache
@require_safe
def door_code(request, pk):
    """What the host shows at the door: digits and a picture, both of this minute."""
    activity = find(request, pk)
    now = timezone.now()
    context = {"activity": activity, "is_open": _is_open(activity, now)}
    if context["is_open"]:
        code = door.code_at(activity.pk, now)
        path = reverse("activities:attend", args=[activity.pk])
        address = request.build_absolute_uri(f"{path}?code={code}")
        context |= {
            "code": f"{code[:3]} {code[3:]}",
            "qr": segno.make(address, error="m").png_data_uri(scale=8, border=2),
            "seconds": door.seconds_left(now),
            "present": activity.attendances.present().count(),
        }
    name = "activities/door_code.html"
    return render(request, f"{name}#door" if request.htmx else name, context)


def _is_open(activity, now):
    return door.is_open(activity.starts_at, activity.ends_at, now)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attend(request, pk):
    """A member says by the code: I am here."""
    said = _("You are marked as present.")
    return by_code(request, pk, "attend", attendances.check_in, said)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check_out(request, pk):
    """A member says by the code: I leave before the end."""
    said = _("It is noted that you left.")
    return by_code(request, pk, "check_out", attendances.check_out, said)


def by_code(request, pk, page, verb, said):
    """The page `page` with the code to type, that `verb` takes."""
    member = request.user.member
    if member is None or not member.is_live:
        raise Http404
    activities = access.visible_activities(request.user).exclude(
        state__in=[State.DRAFT, State.CANCELLED]
    )
    activity = get_object_or_404(activities.select_related("branch"), pk=pk)
    initial = {"code": request.GET.get("code", "")[:8]}
    form = DoorCodeForm(posted(request), initial=initial)
    return filled(
        request,
        page,
        form,
        lambda: verb(
            member,
            activity,
            code=form.cleaned_data["code"],
            by=request.user,
            now=timezone.now(),
        ),
        said,
        activity,
        activity=activity,
    )
