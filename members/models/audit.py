"""The audit log: what was done, by whom, to whom, and why (SEC-31, SEC-32).

An entry is written in the transaction of the act and never changes: the running role may
add rows to these tables and nothing else. Entries wait in AuditPending until the sealer
chains them, a batch at a time, so that nobody who acts waits for anybody else.
"""

from __future__ import annotations

import json
from datetime import UTC
from ipaddress import ip_address
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.account import User
from members.models.branch import Branch
from members.models.member import Member


class AuditEntry(models.Model):
    """One act, or the refusal of one. `context` never holds a value of grade G4, a
    password, a token or the key of a session (AU-05).

    `mac` is 2 bytes of key id and an HMAC-SM3 over all other columns, the primary key
    included. The references are no constraints: entries outlive what they are about.
    """

    class Act(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        LOCKED_OUT = "locked_out", _("Locked out")
        SIGNED_OUT = "signed_out", _("Signed out")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        PASSWORD_RESET = "password_reset", _("First password given")
        SECOND_FACTOR_SET = "second_factor_set", _("Second factor set up")
        SECOND_FACTOR_REMOVED = "second_factor_removed", _("Second factor removed")
        SECOND_FACTOR_FAILED = "second_factor_failed", _("Second factor failed")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
        TOKEN_ISSUED = "token_issued", _("API token made")
        TOKEN_REVOKED = "token_revoked", _("API token revoked")
        CALENDAR_MADE = "calendar_made", _("Calendar address made")
        CALENDAR_REVOKED = "calendar_revoked", _("Calendar address revoked")
        ACCOUNT_OPENED = "account_opened", _("Account opened")
        ACCOUNT_SWITCHED = "account_switched", _("Account switched on or off")
        ROLE_SETTLED = "role_settled", _("Role of an account settled")
        REVEALED = "revealed", _("Sensitive field revealed")
        EXPORTED = "exported", _("Export asked for")
        EXPORT_DOWNLOADED = "export_downloaded", _("Export downloaded")
        OWN_DATA_TAKEN = "own_data_taken", _("Own data downloaded")
        IMPORT_APPLIED = "import_applied", _("Import applied")
        IMPORT_UNDONE = "import_undone", _("Import undone")
        UPLOAD_HELD = "upload_held", _("Harmful upload held")
        UPLOAD_DESTROYED = "upload_destroyed", _("Harmful upload destroyed")
        RIGHTS_GIVEN = "rights_given", _("Rights given")
        RIGHTS_ENDED = "rights_ended", _("Rights ended")
        APPOINTED = "appointed", _("Appointed")
        APPOINTMENT_ENDED = "appointment_ended", _("Appointment ended")
        ENROLLED = "enrolled", _("Put on the roll")
        RECORD_CHANGED = "record_changed", _("Record changed")
        STATE_CHANGED = "state_changed", _("State changed")
        CORRECTION_DECIDED = "correction_decided", _("Correction decided")
        BRANCH_CHANGED = "branch_changed", _("Branch changed")
        ROLL_INQUIRY = "roll_inquiry", _("Asked whether an ID number is on a roll")
        ACCESS_REFUSED = "access_refused", _("Access refused")
        SETTING_CHANGED = "setting_changed", _("Setting changed")
        KEYS_ROTATED = "keys_rotated", _("Keys changed")
        AUDIT_EXPORTED = "audit_exported", _("Audit log exported")
        AUDIT_VERIFIED = "audit_verified", _("Audit log checked")
        ALARM = "alarm", _("Alarm raised")
        MAIL_CODE_ASKED = "mail_code_asked", _("Code for a mail address asked for")
        MAIL_ADDRESS_SET = "mail_address_set", _("Mail address settled")
        SIGNED_UP_FOR = "signed_up_for", _("Somebody else signed up")
        SIGN_UP_CHANGED_FOR = (
            "sign_up_changed_for",
            _("Sign-up of somebody else changed"),
        )
        WITHDRAWN_FOR = "withdrawn_for", _("Sign-up of somebody else withdrawn")
        MODULE_SWITCHED = "module_switched", _("Module switched on or off")
        APPRAISAL_STEP = "appraisal_step", _("Appraisal taken a step on")
        APPRAISAL_WRITTEN_FOR = (
            "appraisal_written_for",
            _("Self-appraisal written down for somebody"),
        )
        APPRAISAL_DECIDED = "appraisal_decided", _("Grade and opinion entered")
        APPRAISAL_EXEMPTED = "appraisal_exempted", _("Exempt from an appraisal or not")
        APPRAISAL_TOLD = "appraisal_told", _("Result of an appraisal told in person")
        FOLLOW_UP_NOTED = "follow_up_noted", _("Follow-up of an appraisal noted")
        TALK_NOTED = "talk_noted", _("Heart-to-heart talk noted")
        PROGRAM_CHANGED = "program_changed", _("Program taken a step on or back")
        TASK_SENT_AGAIN = "task_sent_again", _("Task sent again")

    class Result(models.TextChoices):
        DONE = "done", pgettext_lazy("audit", "Done")
        REFUSED = "refused", pgettext_lazy("audit", "Refused")

    GRADES = graded(
        G1="id",
        G2="at act result subject_type request_id mac",
        G3="by branch member subject_id reason address context",
    )

    at = models.DateTimeField(pgettext_lazy("audit", "at"))
    act = models.CharField(_("act"), max_length=30, choices=Act.choices)
    result = models.CharField(
        _("result"), max_length=10, choices=Result.choices, default=Result.DONE
    )
    by = models.ForeignKey(
        User,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=pgettext_lazy("audit", "by"),
    )
    branch = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("branch"),
    )
    member = models.ForeignKey(
        Member,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("member"),
    )
    subject_type = models.CharField(_("kind of record"), max_length=60, blank=True)
    subject_id = models.BigIntegerField(
        _("number of the record"), null=True, blank=True
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("request"), max_length=32, blank=True)
    context = models.JSONField(_("context"), default=dict, blank=True)
    mac = models.BinaryField(_("seal"), max_length=34, editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(fields=["-at", "-id"], name="members_audit_newest"),
            models.Index(fields=["by", "act", "-at"], name="members_audit_by"),
            models.Index(
                fields=["member", "-at"],
                condition=models.Q(member__isnull=False),
                name="members_audit_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}"

    def told(self) -> bytes:
        """All columns but `mac`, in one form whatever the database made of them."""
        columns: dict[str, Any] = {
            field.attname: getattr(self, field.attname)
            for field in self._meta.concrete_fields
            if field.name != "mac"
        }
        columns["at"] = self.at.astimezone(UTC).isoformat()
        if self.address is not None:
            columns["address"] = ip_address(self.address).packed.hex()
        return json.dumps(
            columns, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()


class AuditPending(models.Model):
    """An entry that no seal holds yet."""

    GRADES = graded(G2="entry")

    entry = models.OneToOneField(
        AuditEntry, models.DO_NOTHING, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditSeal(models.Model):
    """A link of the chain: a batch of entries, bound to all that came before.

    position: from 1, without a gap. entries: primary keys. total: entries up to and with
    this seal. link: 2 bytes of key id and an HMAC-SM3 over the link before, this seal and
    the `mac` of each entry.
    """

    GRADES = graded(G2="position entries total sealed_at link")

    position = models.BigIntegerField(primary_key=True)
    entries = ArrayField(models.BigIntegerField())
    total = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    link = models.BinaryField(max_length=34)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position} ({self.total})"
