"""What follows an appraisal: noted, changed while it is open, ended (LIFE-26)."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access_appraisal
from activities.forms.appraisals import (
    FollowUpChangeForm,
    FollowUpEndForm,
    FollowUpForm,
)
from activities.models import FollowUp
from activities.services import follow_ups
from activities.views.appraisal_pages import (
    managed_appraisal,
    of_person,
    text_of,
)
from activities.views.pages import filled, get_or_post, posted
from members.sealing import try_open


@get_or_post
def follow_up_add(request, pk):
    one, today = managed_appraisal(request, pk), timezone.localdate()
    kinds = follow_ups.kinds(one)
    if not kinds:
        raise Http404
    people = access_appraisal.participants(one.round.branch)
    form = FollowUpForm(
        posted(request), kinds=kinds, people=people.exclude(pk=one.member_id)
    )
    return filled(
        request,
        "one_form",
        form,
        lambda: follow_ups.note(
            FollowUp(appraisal=one, **form.cleaned_data), by=request.user, today=today
        ),
        _("Saved."),
        one,
        title=_("Help after the appraisal"),
        text=_(
            "After “basically qualified” a talk and a plan. After “unqualified” "
            "education first; a measure can be noted once it is over."
        ),
        **of_person(one),
    )


@get_or_post
def follow_up_change(request, pk):
    """Another plan, owner or day, while it is open; by who manages the compartment."""
    found = access_appraisal.changed_follow_ups(request.user)
    follow_up = get_object_or_404(found, pk=pk)
    one, today = follow_up.appraisal, timezone.localdate()
    people = access_appraisal.participants(one.round.branch)
    initial = {
        "plan": try_open(follow_up, "plan"),
        "owner": follow_up.owner_id,
        "due_on": follow_up.due_on,
    }
    form = FollowUpChangeForm(
        posted(request), initial=initial, people=people.exclude(pk=one.member_id)
    )
    return filled(
        request,
        "one_form",
        form,
        lambda: follow_ups.change(
            follow_up, **form.cleaned_data, by=request.user, today=today
        ),
        _("Saved."),
        one,
        title=follow_up.get_kind_display(),
        text=_("While it is not done. Another who helps is told."),
        **of_person(one),
    )


@get_or_post
def follow_up_end(request, pk):
    """By who manages the compartment, or who answers for it."""
    user, today = request.user, timezone.localdate()
    found = access_appraisal.managed_follow_ups(user)
    found = found.select_related("appraisal__member", "appraisal__round__branch")
    follow_up = get_object_or_404(found, pk=pk)
    one = follow_up.appraisal
    manages = access_appraisal.managed_appraisals(user).filter(pk=one.pk).exists()
    home = reverse("activities:appraisal_home")
    back = one.get_absolute_url() if manages else home
    label = one.member.name if manages else _("Appraisals and talks")
    initial = {
        "outcome": try_open(follow_up, "outcome"),
        "done_on": follow_up.done_on or today,
    }
    form = FollowUpEndForm(posted(request), initial=initial)
    return filled(
        request,
        "one_form",
        form,
        lambda: follow_ups.end(follow_up, **form.cleaned_data, by=user, today=today),
        _("Saved."),
        back,
        title=_("What came of it?"),
        text=f"{one.member.name} · {follow_up.get_kind_display()} · {text_of(follow_up, 'plan')}",
        back_url=back,
        back_label=label,
    )
