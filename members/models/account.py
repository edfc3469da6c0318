"""Accounts and their inbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

import pghistory
from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.grades import graded
from members.sealing import index_of


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, username: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)

    def by_login_name(self, text: str) -> User | None:
        """The account of that name, or of the only member with that phone.

        A phone that several accounts share (a couple's) signs in nobody: use the name.
        """
        if user := self.filter(username=text.strip()).first():
            return user
        member = apps.get_model("members", "Member")
        phone = index_of(member, "phone_index", text)
        found = self.filter(member__phone_index=phone, is_active=True)[:2]
        return found[0] if len(found) == 1 else None


@pghistory.track(exclude=["password", "password_set_at", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """An account. Not every member has one; an administrator's is no member's.

    There are no superusers. What an account may do comes from appointments and grants
    (members/access.py), or from being one of the three administrators.
    """

    class Administrator(models.TextChoices):
        """Three that exclude one another: one column holds at most one (SEC-41, AZ-09)."""

        NONE = "", _("None")
        SYSTEM = "system", _("System administrator")
        SECURITY = "security", _("Security administrator")
        AUDIT = "audit", _("Audit administrator")

    GRADES = graded(
        G1="id",
        G2="username administrator is_staff is_active is_superuser language elder_view",
        G3="member display_name must_change_password date_joined last_login groups "
        "user_permissions password password_set_at",
    )

    username = models.CharField(
        _("account name"),
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This account name is taken: choose another.")},
    )
    display_name = models.CharField(_("display name"), max_length=50, blank=True)
    member = models.OneToOneField(
        "members.Member",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="user",
        verbose_name=_("member"),
    )
    administrator = models.CharField(
        _("administrator"),
        max_length=10,
        choices=Administrator.choices,
        blank=True,
        default=Administrator.NONE,
    )
    is_staff = models.BooleanField(_("may enter the administration"), default=False)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switch off instead of deleting an account."),
    )
    must_change_password = models.BooleanField(
        _("must change the password at the next sign-in"), default=True
    )
    password_set_at = models.DateTimeField(
        _("password set at"), default=timezone.now, editable=False
    )
    elder_view = models.BooleanField(_("elder view"), default=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    date_joined = models.DateTimeField(_("created at"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("username",)
        constraints = [
            models.CheckConstraint(
                condition=Q(is_superuser=False), name="members_user_no_superuser"
            ),
            models.CheckConstraint(
                condition=Q(administrator="") | Q(member=None),
                name="members_user_administrator_is_no_member",
            ),
            models.CheckConstraint(
                condition=Q(administrator="") | Q(is_staff=True),
                name="members_user_administrator_is_staff",
            ),
            models.CheckConstraint(
                condition=Q(administrator__in=["", "system", "security", "audit"]),
                name="members_user_administrator_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.member.name if self.member is not None else str(self)

    get_short_name = get_full_name

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    @property
    def first_password_is_over(self) -> bool:
        """Whether the first password was left unused for too long."""
        kept = timedelta(days=settings.FIRST_PASSWORD_DAYS)
        return (
            self.must_change_password and timezone.now() > self.password_set_at + kept
        )

    @property
    def needs_new_password(self) -> bool:
        """Whether the next page is the change of the password: after the first one, and
        for administrators every so many days (SEC-25)."""
        kept = timedelta(days=settings.ADMINISTRATOR_PASSWORD_DAYS)
        is_old = timezone.now() > self.password_set_at + kept
        return self.must_change_password or (bool(self.administrator) and is_old)


class PastPassword(models.Model):
    """The hash of a password that an account had, so that it does not come back."""

    GRADES = graded(G1="id", G2="set_at", G3="user password")

    user = models.ForeignKey(
        User,
        models.CASCADE,
        related_name="past_passwords",
        verbose_name=_("account"),
    )
    password = models.CharField(_("hash"), max_length=128, editable=False)
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("past password")
        verbose_name_plural = _("past passwords")
        ordering = ("-set_at", "-pk")

    def __str__(self) -> str:
        return f"{self.user_id} {self.set_at:%Y-%m-%d}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """A line of somebody's inbox. `context` fills the sentence that its kind has.

    The sentence is chosen when it is read, in the reader's language; `context` never
    holds a value of grade G4.
    """

    class Kind(models.TextChoices):
        CORRECTION_ASKED = "correction_asked", _("Correction asked for")
        CORRECTION_ANSWERED = "correction_answered", _("Correction answered")
        IMPORT_READY = "import_ready", _("Import checked")
        IMPORT_DONE = "import_done", _("Import finished")
        IMPORT_UNDONE = "import_undone", _("Import undone")
        IMPORT_STANDS = "import_stands", _("Import not undone")
        IMPORT_HELD = "import_held", _("Import held")
        EXPORT_READY = "export_ready", _("Export ready")
        APPOINTED = "appointed", _("Appointment")
        APPOINTMENT_ENDED = "appointment_ended", _("Appointment ended")
        STATE_CHANGED = "state_changed", _("Change of state")
        WELCOME = "welcome", _("Welcome")
        TOKEN_ISSUED = "token_issued", _("API token made")
        ALARM = "alarm", _("Alarm")
        MAIL_SET = "mail_set", _("Mail address confirmed")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SECOND_FACTOR_SET = "second_factor_set", _("Second factor set up")
        SECOND_FACTOR_REMOVED = "second_factor_removed", _("Second factor removed")
        RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes made")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
        REVEALED = "revealed", _("Sensitive field revealed")
        ACTIVITY_ANNOUNCED = "activity_announced", _("Activity announced")
        ACTIVITY_MOVED = "activity_moved", _("Activity moved")
        ACTIVITY_NEAR = "activity_near", _("Reminder of an activity")
        ACTIVITY_CANCELLED = "activity_cancelled", _("Activity cancelled")
        SEAT_GIVEN = "seat_given", _("Seat given")
        SEAT_RELEASED = "seat_released", _("Sign-up ended")
        SIGNED_UP_BY = "signed_up_by", _("Signed up by somebody else")
        TASK_GIVEN = "task_given", _("Task for a helper given")
        LISTED_BY = "listed_by", _("Put on a waiting list by somebody else")
        WITHDRAWN_BY = "withdrawn_by", _("Sign-up withdrawn by somebody else")
        SIGN_UP_CHANGED_BY = (
            "sign_up_changed_by",
            _("Sign-up changed by somebody else"),
        )
        MINUTES_TO_SIGN = "minutes_to_sign", _("Minutes to sign")
        RESOLUTION_GIVEN = "resolution_given", _("Resolution to carry out")
        DUTIES_OPEN = "duties_open", _("Duties of a branch are open")
        APPRAISAL_SELF = "appraisal_self", _("Self-appraisal to write")
        APPRAISAL_MUTUAL = "appraisal_mutual", _("Opinions on others to write")
        APPRAISAL_POLL = "appraisal_poll", _("Poll of an appraisal")
        APPRAISAL_TOLD = "appraisal_told", _("Result of an appraisal to read")
        FOLLOW_UP_GIVEN = "follow_up_given", _("Follow-up of an appraisal given")

    GRADES = graded(G1="id", G2="kind url created_at read_at", G3="user context")

    user = models.ForeignKey(
        User, models.CASCADE, related_name="notifications", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=30, choices=Kind.choices)
    context = models.JSONField(_("context"), default=dict, blank=True)
    url = models.CharField(_("link"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(
                fields=["user", "-created_at"], name="members_notification_inbox"
            ),
            models.Index(
                fields=["user"],
                condition=Q(read_at=None),
                name="members_notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d}"
