"""Where a person wants the inbox sent as well: one page, three forms."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from members.forms.mail import MailAddressForm, MailCodeForm
from members.forms.refusals import add_refusal
from members.models import MailAddress
from members.services import mail


@require_http_methods(["GET", "POST"])
def mail_address(request):
    """POST sends a code to the address that was entered."""
    form = MailAddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"]
        try:
            mail.ask(request.user, address, now=timezone.now())
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("A code is on its way: enter it below."))
            return redirect("members:mail_address")
    return page(request, form=form)


@require_POST
def mail_confirm(request):
    form = MailCodeForm(request.POST)
    if form.is_valid():
        try:
            mail.confirm(request.user, form.cleaned_data["code"], now=timezone.now())
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Your inbox is sent to this address as well."))
            return redirect("members:mail_address")
    return page(request, code_form=form)


@require_POST
def mail_stop(request):
    if mail.stop(request.user):
        messages.success(
            request, _("No mail is sent any more; the address is deleted.")
        )
    return redirect("members:mail_address")


def page(request, *, form=None, code_form=None):
    held = MailAddress.objects.filter(user=request.user).first()
    context = {
        "held": held,
        "form": form or MailAddressForm(),
        "code_form": code_form or MailCodeForm(),
        "mail_is_on": bool(settings.EMAIL_URL),
    }
    return render(request, "members/mail_address.html", context)
