"""The steps of an activity: announced, cancelled, held."""

from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access
from activities.forms.activities import CancelForm
from activities.services import activities
from activities.views.pages import done, filled, form_page, get_or_post, managed, posted


@get_or_post
def activity_announce(request, pk):
    """Says how many will be told before they are."""
    activity = managed(request, pk)
    if request.method == "POST":
        return done(
            request,
            activity,
            lambda: activities.announce(activity, by=request.user, now=timezone.now()),
            _("Announced: the members invited see it now."),
        )
    people = access.expected(activity)
    return form_page(
        request,
        "activity_announce",
        CancelForm(),
        activity=activity,
        title=_("Announce it?"),
        people=people.count(),
        told=access.invited(activity).filter(user__is_active=True).count(),
    )


@get_or_post
def activity_held(request, pk):
    activity = managed(request, pk)
    if request.method == "POST":
        return done(
            request,
            activity,
            lambda: activities.mark_held(activity, by=request.user, now=timezone.now()),
            _("Noted: it took place."),
        )
    title = _("Did it take place?")
    return form_page(
        request, "activity_held", CancelForm(), activity=activity, title=title
    )


@get_or_post
def activity_cancel(request, pk):
    activity = managed(request, pk)
    form = CancelForm(posted(request))
    return filled(
        request,
        "activity_cancel",
        form,
        lambda: activities.cancel(activity, by=request.user, **form.cleaned_data),
        _("Cancelled: those who signed up are told."),
        activity,
        activity=activity,
        title=_("Cancel the activity?"),
        seats=activity.sign_ups.standing().count(),
    )
