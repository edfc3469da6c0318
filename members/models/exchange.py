"""Rosters that come in and go out. Their contents are sealed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.branch import Branch
from members.sealing import SealedField, SealedModel


class ImportBatch(SealedModel):
    """One uploaded roster, from the file to the applied rows, and back where undone.

    `report` is JSON, sealed, for it quotes the file: "language"; once checked "header",
    "unknown" columns, "left_out" rows, and "digest" of all that the rows say. The rows
    themselves are in its parts. `context` is that of the history of the records: which
    versions of which records the import made.

    A file that is held stays sealed here, and no page or task reads it (UP-07).
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked, waiting for you")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        REFUSED = "refused", _("Refused")
        HELD = "held", _("Held: found harmful by the virus scanner")
        DISCARDED = "discarded", _("Discarded")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    GRADES = graded(
        G1="id context",
        G2="branch state rows accepted changed unchanged refused created_at checked_at "
        "applied_at undone_at",
        G3="file_name uploaded_by error undone_by undo_reason",
        G4="file report",
    )

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )
    uploaded_by = models.ForeignKey(
        "members.User", models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    file_name = models.CharField(_("file name"), max_length=200)
    file = SealedField(_("file"), kind="bytes", null=True, editable=False)
    report = SealedField(pgettext_lazy("import", "report"), null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CHECKING
    )
    error = models.CharField(_("error"), max_length=300, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    accepted = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    applied_at = models.DateTimeField(_("applied at"), null=True)
    context = models.UUIDField(_("context of the history"), null=True, editable=False)
    undone_by = models.ForeignKey(
        "members.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("undone by"),
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undo_reason = models.CharField(_("reason for undoing"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.file_name} {self.created_at:%Y-%m-%d}"


class ImportPart(SealedModel):
    """As many rows of one kind as a page shows at once, so that no page opens them all.

    `lines` is JSON, packed and sealed. A sound row: [row, name, [[field, old, new], …]]
    with G4 masked; a refused one: [row, name, [[field, label, code, reason], …], cells].
    """

    class Kind(models.TextChoices):
        NEW = "new", pgettext_lazy("rows", "New")
        CHANGED = "changed", pgettext_lazy("rows", "Changed")
        UNCHANGED = "unchanged", pgettext_lazy("rows", "Unchanged")
        REFUSED = "refused", pgettext_lazy("rows", "Refused")

    GRADES = graded(G1="id", G2="batch kind number", G4="lines")
    ROWS = 50

    batch = models.ForeignKey(
        ImportBatch, models.CASCADE, related_name="parts", verbose_name=_("import")
    )
    kind = models.CharField(_("kind of rows"), max_length=10, choices=Kind.choices)
    number = models.PositiveIntegerField(_("number of the part"))
    lines = SealedField(_("rows"), kind="bytes", editable=False)

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        ordering = ("batch", "kind", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "kind", "number"],
                name="members_importpart_each_number_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind} {self.number}"


class Export(SealedModel):
    """A file somebody asked for, with the reason; kept for a day."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Refused")
        EXPIRED = "expired", _("Expired")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Excel (.xlsx)")
        CSV = "csv", _("Text (.csv)")

    GRADES = graded(
        G1="id",
        G2="branch format state error rows requested_at ready_at expires_at downloaded_at",
        G3="requested_by reason filters",
        G4="content",
    )

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )
    requested_by = models.ForeignKey(
        "members.User", models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    reason = models.CharField(_("reason"), max_length=200)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    format = models.CharField(
        _("format"), max_length=5, choices=Format.choices, default=Format.XLSX
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    error = models.CharField(_("error"), max_length=300, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    content = SealedField(_("content"), kind="bytes", null=True, editable=False)
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    ready_at = models.DateTimeField(_("ready at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    downloaded_at = models.DateTimeField(_("downloaded at"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ("-requested_at",)

    def __str__(self) -> str:
        return f"{self.branch} {self.requested_at:%Y-%m-%d}"
