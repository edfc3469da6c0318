"""Signing up: the panel on the page of an activity, and the pages of its host."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from activities import access
from activities.forms.sign_ups import LeaveForm, NameForm, SignUpForm
from activities.models import Activity, Attendance, SignUp
from activities.services import leaves, questions, sign_ups
from activities.views.pages import filled, get_or_post, posted
from members import access as member_access
from members.forms.refusals import add_refusal
from members.rates import limited, searching

State = SignUp.State
TONES = {State.CONFIRMED: "success", State.WAITING: "warning"}
SHOWN_AT_MOST = 20


# --- the panel --------------------------------------------------------------------------
def panel(user, activity, *, form=None):
    """What the panel on the page of an activity shows; None: no panel.

    form: the one that was refused, in the place of an empty one.
    """
    if activity.state == Activity.State.DRAFT or user.administrator:
        return None
    scope = member_access.scope(user, access.RIGHT)
    manages = activity.branch.is_within(scope)
    if activity.needs_sign_up:
        found = seats_panel(user, activity, form)
    elif is_to_come(activity):
        found = leave_panel(user, activity, form)
    else:
        return None
    return found and found | {"manages": manages}


def is_to_come(activity):
    is_planned = activity.state == Activity.State.PLANNED
    return is_planned and activity.starts_at > timezone.now()


def seats_panel(user, activity, form):
    member, comes = user.member, is_to_come(activity)
    own = member and activity.sign_ups.standing().filter(member=member).first()
    seats = sign_ups.seats_of(activity, own)
    is_open = comes and activity.sign_up_until > timezone.now()
    is_invited = own is not None or (
        member is not None and is_open and access.is_expected(member, activity)
    )
    can_ask = is_open and own is None and is_invited
    return seats | {
        "kind": "seats",
        "is_full": seats["free"] == 0,
        "own": own,
        "tone": TONES.get(own.state) if own else "",
        "is_open": is_open,
        "is_to_come": comes,
        "can_help": is_open and access.may_help(user),
        "form": (form or SignUpForm(questions=questions.of(activity)))
        if can_ask
        else None,
        "answers": questions.shown(own) if own else [],
        "can_change": own is not None and is_open,
        "is_offered": comes and own is not None and own.moved_up_at is not None,
        "refusal": "" if can_ask else first_error(form),
    }


def leave_panel(user, activity, form):
    member = user.member
    if member is None or not access.is_expected(member, activity):
        return None
    entered = activity.attendances.filter(member=member).first()
    own = entered if entered and entered.state == Attendance.State.LEAVE else None
    return {
        "kind": "leave",
        "own": own,
        "form": (form or LeaveForm()) if entered is None else None,
        "can_take_back": own is not None and own.way == Attendance.Way.OWN,
        "refusal": first_error(form) if entered is not None else "",
    }


def first_error(form):
    """What a form that is not shown any more was refused for."""
    if form is None or not form.errors:
        return ""
    return next(iter(form.errors.values()))[0]


# --- one's own --------------------------------------------------------------------------
@require_POST
def sign_up(request, pk):
    activity, member = own_activity(request, pk)
    form = SignUpForm(request.POST, questions=questions.of(activity))
    if not form.is_valid():
        return refused(request, activity, form)
    try:
        made = sign_ups.sign_up(
            member, activity, by=request.user, now=timezone.now(), **form.given()
        )
    except ValidationError as refusal:
        return refused(request, activity, form, refusal)
    if made.state == State.CONFIRMED:
        return done(request, activity, _("You have a seat."))
    return done(request, activity, _("All seats are taken: you are on the list."))


@require_POST
def sign_up_withdraw(request, pk):
    activity, member = own_activity(request, pk)
    own = activity.sign_ups.filter(member=member).first()
    if own is not None:
        try:
            sign_ups.withdraw(own, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            return refused(request, activity, SignUpForm({}), refusal)
    return done(request, activity, _("Your sign-up is withdrawn."))


@require_POST
def seat_take(request, pk):
    """Who moved up keeps the seat; to pass it on is `sign_up_withdraw`."""
    activity, member = own_activity(request, pk)
    own = activity.sign_ups.filter(member=member).first()
    if own is not None:
        try:
            sign_ups.take_seat(own)
        except ValidationError as refusal:
            return refused(request, activity, SignUpForm({}), refusal)
    return done(request, activity, _("The seat is yours."))


@require_POST
def leave_ask(request, pk):
    activity, member = own_activity(request, pk)
    form = LeaveForm(request.POST)
    if not form.is_valid():
        return refused(request, activity, form)
    reason, now = form.cleaned_data["reason"], timezone.now()
    try:
        leaves.ask_leave(member, activity, reason=reason, by=request.user, now=now)
    except ValidationError as refusal:
        return refused(request, activity, form, refusal)
    return done(request, activity, _("The host reads that you cannot come."))


@require_POST
def leave_take_back(request, pk):
    activity, member = own_activity(request, pk)
    try:
        leaves.take_leave_back(member, activity, now=timezone.now())
    except ValidationError as refusal:
        return refused(request, activity, LeaveForm({}), refusal)
    return done(request, activity, _("You are expected again."))


def own_activity(request, pk):
    """The activity, and who signs up: an account of a member on a roll."""
    visible = access.visible_activities(request.user).select_related("branch")
    found = questions.with_asks(visible)
    activity, member = get_object_or_404(found, pk=pk), request.user.member
    if member is None or not member.is_live:
        raise Http404
    return activity, member


def done(request, activity, text):
    if request.htmx:
        return panel_of(request, activity)
    messages.success(request, text)
    return redirect(activity)


def refused(request, activity, form, refusal=None):
    """The panel with the refusal at its field; alone, or on a page of its own."""
    if refusal is not None:
        if not form.is_valid():
            form.errors.clear()  # an act without input: only the refusal is told
        add_refusal(form, refusal)
    if request.htmx:
        return panel_of(request, activity, form, status=422)
    context = {"activity": activity, "panel": panel(request.user, activity, form=form)}
    if context["panel"] is None:
        messages.error(request, first_error(form))
        return redirect(activity)
    return render(request, "activities/sign_up.html", context, status=422)


def panel_of(request, activity, form=None, status=200):
    context = {
        "activity": activity,
        "panel": panel(request.user, activity, form=form),
    }
    return render(request, "activities/sign_up_panel.html", context, status=status)


# --- for the host -----------------------------------------------------------------------
@require_GET
def sign_up_list(request, pk):
    """Who has a seat and who waits, in order; or who cannot come. To be printed whole."""
    managed = access.managed_activities(request.user).select_related("branch")
    activity = get_object_or_404(managed, pk=pk)
    context = {"activity": activity, "is_to_come": is_to_come(activity)}
    if not activity.needs_sign_up:
        away = activity.attendances.filter(state=Attendance.State.LEAVE)
        context["away"] = away.select_related("member__branch", "member__party_group")
        return render(request, "activities/sign_up_list.html", context)
    found = activity.sign_ups.standing().select_related(
        "member__branch", "member__party_group", "signed_up_by__member"
    )
    rows = list(found.order_by("place"))
    lists = [
        (_("With a seat"), [row for row in rows if row.state == State.CONFIRMED]),
        (_("Waiting list"), [row for row in rows if row.state == State.WAITING]),
    ]
    context |= {"lists": lists, "totals": questions.totals(activity, rows)}
    for row in rows:
        row.said = questions.shown(row)
    return render(request, "activities/sign_up_list.html", context)


@require_http_methods(["GET", "POST"])
@limited("search", when=searching)
def sign_up_add(request, pk):
    """Sign up somebody who has no account or phone at hand: first who, then the note."""
    user = request.user
    visible = access.visible_activities(user).select_related("branch")
    activity = get_object_or_404(visible, pk=pk)
    if not access.may_help(user):
        raise Http404
    helped = access.helped_members(user, activity)
    given = request.POST if request.method == "POST" else request.GET
    context = {"activity": activity, "back_url": back_of(user, activity)}
    key = given.get("member", "")
    if not key.isdecimal() or len(key) > 18:
        return render(
            request,
            "activities/sign_up_add.html",
            context | people(given, helped, activity),
        )
    found = helped.select_related("branch", "party_group").filter(pk=key).first()
    if found is None:
        messages.error(request, _("This person is not among those you may sign up."))
        return redirect("activities:sign_up_add", pk)
    form = SignUpForm(posted(request), questions=activity.questions.all())
    return filled(
        request,
        "sign_up_add",
        form,
        lambda: sign_ups.sign_up(
            found, activity, by=user, now=timezone.now(), **form.given()
        ),
        said_of,
        reverse("activities:sign_up_add", args=[pk]),
        member=found,
        **context,
    )


def said_of(made):
    words = {"member": made.member.name}
    if made.state == State.CONFIRMED:
        return _("%(member)s has a seat.") % words
    words["place"] = sign_ups.waiting_place(made)
    return _("%(member)s is on the waiting list, at place %(place)s.") % words


def people(given, helped, activity):
    """Whom the name fits, or those who have not signed up yet; with what each has."""
    form = NameForm(given if "q" in given else None)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    if text.isdigit():
        helped = helped.none()  # by name alone: a phone number is not for looking up
    elif text:
        helped = helped.search(text)
    else:
        there = activity.sign_ups.standing().values("member")
        helped = helped.exclude(pk__in=there)
    rows = helped.select_related("branch", "party_group").order_by("pinyin", "pk")
    members = list(rows[: SHOWN_AT_MOST + 1])
    there = {
        own.member_id: own
        for own in activity.sign_ups.standing().filter(member__in=members)
    }
    return {
        "search": form,
        "typed": text,
        "more": len(members) > SHOWN_AT_MOST,
        "lines": [
            (member, own := there.get(member.pk), TONES.get(own.state) if own else "")
            for member in members[:SHOWN_AT_MOST]
        ],
    }


def back_of(user, activity):
    if access.managed_activities(user).filter(pk=activity.pk).exists():
        return reverse("activities:sign_up_list", args=[activity.pk])
    return activity.get_absolute_url()


@get_or_post
def sign_up_edit(request, pk):
    """The note and the answers, of one's own sign-up or of one that one helps with."""
    user = request.user
    own = get_object_or_404(access.changeable_sign_ups(user), pk=pk)
    activity = own.activity
    form = SignUpForm(posted(request), instance=own, questions=activity.questions.all())
    back = back_of(user, activity)
    return filled(
        request,
        "sign_up_edit",
        form,
        lambda: sign_ups.change(own, by=user, now=timezone.now(), **form.given()),
        _("Saved."),
        back,
        sign_up=own,
        activity=activity,
        is_own=own.member_id == user.member_id,
        back_url=back,
    )


@require_http_methods(["GET", "POST"])
def sign_up_remove(request, pk):
    """Withdraw the sign-up of somebody else, who asked for it by word of mouth."""
    own = get_object_or_404(access.helped_sign_ups(request.user), pk=pk)
    back = back_of(request.user, own.activity)
    if request.method == "POST" and "confirmed" in request.POST:
        try:
            sign_ups.withdraw(own, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
        else:
            messages.success(request, _("The sign-up is withdrawn."))
        return redirect(back)
    context = {"sign_up": own, "activity": own.activity, "back_url": back}
    return render(request, "activities/sign_up_remove.html", context)
