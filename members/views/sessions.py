"""The browsers in which an account is signed in, and how to end them."""

from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from members.services import sessions

# Marks in what a browser says of itself, the more particular first.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@require_GET
def session_list(request):
    here = request.session.session_key
    lines = [
        {
            "id": public_id(session.session_key),
            "name": name_of(session.agent),
            "is_here": session.session_key == here,
            "session": session,
        }
        for session in sessions.of(request.user)
    ]
    lines.sort(key=lambda line: not line["is_here"])
    return render(request, "members/session_list.html", {"lines": lines})


@require_POST
def session_end(request):
    """End one session by its `session`, or by `which` "others" or "all"."""
    user, here = request.user, request.session.session_key
    which = request.POST.get("which", "")
    if which == "all":
        sessions.end(user, by=user)
        logout(request)
        messages.success(request, _("You are signed out on all devices."))
        return redirect("members:sign_in")
    if which == "others":
        count = sessions.end(user, by=user, keep=here)
    else:
        wanted = request.POST.get("session", "")
        found = [
            session.session_key
            for session in sessions.of(user)
            if public_id(session.session_key) == wanted
        ]
        count = sum(sessions.end(user, by=user, only=key) for key in found)
    messages.success(
        request,
        ngettext(
            "%(count)s device is signed out.",
            "%(count)s devices are signed out.",
            count,
        )
        % {"count": count},
    )
    return redirect("members:session_list")


def public_id(key):
    """What names a session on the page: its key would let in whoever reads it."""
    return salted_hmac("members.session", key, algorithm="sha256").hexdigest()[:24]


def name_of(agent):
    """Browser and system in words, as far as the browser says."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or _("Unknown browser")
