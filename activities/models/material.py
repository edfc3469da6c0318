"""What one reads before or after an activity: files and links."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded
from members.models import User


class ActivityMaterial(models.Model):
    """A file that was looked at by the scanner, or a link that nobody here follows."""

    class Type(models.TextChoices):
        LINK = "link", pgettext_lazy("material", "Link")
        PDF = "pdf", "PDF"
        DOCX = "docx", "Word"
        XLSX = "xlsx", "Excel"
        PPTX = "pptx", "PowerPoint"
        JPG = "jpg", pgettext_lazy("material", "Picture")

    GRADES = graded(
        G1="id", G2="activity title type link size added_by added_at", G3="content"
    )

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="materials", verbose_name=_("activity")
    )
    title = models.CharField(pgettext_lazy("material", "title"), max_length=80)
    type = models.CharField(
        pgettext_lazy("material", "type"), max_length=5, choices=Type.choices
    )
    link = models.CharField(
        pgettext_lazy("material", "address"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["https", "http"])],
    )
    content = models.BinaryField(_("content"), null=True, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), default=0, editable=False)
    added_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    added_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = pgettext_lazy("activity", "material")
        verbose_name_plural = pgettext_lazy("activity", "materials")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=(Q(type="link", content=None) & ~Q(link=""))
                | (~Q(type="link") & Q(content__isnull=False, link="")),
                name="activities_activitymaterial_file_or_link",
            )
        ]

    def __str__(self) -> str:
        return self.title
