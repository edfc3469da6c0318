"""What every page shows around its content: navigation, inbox, account."""

from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from activities.access import sees_some
from members import access

SITE_NAME = _("Branch Portal")
# The pages that stand below "Branches" in the navigation.
OF_BRANCHES = (
    "members:branch_",
    "members:term_",
    "members:group_",
    "members:appointment_",
)


def shell(request):
    """Context processor; nothing is asked of the database until a page shows it."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request):
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    navigation = _navigation(request, user) if signed_in else []
    return {
        "site_name": SITE_NAME,
        "navigation": navigation,
        "bottom": navigation[:4],
        "unread": user.notifications.unread().count() if signed_in else 0,
        "elder": user.elder_view if signed_in else "elder" in request.COOKIES,
        "may_administer": signed_in and user.is_staff,
    }


def _navigation(request, user):
    """The entries of the main navigation that `user` has, by role."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    entries = [entry(here, _("Home"), "desk", "home")]
    if access.scope(user, "view_roll"):
        entries.append(
            entry(here, _("Roll"), "members:roll", "users", "members:member_")
        )
    if user.member_id or access.scope(user, "view_branch"):
        entries.append(
            entry(here, _("Branches"), "members:branch_tree", "sitemap", OF_BRANCHES)
        )
    if sees_some(user):
        entries.append(
            entry(
                here,
                _("Activities"),
                "activities:activity_list",
                "calendar-event",
                "activities:",
            )
        )
    if access.scope(user, "manage_roll"):
        entries.append(
            entry(
                here,
                _("Corrections"),
                "members:correction_list",
                "message-report",
                "members:correction_",
            )
        )
        entries.append(
            entry(here, _("Import"), "members:import_list", "upload", "members:import_")
        )
    if user.member_id:
        entries.append(
            entry(
                here, _("My record"), "members:member_self", "id", "members:member_self"
            )
        )
    return [item for item in entries if item]


def entry(here, label, name, icon, family=""):
    active = here == name or bool(family and here.startswith(family))
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    return {"label": label, "url": url, "icon": icon, "active": active}
