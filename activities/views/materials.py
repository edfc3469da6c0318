"""Materials of an activity: added by who plans it, read by whom it expects."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from activities import access_materials
from activities.forms.materials import MaterialForm
from activities.models import Activity, ActivityMaterial
from activities.services import materials
from activities.views.pages import done, filled, get_or_post, managed, posted
from members.rates import limited, posting
from members.views.attachments import attachment, sandboxed


@get_or_post
@limited("upload", when=posting)
def material_add(request, pk):
    activity = managed(request, pk)
    form = MaterialForm(posted(request), request.FILES or None)
    return filled(
        request,
        "material_add",
        form,
        lambda: materials.add(activity, by=request.user, **form.given()),
        _("Added: those invited find it on this page."),
        activity,
        activity=activity,
        title=_("Add a material"),
    )


@require_GET
@sandboxed
def material_file(request, pk):
    """Always to be saved, never shown in the page (UP-02)."""
    found = get_object_or_404(access_materials.visible_materials(request.user), pk=pk)
    if found.type == ActivityMaterial.Type.LINK:
        raise Http404
    return attachment(bytes(found.content), found.title, found.type)


@require_POST
def material_remove(request, pk):
    found = get_object_or_404(access_materials.managed_materials(request.user), pk=pk)
    return done(
        request, found.activity, lambda: materials.remove(found), _("Taken out.")
    )


def shown(user, activity):
    """What the page of the activity shows; nothing is asked for where there is none."""
    if not activity.has_materials:
        return ()
    return access_materials.visible_materials(user).filter(activity=activity)


def may_add(activity):
    return activity.state != Activity.State.CANCELLED
