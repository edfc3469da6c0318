"""What belongs to some minutes: files by choice, and what an organizational-life meeting
says of those who take part."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.minutes import PART_OF_MINUTES, Minutes, stays_once_signed
from members.grades import graded
from members.models import Member, User


class MinutesFile(models.Model):
    """A photo, slides or a signed sheet that somebody chose to add (MIN-11); it stays as
    it is once somebody signed.

    digest: SHA-256 of the content, which is signed with the rest.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", pgettext_lazy("file", "Photo")
        SLIDES = "slides", pgettext_lazy("file", "Slides")
        SHEET = "sheet", pgettext_lazy("file", "Signed attendance sheet")
        OTHER = "other", pgettext_lazy("file", "Other paper")

    class Format(models.TextChoices):
        JPG = "jpg", "JPEG"
        PDF = "pdf", "PDF"

    GRADES = graded(
        G1="id", G2="minutes kind format digest added_by added_at", G3="caption content"
    )

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="files", verbose_name=_("minutes")
    )
    kind = models.CharField(
        pgettext_lazy("file", "kind"), max_length=10, choices=Kind.choices
    )
    caption = models.CharField(
        _("what it shows"),
        max_length=80,
        help_text=_("Ask those who can be recognized before you add it."),
    )
    format = models.CharField(
        pgettext_lazy("file", "format"), max_length=4, choices=Format.choices
    )
    content = models.BinaryField(_("content"), editable=False)
    digest = models.CharField(pgettext_lazy("minutes", "digest"), max_length=64)
    added_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    added_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("file of minutes")
        verbose_name_plural = _("files of minutes")
        ordering = ("pk",)
        triggers = [stays_once_signed(PART_OF_MINUTES)]

    def __str__(self) -> str:
        return self.caption


class LifePoint(models.Model):
    """What somebody said of the own problems, or was told by another, at a meeting of
    organizational life (MIN-12, LIFE-07).

    The third part, what is corrected by whom and until when, are resolutions.
    """

    class Kind(models.TextChoices):
        OWN = "own", _("Own problem")
        CRITICISM = "criticism", _("Criticism")

    GRADES = graded(G1="id", G2="minutes kind position", G3="member speaker text")

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="life_points", verbose_name=_("minutes")
    )
    kind = models.CharField(
        pgettext_lazy("life meeting", "kind"), max_length=10, choices=Kind.choices
    )
    position = models.PositiveSmallIntegerField(_("position in lists"))
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("of whom")
    )
    speaker = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who said it"),
    )
    text = models.TextField(pgettext_lazy("life meeting", "what"), max_length=2000)

    class Meta:
        verbose_name = _("point of an organizational-life meeting")
        verbose_name_plural = _("points of an organizational-life meeting")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="own", speaker=None)
                | Q(kind="criticism", speaker__isnull=False) & ~Q(speaker=F("member")),
                name="activities_lifepoint_criticism_is_of_another",
            )
        ]
        triggers = [stays_once_signed(PART_OF_MINUTES)]

    def __str__(self) -> str:
        return self.text[:50]
