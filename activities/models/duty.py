"""What the rules of organizational life ask of a branch, and how large it was then."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from activities.models.activity import Activity
from members.grades import graded
from members.models import Branch, User


class DutyRule(models.Model):
    """One version of one rule: what is to be held, how often, by whom (LIFE-01 …).

    Versions are added and never changed: a version rules the periods that begin from
    `in_force_from` on, until the next one does, so that what a past period owed stays.
    """

    class Period(models.TextChoices):
        MONTH = "month", pgettext_lazy("duty", "Month")
        QUARTER = "quarter", pgettext_lazy("duty", "Quarter")
        HALF_YEAR = "half_year", pgettext_lazy("duty", "Half-year")
        YEAR = "year", pgettext_lazy("duty", "Year")

    GRADES = graded(
        G1="id code version name_zh name_en source_zh source_en note_zh note_en calendar "
        "period times activity_kind branch_kinds settings least_members most_members "
        "only_with_committee per_group is_required exempt_kinds in_force_from "
        "in_force_until created_at",
        G2="created_by",
    )

    code = models.CharField(
        pgettext_lazy("duty", "code"),
        max_length=20,
        validators=[
            RegexValidator(r"^[A-Z]+-[0-9]+$", _("Capitals, a dash and a number."))
        ],
        help_text=_("Of the rule, as LIFE-06. Versions of a rule share it."),
    )
    version = models.PositiveSmallIntegerField(
        pgettext_lazy("duty", "version"), editable=False
    )
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    source_zh = models.CharField(_("article, in Chinese"), max_length=120)
    source_en = models.CharField(_("article, in English"), max_length=120, blank=True)
    note_zh = models.CharField(
        _("note and exemptions, in Chinese"), max_length=200, blank=True
    )
    note_en = models.CharField(
        _("note and exemptions, in English"), max_length=200, blank=True
    )
    calendar = models.CharField(
        _("place in the calendar of duties"), max_length=10, blank=True
    )
    period = models.CharField(
        pgettext_lazy("duty", "period"), max_length=10, choices=Period.choices
    )
    times = models.PositiveSmallIntegerField(
        _("how many in each period"),
        validators=[MaxValueValidator(31)],
        help_text=_("0: nothing is owed any more."),
    )
    activity_kind = models.CharField(
        _("kind of activity that fulfils it"),
        max_length=20,
        choices=Activity.Kind.choices,
        blank=True,
        help_text=_("Empty: a reminder only, for no activity fulfils it."),
    )
    branch_kinds = ArrayField(
        models.CharField(max_length=20, choices=Branch.Kind.choices),
        verbose_name=_("kinds of branch"),
    )
    settings = ArrayField(
        models.CharField(max_length=20, choices=Branch.Setting.choices),
        verbose_name=pgettext_lazy("duty", "settings"),
        blank=True,
        default=list,
        help_text=_("None: all."),
    )
    exempt_kinds = ArrayField(
        models.CharField(max_length=20, choices=Branch.Kind.choices),
        verbose_name=_("exempt kinds of branch"),
        blank=True,
        default=list,
        help_text=_("Of the kinds above; say why in the note."),
    )
    least_members = models.PositiveSmallIntegerField(
        _("from how many full members"), null=True, blank=True
    )
    most_members = models.PositiveSmallIntegerField(
        _("to how many full members"), null=True, blank=True
    )
    only_with_committee = models.BooleanField(
        _("only with a branch committee"),
        default=False,
        help_text=_("That is from 7 full members on."),
    )
    per_group = models.BooleanField(_("for each Party group"), default=False)
    is_required = models.BooleanField(
        _("required"), default=True, help_text=_("Otherwise recommended.")
    )
    in_force_from = models.DateField(
        pgettext_lazy("duty", "in force from"),
        help_text=_("The first day of a period that is not over yet."),
    )
    in_force_until = models.DateField(
        pgettext_lazy("duty", "in force until"), null=True, blank=True
    )
    created_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("rule of a duty")
        verbose_name_plural = _("rules of duties")
        ordering = ("code", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], name="activities_dutyrule_version_once"
            ),
            models.CheckConstraint(
                condition=Q(in_force_until=None)
                | Q(in_force_until__gte=F("in_force_from")),
                name="activities_dutyrule_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(times__lte=31), name="activities_dutyrule_at_most_daily"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        errors = {}
        least, most = self.least_members, self.most_members
        if least is not None and most is not None and least > most:
            errors["most_members"] = _("No branch has as few and as many members.")
        if set(self.exempt_kinds or ()) - set(self.branch_kinds or ()):
            errors["exempt_kinds"] = _("Exempt only what the rule speaks of.")
        if errors:
            raise ValidationError(errors)

    @property
    def name(self) -> str:
        return self._in_language("name")

    @property
    def source(self) -> str:
        return self._in_language("source")

    @property
    def note(self) -> str:
        return self._in_language("note")

    def _in_language(self, name: str) -> str:
        chinese, english = getattr(self, f"{name}_zh"), getattr(self, f"{name}_en")
        is_chinese = (get_language() or "").startswith("zh")
        return chinese if is_chinese else english or chinese


class BranchSize(models.Model):
    """How many full members a branch had in a month, as it was known in that month.

    What a month owed is judged by it for good, whoever comes or goes later.
    """

    GRADES = graded(G1="id", G2="branch month full_members")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )
    month = models.DateField(_("first day of the month"))
    full_members = models.PositiveIntegerField(_("full members"))

    class Meta:
        verbose_name = _("size of a branch")
        verbose_name_plural = _("sizes of branches")
        ordering = ("-month", "branch")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "month"], name="activities_branchsize_once_a_month"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1),
                name="activities_branchsize_is_of_a_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.month:%Y-%m}: {self.full_members}"
