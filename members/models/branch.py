"""The tree of Party organizations, its terms and its Party groups."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from members.algorithms import add_months, check_credit_code
from members.grades import graded
from members.paths import depth_of


class BranchQuerySet(models.QuerySet["Branch"]):
    def standing(self, on: date) -> Self:
        """Those set up by `on` and not closed before the end of it."""
        return self.filter(
            Q(closed_on=None) | Q(closed_on__gt=on), established_on__lte=on
        )

    def within(self, paths: list[str]) -> Self:
        """Those at or below any of `paths`."""
        scope = Q()
        for path in paths:
            scope |= Q(path__startswith=path)
        return self.filter(scope) if paths else self.none()

    def above(self, branch: Branch) -> Self:
        """The branches above `branch`, the root first."""
        return self.filter(path__in=branch.paths_above()).order_by("path")

    def search(self, text: str) -> Self:
        """Those whose names or pinyin initials hold `text`, or whose code begins so."""
        text = text.strip()
        return self.filter(
            Q(name__contains=text)
            | Q(short_name__contains=text)
            | Q(code__istartswith=text)
            | Q(initials__contains=text.lower())
        )

    def holding_members(self) -> Self:
        return self.filter(kind__in=Branch.HOLD_MEMBERS)


@pghistory.track()
class Branch(models.Model):
    """A Party organization: a branch, or a committee or general branch above branches.

    `path` is the chain of primary keys from the root, each followed by a dot
    ("1.7.42."); everything below a branch begins with its path.
    """

    class Kind(models.TextChoices):  # ORG-01 … ORG-10
        COMMITTEE = "committee", _("Primary committee")
        WORKING_COMMITTEE = "working_committee", _("Working committee")
        ORGAN_COMMITTEE = "organ_committee", _("Organ committee")
        LEADING_GROUP = "leading_group", _("Leading Party group")
        DISCIPLINE = "discipline", _("Discipline committee")
        GENERAL_BRANCH = "general_branch", _("General branch")
        BRANCH = "branch", _("Branch")
        JOINT_BRANCH = "joint_branch", _("Joint branch")
        TEMP_BRANCH = "temp_branch", _("Temporary branch")
        FLOATING_BRANCH = "floating_branch", _("Floating members' branch")

    class Setting(models.TextChoices):  # KIND-01 … KIND-10
        VILLAGE = "village", _("Village")
        COMMUNITY = "community", _("Community")
        STATE_FIRM = "state_firm", _("State firm")
        UNIVERSITY = "university", _("University")
        PRIVATE_FIRM = "private_firm", _("Private firm")
        SOCIAL_ORGANIZATION = "social_organization", _("Social organization")
        INSTITUTION = "institution", _("Public institution")
        ORGAN = "organ", _("Organ of Party or state")
        FLOATING = "floating", _("Floating members")
        RETIRED = "retired", _("Retired members")

    class UnitRelation(models.TextChoices):
        SAME = "same", _("Same unit as its superior")
        LEGAL_PERSON = "legal_person", _("Legal person of its own")
        JOINT = "joint", _("Several units joined")

    COMMITTEES = frozenset(
        {Kind.COMMITTEE, Kind.WORKING_COMMITTEE, Kind.ORGAN_COMMITTEE}
    )
    # Those with a general meeting and a roll of their own (ORG-17). A temporary branch
    # has none: its members do not transfer to it (ORG-05).
    HOLD_MEMBERS = frozenset({Kind.BRANCH, Kind.JOINT_BRANCH, Kind.FLOATING_BRANCH})
    BRANCHES = HOLD_MEMBERS | {Kind.TEMP_BRANCH}
    # ORG-16: what may stand below what.
    PARENTS = {
        Kind.COMMITTEE: COMMITTEES,
        Kind.WORKING_COMMITTEE: COMMITTEES,
        Kind.ORGAN_COMMITTEE: COMMITTEES,
        Kind.LEADING_GROUP: COMMITTEES,
        Kind.DISCIPLINE: COMMITTEES,
        Kind.GENERAL_BRANCH: COMMITTEES,
        Kind.BRANCH: COMMITTEES | {Kind.GENERAL_BRANCH},
        Kind.JOINT_BRANCH: COMMITTEES | {Kind.GENERAL_BRANCH},
        Kind.TEMP_BRANCH: COMMITTEES | {Kind.GENERAL_BRANCH},
        Kind.FLOATING_BRANCH: COMMITTEES | {Kind.GENERAL_BRANCH},
    }
    GRADES = graded(
        G1="id",
        G2="parent path code name short_name initials kind setting unit_relation region "
        "credit_code term_years can_admit established_on closed_on contact_phone notes",
        G3="contact_person",
    )

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent branch"),
    )
    path = models.TextField(_("path"), editable=False, db_collation="C")
    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(
        _("full name"),
        max_length=120,
        help_text=_("As on the seal, or 中共 + unit + kind."),
    )
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    initials = models.CharField(
        _("pinyin initials"), max_length=120, blank=True, db_collation="C"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    setting = models.CharField(_("setting"), max_length=20, choices=Setting.choices)
    unit_relation = models.CharField(
        _("relation to units"),
        max_length=15,
        choices=UnitRelation.choices,
        default=UnitRelation.SAME,
    )
    region = models.CharField(_("region"), max_length=6, blank=True)
    credit_code = models.CharField(
        _("unified social credit code"),
        max_length=18,
        blank=True,
        validators=[check_credit_code],  # type: ignore[list-item]  # it returns the code
    )
    term_years = models.PositiveSmallIntegerField(
        _("years of a term"),
        null=True,
        blank=True,
        validators=[MinValueValidator(3), MaxValueValidator(5)],
        help_text=_("Empty: as the rules give for this kind and setting."),
    )
    can_admit = models.BooleanField(
        _("may admit members"),
        default=False,
        help_text=_("Only a committee with authority to admit (not below a street)."),
    )
    contact_person = models.CharField(_("contact person"), max_length=50, blank=True)
    contact_phone = models.CharField(_("office phone"), max_length=20, blank=True)
    established_on = models.DateField(_("set up on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=1000)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ("path",)
        permissions = [
            ("manage_tree", "Can add, move and close branches below"),
            ("view_roll", "Can see member records, masked"),
            ("manage_roll", "Can add and change member records"),
            ("export_roll", "Can export the roll"),
            ("manage_offices", "Can appoint to offices"),
            ("explain_access", "Can see who may see what"),
            ("reveal_sensitive", "Can read sensitive fields in full"),
            ("manage_activities", "Can plan, hold and record activities"),
            ("manage_appraisals", "Can manage appraisals and read talks"),
        ]
        constraints = [
            models.UniqueConstraint("path", name="members_branch_path_is_unique"),
            models.CheckConstraint(
                condition=Q(
                    parent=None,
                    path=models.functions.Concat(
                        models.functions.Cast("id", models.TextField()),
                        models.Value("."),
                    ),
                )
                | Q(parent__isnull=False),
                name="members_branch_root_path_is_its_key",
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="members_branch_is_not_its_own_parent",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("established_on")),
                name="members_branch_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(can_admit=False)
                | Q(kind__in=["committee", "organ_committee", "working_committee"]),
                name="members_branch_only_a_committee_admits",
            ),
            models.CheckConstraint(
                condition=Q(term_years=None) | Q(term_years__range=(3, 5)),
                name="members_branch_term_is_3_to_5_years",
            ),
        ]
        indexes = [
            models.Index(fields=["parent", "name"], name="members_branch_children"),
            models.Index(fields=["initials"], name="members_branch_initials"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="branch_takes_members_along",
                operation=pgtrigger.UpdateOf("path"),
                when=pgtrigger.After,
                condition=pgtrigger.Q(old__path__df=pgtrigger.F("new__path")),
                func="""
                    UPDATE members_member SET branch_path = NEW.path
                    WHERE branch_id = NEW.id;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Take the primary key before the insert, since the path holds it."""
        if self.pk is None:
            self.pk = next_branch_key()
            self.path = f"{self.parent.path if self.parent else ''}{self.pk}."
            kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        from django.urls import reverse  # noqa: PLC0415 -- reverse needs loaded apps

        return reverse("members:branch_detail", args=[self.pk])

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None

    @property
    def holds_members(self) -> bool:
        return self.kind in self.HOLD_MEMBERS

    @property
    def is_temporary(self) -> bool:
        """ORG-12: no admission, discipline, dues, delegates or term elections here."""
        return self.kind == self.Kind.TEMP_BRANCH

    @property
    def depth(self) -> int:
        return depth_of(self.path)

    @property
    def years_of_term(self) -> int | None:
        """Years between elections; None where there are none (ORG-12, ORG-33 … ORG-38)."""
        if self.is_temporary or self.kind == self.Kind.LEADING_GROUP:
            return None
        if self.term_years:
            return self.term_years
        rural = self.setting in {self.Setting.VILLAGE, self.Setting.COMMUNITY}
        # ORG-37 speaks of the departments of a university: its general branches.
        department = (
            self.setting == self.Setting.UNIVERSITY
            and self.kind == self.Kind.GENERAL_BRANCH
        )
        committee = self.kind in self.COMMITTEES | {self.Kind.DISCIPLINE}
        return 5 if rural or department or committee else 3

    def paths_above(self) -> list[str]:
        """The paths of the branches above, the root first."""
        keys = self.path.split(".")[:-2]
        return ["".join(f"{key}." for key in keys[: i + 1]) for i in range(len(keys))]

    def is_within(self, paths: list[str]) -> bool:
        return any(self.path.startswith(path) for path in paths)


def next_branch_key() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('members_branch', 'id'))")
        return cursor.fetchone()[0]


class BranchChange(models.Model):
    """A branch was set up, moved or closed: what was decided, by whom (ORG-11, ORG-14)."""

    class Kind(models.TextChoices):
        SET_UP = "set_up", _("Set up")
        MOVED = "moved", _("Moved")
        CLOSED = "closed", _("Closed")

    GRADES = graded(
        G1="id",
        G2="branch kind from_parent to_parent decided_on document_number reason "
        "recorded_by recorded_at",
    )

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="changes", verbose_name=_("branch")
    )
    kind = models.CharField(
        pgettext_lazy("branch", "change"), max_length=10, choices=Kind.choices
    )
    from_parent = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("from parent branch"),
    )
    to_parent = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("to parent branch"),
    )
    decided_on = models.DateField(_("decided on"))
    document_number = models.CharField(_("document number"), max_length=60)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        "members.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("change of a branch")
        verbose_name_plural = _("changes of branches")
        ordering = ("-decided_on", "-pk")

    def __str__(self) -> str:
        return f"{self.branch} {self.get_kind_display()} {self.decided_on}"


class TermQuerySet(models.QuerySet["Term"]):
    def in_force(self, on: date) -> Self:
        return self.filter(starts_on__lte=on, ends_on__gte=on)

    def due(self, on: date) -> Self:
        """The newest term of each branch, if it has ended or ends within 6 months."""
        newest = Term.objects.filter(branch=models.OuterRef("branch"))
        return self.filter(
            pk=models.Subquery(newest.order_by("-ends_on").values("pk")[:1]),
            ends_on__lte=add_months(on, 6),
            branch__closed_on=None,
        )


@pghistory.track()
class Term(models.Model):
    """The years a committee, or a secretary without one, is elected for."""

    GRADES = graded(G1="id", G2="branch number starts_on ends_on document_number")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="terms", verbose_name=_("branch")
    )
    number = models.PositiveSmallIntegerField(_("number of the term"))
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    document_number = models.CharField(_("document number"), max_length=60, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ("-ends_on",)
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "number"], name="members_term_number_is_used_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="members_term_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.number} ({self.starts_on} – {self.ends_on})"

    @property
    def remind_on(self) -> date:
        """The day the superior reminds: 6 months before the end (ORG-39)."""
        return add_months(self.ends_on, -6)


@pghistory.track()
class PartyGroup(models.Model):
    """A part of a branch, not a level of organization (ORG-07)."""

    GRADES = graded(G1="id", G2="branch name set_up_on dissolved_on")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="party_groups", verbose_name=_("branch")
    )
    name = models.CharField(_("name"), max_length=40)
    # Empty for groups entered before this was kept: as old as their branch.
    set_up_on = models.DateField(_("set up on"), null=True, editable=False)
    dissolved_on = models.DateField(_("dissolved on"), null=True, blank=True)

    class Meta:
        verbose_name = _("Party group")
        verbose_name_plural = _("Party groups")
        ordering = ("branch", "name")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "name"],
                condition=Q(dissolved_on=None),
                name="members_partygroup_name_is_used_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LocalCode(models.Model):
    """A row of a code table that changes or is local: regions and posts (MEM-29).

    The national tables that do not change stand as files in members/codes.
    """

    class Table(models.TextChoices):
        REGION = "region", _("Regions, GB/T 2260")
        POST = "post", _("Posts of members")

    GRADES = graded(G1="id table code name_zh name_en valid_from valid_until source")

    table = models.CharField(_("table"), max_length=10, choices=Table.choices)
    code = models.CharField(_("code"), max_length=12)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("local code")
        verbose_name_plural = _("local codes")
        ordering = ("table", "code", "-valid_from")
        constraints = [
            models.UniqueConstraint(
                fields=["table", "code", "valid_from"],
                name="members_localcode_is_given_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def name(self) -> str:
        if (get_language() or "").startswith("zh"):
            return self.name_zh
        return self.name_en or self.name_zh
