"""Where the portal speaks to somebody outside: chat robots; mail addresses are private."""

from django import forms
from django.contrib import admin
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget

from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm
from members.models import MailAddress, Webhook
from members.services import webhooks


@admin.register(MailAddress)
class MailAddressAdmin(ReadOnlyAdmin):
    """The own address is a page of the portal; nobody sees another's."""

    list_display = ("asked_at", "confirmed_at")
    fields = (("asked_at", "confirmed_at"),)


class WebhookForm(ServiceForm):
    new_url = forms.CharField(
        label=_("Address of the robot"),
        required=False,
        max_length=500,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "A secret: it is never shown again. Empty: the robot keeps the one it has."
        ),
    )

    def write(self):
        given = self.cleaned_data
        return webhooks.save_webhook(
            self.instance,
            name=given.get("name", self.instance.name),
            kind=given.get("kind", self.instance.kind),
            branch=given.get("branch", self.instance.branch),
            is_active=given["is_active"],
            new_url=given["new_url"],
            by=self.asked_by,
        )


@admin.register(Webhook)
class WebhookAdmin(ScopedAdmin):
    form = WebhookForm
    list_display = ("name", "kind", "branch", "is_active", "told_at", "error")
    list_filter = ("kind", "is_active")
    list_select_related = ("branch",)
    autocomplete_fields = ("branch",)
    search_fields = ("name",)
    writes = ("name", "is_active", "new_url")
    fields = (("name", "kind"), "branch", "new_url", "is_active")
    actions_detail = ("send_test",)

    @action(
        description=_("Send a test message"),
        url_path="test",
        permissions=["send_test"],
    )
    def send_test(self, request, object_id):
        webhook = self.get_object(request, object_id)
        if webhook is None or not self.has_change_permission(request, webhook):
            raise Http404
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": _text("Send a test message"),
                "opts": self.opts,
                "original": webhook,
            }
            request.current_app = self.admin_site.name
            return TemplateResponse(request, "admin/members/webhook_test.html", context)
        webhooks.announce_test(webhook)
        self.log_change(request, webhook, _text("Test message"))
        self.message_user(
            request,
            _text("It is on its way. Whether it came is shown here in a moment."),
        )
        return redirect(reverse("admin:members_webhook_changelist"))

    def has_send_test_permission(self, request, object_id=None):
        webhook = self.get_object(request, object_id) if object_id else None
        return webhook is not None and self.has_change_permission(request, webhook)
