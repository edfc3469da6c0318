"""The list of activities and the page of one."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from activities import access, access_appraisal, access_materials
from activities.forms.activities import ActivityFilterForm
from activities.models import Activity
from activities.services.audience import can_be_narrowed
from activities.services.co_hosts import TOGETHER
from activities.services.questions import with_asks
from activities.views import attendances, effect, materials, minutes, sign_ups
from activities.views.audience import said
from members.access import managed_branches, scope
from members.paging import Keyset, Way

State = Activity.State
TONES = {
    State.DRAFT: "warning",
    State.PLANNED: "info",
    State.HELD: "success",
    State.CANCELLED: "danger",
}


@require_GET
def activity_list(request):
    """What comes next, what was, and for who plans the drafts."""
    user, now = request.user, timezone.now()
    may_plan = access.may_plan(user)
    show = request.GET.get("show", "coming")
    if show not in {"coming", "past", *(["drafts"] if may_plan else [])}:
        show = "coming"
    branches = managed_branches(user, access.RIGHT)
    form = ActivityFilterForm(request.GET, branches=branches)
    page = page_of(request, show, form, now)
    context = {
        "tabs": tabs_of(show, may_plan),
        "show": show,
        "filter_form": form,
        "page": page,
        "lines": [(row, TONES[row.state]) for row in page.rows],
        "in_use": any(request.GET.get(name) for name in form.fields),
        "may_plan": may_plan,
        "may_host": bool(scope(user, access.RIGHT)),
        "has_life": user.member_id is not None,
        "has_appraisals": access_appraisal.sees_some(user),
    }
    part = "#found" if request.htmx else ""
    return render(request, f"activities/activity_list.html{part}", context)


def tabs_of(show, may_plan):
    tabs = [
        ("coming", pgettext("activities", "Coming")),
        ("past", pgettext("activities", "Past")),
    ]
    if may_plan:
        tabs.append(("drafts", pgettext("activities", "Drafts")))
    return [
        {"label": label, "url": f"?show={name}", "active": name == show}
        for name, label in tabs
    ]


def page_of(request, show, form, now):
    """A page of what is asked for, by the ways in which the account may see it."""
    user = request.user
    if show == "drafts":
        rows, ways = access.managed_activities(user).drafts(), ()
        order = ("starts_at", "pk")
    else:
        rows, ways = Activity.objects.announced(), ways_of(user)
        order = ("starts_at", "pk")
        if show == "past":
            rows, order = rows.past(now), ("-starts_at", "-pk")
        else:
            rows = rows.filter(ends_at__gte=now).exclude(state=State.HELD)
        if not ways:
            rows = rows.none()
    rows = narrowed(rows, form)
    return Keyset(
        rows,
        order,
        query=request.GET,
        ways=ways,
        many=True,
        read=lambda found: found.select_related("branch", "party_group"),
    )


def ways_of(user):
    """The conditions under which `user` sees what is announced, as
    `access.visible_activities` has them, each to be served by an index of its own."""
    if getattr(user, "administrator", ""):
        return []
    found = access.ways_of_a_member(user)
    found += [access.below(path) for path in scope(user, access.RIGHT)]
    if user.member_id is not None:
        found.append(access.of_my_group(user))
    return [Way(condition) for condition in found]


def narrowed(rows, form):
    """What fits the filters; nothing where one of them was not understood."""
    if not form.is_valid():
        return rows.none()
    given = form.cleaned_data
    if given.get("kind"):
        rows = rows.filter(kind=given["kind"])
    if given.get("branch"):
        rows = rows.filter(branch__path__startswith=given["branch"].path)
    if given.get("year"):
        rows = rows.filter(starts_at__year=int(given["year"]))
    return rows


@require_GET
def activity_detail(request, pk):
    """One activity: what it is, and a panel for each thing that one can do with it."""
    user = request.user
    activities = access.visible_activities(user).select_related("branch", "party_group")
    activities = with_asks(activities).annotate(
        has_materials=access_materials.has_materials(user)
    )
    activity = get_object_or_404(activities, pk=pk)
    can_manage = access.managed_activities(user).filter(pk=pk).exists()
    context = {
        "activity": activity,
        "tone": TONES[activity.state],
        "facts": facts(activity) + (reminder(activity) if can_manage else []),
        "can_manage": can_manage,
        "can": actions(activity) if can_manage else {},
        "agenda": activity.agenda.all(),
        "co_hosts": activity.co_hosts.select_related("branch").order_by("branch__path"),
        "questions": activity.questions.all()
        if can_manage and activity.needs_sign_up
        else (),
        "materials": materials.shown(user, activity),
        "can_add_material": can_manage and materials.may_add(activity),
        "tasks": tasks_for(user, activity, can_manage),
        "sign_up": sign_ups.panel(user, activity),
        "attendance": attendances.panel(user, activity, can_manage=can_manage),
        "minutes": minutes.panel(user, activity, can_manage=can_manage),
        "effect": effect.panel(user, activity, can_manage=can_manage),
    }
    return render(request, "activities/activity_detail.html", context)


def facts(activity):
    rows = [
        (pgettext("activity", "When"), when(activity)),
        (pgettext("activity", "Where"), place(activity)),
        (pgettext("activity", "For whom"), audience(activity)),
        *said(activity),
    ]
    if activity.credit_hours:
        rows.append((_("Credit hours"), f"{activity.credit_hours:g}"))
    if activity.needs_sign_up:
        seats = activity.seats or _("No limit")
        rows.append((pgettext("activity", "Seats"), str(seats)))
        until = date_format(timezone.localtime(activity.sign_up_until), "Y-m-d H:i")
        rows.append((_("Sign up until"), until))
    if activity.accessibility:
        text = activity.accessibility
        rows.append((_("For people who walk, see or hear badly"), text))
    if activity.transport:
        rows.append((_("How to get there"), activity.transport))
    return [{"label": label, "value": value} for label, value in rows]


def reminder(activity):
    """For the host: when those who come are reminded, and whether they were."""
    text = activity.get_remind_days_display()
    if activity.reminded_at is not None:
        at = date_format(timezone.localtime(activity.reminded_at), "Y-m-d H:i")
        text = _("%(when)s; went out %(at)s") % {"when": text, "at": at}
    return [{"label": pgettext("activity", "Reminder"), "value": text}]


def when(activity):
    """The day with both hours, or both days."""
    begins = timezone.localtime(activity.starts_at)
    ends = timezone.localtime(activity.ends_at)
    last = "H:i" if begins.date() == ends.date() else "Y-m-d H:i"
    return f"{date_format(begins, 'Y-m-d (D) H:i')} – {date_format(ends, last)}"


def place(activity):
    ways = [activity.place]
    ways += [_("or online")] if activity.is_online else []
    return " · ".join(ways)


def audience(activity):
    group = activity.party_group
    if group is not None and activity.audience == Activity.Audience.GROUP:
        return str(group)
    return activity.get_audience_display()


def actions(activity):
    """What who manages it may do next; the services judge again."""
    open_still = activity.state in {State.DRAFT, State.PLANNED}
    begun = activity.starts_at <= timezone.now()
    return {
        "announce": activity.state == State.DRAFT and activity.ends_at > timezone.now(),
        "edit": open_still,
        "agenda": activity.state != State.CANCELLED,
        "co_hosts": open_still and activity.audience in TOGETHER,
        "tasks": activity.state != State.CANCELLED,
        "audience": open_still and can_be_narrowed(activity),
        "questions": open_still and activity.needs_sign_up,
        "held": open_still and begun,
        "cancel": open_still,
        "copy": not activity.branch.is_closed,
    }


def tasks_for(user, activity, can_manage):
    """All tasks for who manages, else the own ones; each with what one may do."""
    tasks = activity.tasks.select_related("member")
    if not can_manage:
        if user.member_id is None:
            return []
        tasks = tasks.filter(member=user.member_id)
    stands = activity.state != State.CANCELLED
    return [
        {
            "task": task,
            "may_change": can_manage and stands and task.done_at is None,
            "may_finish": stands
            and task.done_at is None
            and (can_manage or task.member_id == user.member_id),
        }
        for task in tasks
    ]
