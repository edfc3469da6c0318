"""Accounts, who administers, and what belongs to an account."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm
from members.models import ApiToken, Notification, RollInquiry, User
from members.services import administrators, second_factor

Administrator = User.Administrator


class UserForm(ServiceForm):
    """Each administrator writes the own part of an account alone (AZ-08, AZ-09)."""

    first_password = ""

    def write(self):
        given, by = self.cleaned_data, self.asked_by
        if self.instance.pk is None:
            user, self.first_password = administrators.create_account(
                given["username"], display_name=given["display_name"], by=by
            )
            return user
        if by.administrator == Administrator.SECURITY:
            return administrators.settle_role(
                self.instance,
                administrator=given["administrator"],
                is_staff=given["is_staff"],
                by=by,
            )
        return administrators.change_account(
            self.instance,
            display_name=given["display_name"],
            is_active=given["is_active"],
            by=by,
        )


@admin.register(User)
class UserAdmin(ScopedAdmin):
    """Accounts of members are opened on the pages of the portal; a password is never
    typed here, only made anew and shown once."""

    form = UserForm
    list_display = (
        "username",
        "display_name",
        "administrator",
        "is_staff",
        "is_active",
        "has_member",
        "last_login",
    )
    list_filter = ("administrator", "is_staff", "is_active")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("username", "display_name"),
                    ("is_active", "has_member"),
                    ("administrator", "is_staff"),
                    ("must_change_password", "last_login"),
                    "date_joined",
                )
            },
        ),
    )
    add_fieldsets = ((None, {"fields": (("username", "display_name"),)}),)
    actions_detail = ("new_first_password", "remove_second_factor")

    @admin.display(description=_("of a member"), boolean=True)
    def has_member(self, obj):
        return obj.member_id is not None

    def get_writes(self, request, obj):
        return {
            Administrator.SYSTEM: ("display_name", "is_active"),
            Administrator.SECURITY: ("administrator", "is_staff"),
        }.get(request.user.administrator, ())

    def has_add_permission(self, request):
        return bool(request.user.administrator) and super().has_add_permission(request)

    def has_change_permission(self, request, obj=None):
        """Those who manage a roll do so on the pages of the portal."""
        user = request.user
        if not user.administrator or (obj is not None and obj.pk == user.pk):
            return False
        return super().has_change_permission(request, obj)

    def response_add(self, request, obj, post_url_continue=None):
        """Show the first password, once."""
        return self.password_page(request, obj, request.first_password)

    def save_model(self, request, obj, form, change):
        request.first_password = form.first_password

    # --- a new first password ---
    @action(
        description=_("New first password"),
        url_path="first-password",
        permissions=["new_first_password"],
    )
    def new_first_password(self, request, object_id):
        user = self.get_object(request, object_id)
        if user is None or not self.may_give_password(request, user):
            raise Http404
        if request.method != "POST":
            return self.page(request, user, "admin/members/first_password.html")
        try:
            password = administrators.new_first_password(user, by=request.user)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), "error")
            return redirect(reverse("admin:members_user_change", args=[user.pk]))
        self.log_change(request, user, _text("New first password"))
        return self.password_page(request, user, password)

    # --- a lost phone ---
    @action(
        description=_("Remove the code of the phone"),
        url_path="second-factor",
        permissions=["remove_second_factor"],
    )
    def remove_second_factor(self, request, object_id):
        user = self.get_object(request, object_id)
        if user is None or not self.may_give_password(request, user):
            raise Http404
        if request.method != "POST":
            return self.page(
                request,
                user,
                "admin/members/second_factor.html",
                title=_text("Remove the code of the phone"),
            )
        try:
            administrators.remove_second_factor(user, by=request.user)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), "error")
        else:
            self.log_change(request, user, _text("Second factor removed"))
            self.message_user(
                request, _text("The second step of the sign-in is removed.")
            )
        return redirect(reverse("admin:members_user_change", args=[user.pk]))

    def has_remove_second_factor_permission(self, request, object_id=None):
        user = self.get_object(request, object_id) if object_id else None
        return (
            user is not None
            and self.may_give_password(request, user)
            and second_factor.is_set_up(user)
        )

    def has_new_first_password_permission(self, request, object_id=None):
        user = self.get_object(request, object_id) if object_id else None
        return user is not None and self.may_give_password(request, user)

    def may_give_password(self, request, user):
        is_system = request.user.administrator == Administrator.SYSTEM
        return is_system and not user.administrator

    def password_page(self, request, user, password):
        return self.page(
            request, user, "admin/members/first_password.html", password=password
        )

    def page(self, request, user, template, **more):
        context = {
            **self.admin_site.each_context(request),
            "title": _text("New first password"),
            "opts": self.opts,
            "original": user,
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, context)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """The own inbox is a page of the portal; nobody reads another's."""

    list_display = ("kind", "created_at", "read_at")
    fields = ("kind", ("created_at", "read_at"))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """The own tokens are a page of the portal; nobody sees another's."""

    list_display = ("name", "scope", "prefix", "expires_on")
    fields = (("name", "scope"), ("prefix", "expires_on"))


@admin.register(RollInquiry)
class RollInquiryAdmin(ReadOnlyAdmin):
    list_display = ("user", "asked_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    ordering = ("-asked_at", "-pk")
    fields = (("user", "asked_at"),)
