"""The second factor: set up, given, replaced, removed."""

import segno
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from members import access, entry
from members.forms.second_factor import AnyCodeForm, CodeForm
from members.models import Authenticator
from members.services import second_factor, sessions
from members.views.sign_in import password_confirmed


@require_GET
def overview(request):
    user = request.user
    device = Authenticator.objects.filter(user=user).first()
    context = {
        "device": device,
        "codes_left": user.recovery_codes.filter(used_at=None).count(),
        "is_needed": access.needs_second_factor(user),
    }
    return render(request, "members/second_factor.html", context)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
@password_confirmed
def set_up(request):
    """Show the key of a new authenticator; a first code from it takes it into use.

    Who has one gives a code of it first: the password alone does not replace it.
    """
    user, session = request.user, request.session
    passed = session.get("second_factor") == entry.PASSED
    if not passed and second_factor.is_set_up(user):
        session["second_factor"] = entry.WAITING
        return redirect(entry.SECOND_FACTOR)
    carried = request.POST.get("carried", "")
    device = second_factor.prepared(user, carried)
    if device is None:
        device, carried = second_factor.prepare(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.set_up(
                device, form.cleaned_data["code"], keep=session.session_key
            )
        except ValidationError as refusal:
            form.add_error("code", refusal)
        else:
            pass_on(request)
            return shown_codes(request, codes)
    context = {
        "form": form,
        "carried": carried,
        "qr": segno.make(device.url, error="m").png_data_uri(scale=6, border=2),
        "key": device.key_text,
        "replaces": passed,
        "is_needed": access.needs_second_factor(user) and not passed,
        "demonstration_code": second_factor.demonstration_code(device),
    }
    return render(request, "members/second_factor_set_up.html", context)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
def check(request):
    """Ask for a code after the password."""
    user, session = request.user, request.session
    if session.get("second_factor") != entry.WAITING:
        return redirect("desk")
    form = AnyCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            kind = second_factor.check(
                user, form.cleaned_data["code"], now=timezone.now()
            )
        except ValidationError as refusal:
            form.add_error("code", refusal)
        else:
            pass_on(request)
            sessions.note_entry(user, second_factor=kind)
            return redirect(session.pop("next", "desk"))
    context = {
        "form": form,
        "demonstration_code": second_factor.demonstration_code(
            Authenticator.objects.filter(user=user).first()
        ),
    }
    return render(request, "members/second_factor_check.html", context)


def pass_on(request):
    """Note that the session has the second factor; it gets a new id (AN-04)."""
    request.session["second_factor"] = entry.PASSED
    request.session.cycle_key()


def shown_codes(request, codes):
    """The new recovery codes, this once."""
    text = "\n".join(codes)
    context = {
        "codes": codes,
        "download": f"data:text/plain;charset=utf-8,{urlencode({'': text})[1:]}",
        "next": request.session.pop("next", ""),
    }
    return render(request, "members/recovery_codes.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@password_confirmed
def recovery_codes(request):
    """New codes in place of those before."""
    if not second_factor.is_set_up(request.user):
        return redirect("members:second_factor")
    if request.method == "GET":
        return render(request, "members/recovery_codes_new.html")
    return shown_codes(request, second_factor.new_recovery_codes(request.user))


@require_http_methods(["GET", "POST"])
@password_confirmed
def remove(request):
    user, session = request.user, request.session
    if request.method == "GET":
        context = {"is_needed": access.needs_second_factor(user)}
        return render(request, "members/second_factor_remove.html", context)
    try:
        second_factor.remove(user, by=user, keep=session.session_key)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        session.pop("second_factor", None)
        messages.success(request, _("The code of the phone is not asked any more."))
    return redirect("members:second_factor")
