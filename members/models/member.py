"""People on a roll, the changes of their state, and their requests for correction."""

from __future__ import annotations

from datetime import date
from typing import Self, cast

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members import code_tables
from members.algorithms import add_years, check_id_number, check_mobile, years_between
from members.grades import graded
from members.models.branch import Branch, PartyGroup
from members.names import pieces, surname
from members.paths import HIGH, BranchPathField, component
from members.refusals import refusal_at
from members.sealing import (
    IndexField,
    SealedField,
    SealedModel,
    SealedQuerySet,
    index_of,
)

SELDOM = {
    "abroad": Q(is_abroad=True),
    "floating": Q(is_floating=True),
    "no_contact": Q(out_of_contact_since__isnull=False),
}


class MemberQuerySet(SealedQuerySet["Member"]):
    def live(self) -> Self:
        """Those on a roll now, applicants included."""
        return self.filter(state__in=Member.LIVE)

    def in_party(self) -> Self:
        return self.filter(state__in=Member.IN_PARTY)

    def within(self, paths: list[str]) -> Self:
        """Those on a roll at or below any of `paths`."""
        scope = Q()
        for path in paths:
            scope |= Q(branch_path__below=path)
        return self.filter(scope) if paths else self.none()

    def search(self, text: str) -> Self:
        """Those that `matching` finds."""
        return self.filter(matching(text))


def is_phone(text: str) -> bool:
    """Whether this is the end of a phone number, by which one may be searched for."""
    return len(text) == 4 and text.isdigit()


def matching(text: str) -> Q:
    """Those whose name holds `text`, whose pinyin or initials begin so, or whose phone
    ends in it (four digits); for records and for their history."""
    text = text.strip()
    if is_phone(text):
        return Q(phone_tail=index_of(Member, "phone_tail", text))
    if text.isascii():
        text = text.lower()
        return Q(initials__startswith=text) | Q(pinyin__startswith=text)
    return Q(name__contains=text)


# By statement, not by row: an import writes a thousand records in one.
@pghistory.track(
    pghistory.InsertEvent(level=pghistory.Statement),
    # A save that changed nothing but the time of saving is no history, nor is it one of
    # the member where the branch stands.
    pghistory.UpdateEvent(
        condition=pgtrigger.AnyChange(
            exclude=["updated_at", "id_number_index_next", "branch_path"]
        ),
        level=pghistory.Statement,
    ),
    exclude=["id_number_index_next", "branch_path"],
)
class Member(SealedModel):
    """A person on a branch's roll: applicant, activist, candidate or Party member.

    States and flags stand side by side: a full member may be floating, retired and
    abroad at once (MEM-13). ID number, phones and address are sealed (G4).
    """

    class State(models.TextChoices):  # MEM-01 … MEM-08
        APPLICANT = "applicant", _("Applicant")
        ACTIVIST = "activist", _("Activist")
        CANDIDATE = "candidate", _("Candidate")
        PROBATIONARY = "probationary", _("Probationary member")
        FULL = "full", _("Full member")
        ON_PROBATION = "on_probation", _("On probation within the Party")
        STOPPED = "stopped", _("Membership stopped")
        WITHDRAWN = "withdrawn", _("Application withdrawn")
        CANCELLED = "cancelled", _("Probationary membership cancelled")
        REMOVED = "removed", _("Removed")
        ADVISED_OUT = "advised_out", _("Left on advice")
        RESIGNED = "resigned", _("Resigned")
        SELF_WITHDRAWN = "self_withdrawn", _("Removed after self-withdrawal")
        EXPELLED = "expelled", _("Expelled")
        DECEASED = "deceased", _("Deceased")
        # Never true of the person: an import was undone (decision 6).
        VOIDED = "voided", _("Entered by mistake")

    BEFORE_ADMISSION = (State.APPLICANT, State.ACTIVIST, State.CANDIDATE)
    IN_PARTY = (State.PROBATIONARY, State.FULL, State.ON_PROBATION, State.STOPPED)
    LIVE = BEFORE_ADMISSION + IN_PARTY
    # MEM-21: no new admission for 5 years after these.
    EXITS = (
        State.REMOVED,
        State.ADVISED_OUT,
        State.RESIGNED,
        State.SELF_WITHDRAWN,
        State.EXPELLED,
    )
    # A member before full membership, or after an exit, has no day of full membership.
    STANDING = (State.FULL, State.ON_PROBATION, State.STOPPED)

    class Increase(models.TextChoices):
        """Why somebody came on this roll."""

        REGISTERED = "registered", _("First registration of the roll")
        APPLIED = "applied", _("Applied to join")
        ADMITTED = "admitted", _("Newly admitted")
        TRANSFERRED = "transferred", _("Transferred in")
        RESTORED = "restored", _("Membership restored")

    GRADES = graded(
        G1="id",
        G2="branch_path",
        G3="name pinyin initials sex ethnic_group birth_date file_birth_date education "
        "native_place employer occupation title post state branch party_group "
        "applied_on admitted_on full_member_on enrolled_on increase is_floating "
        "floating_since floating_to out_of_contact_since is_retired is_abroad "
        "is_migrant_worker notes created_at updated_at",
        G4="id_number id_number_index id_number_index_next phone phone_index phone_tail "
        "landline address",
    )

    name = models.CharField(
        pgettext_lazy("person", "name"),
        max_length=50,
        validators=[
            MinLengthValidator(2),
            RegexValidator(
                r"^[^\W\d_]+([ ·'-][^\W\d_]+)*$",
                _("Write the name as on the ID card: letters, with · between parts."),
            ),
        ],
        help_text=_("As on the ID card."),
    )
    pinyin = models.CharField(_("pinyin"), max_length=200, blank=True, db_collation="C")
    initials = models.CharField(
        _("pinyin initials"), max_length=50, blank=True, db_collation="C"
    )
    sex = models.CharField(_("sex"), max_length=1, choices=code_tables.SEX.choices)
    ethnic_group = models.CharField(
        _("ethnic group"),
        max_length=2,
        choices=code_tables.ETHNIC_GROUP.choices,
    )
    id_number = SealedField(_("citizen ID number"), null=True, blank=True)
    id_number_index = IndexField(source="id_number", normalize="id_number")
    id_number_index_next = IndexField(
        source="id_number", normalize="id_number", next_of="id_number_index"
    )
    birth_date = models.DateField(_("birth date"))
    file_birth_date = models.DateField(
        _("birth date in the personnel file"),
        null=True,
        blank=True,
        help_text=_("Only where it differs from the ID number."),
    )
    education = models.CharField(
        _("education"),
        max_length=2,
        blank=True,
        choices=code_tables.EDUCATION.choices,
    )
    native_place = models.CharField(_("native place"), max_length=60, blank=True)
    employer = models.CharField(_("employer"), max_length=100, blank=True)
    occupation = models.CharField(
        _("occupation"),
        max_length=5,
        blank=True,
        choices=code_tables.OCCUPATION.choices,
    )
    title = models.CharField(
        _("professional title"),
        max_length=3,
        blank=True,
        validators=[
            RegexValidator(r"^\d{3}$", _("Enter the three digits of the title."))
        ],
        help_text=_("Three digits of GB/T 8561; the third is the grade (1 to 5)."),
    )
    post = models.CharField(_("post"), max_length=12, blank=True)
    phone = SealedField(
        _("mobile phone"), null=True, blank=True, validators=[check_mobile]
    )
    phone_index = IndexField(source="phone", normalize="phone")
    phone_tail = IndexField(source="phone", normalize="phone", part="last4")
    landline = SealedField(_("landline"), null=True, blank=True)
    address = SealedField(_("home address"), null=True, blank=True)

    state = models.CharField(
        pgettext_lazy("member", "state"), max_length=20, choices=State.choices
    )
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        related_name="members",
        verbose_name=pgettext_lazy("member", "branch"),
    )
    party_group = models.ForeignKey(
        PartyGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("Party group"),
    )
    branch_path = BranchPathField(_("path of the branch"))
    applied_on = models.DateField(_("applied on"), null=True, blank=True)
    admitted_on = models.DateField(_("admitted on"), null=True, blank=True)
    full_member_on = models.DateField(_("full member since"), null=True, blank=True)
    enrolled_on = models.DateField(_("on this roll since"))
    increase = models.CharField(
        _("reason of increase"),
        max_length=12,
        choices=Increase.choices,
        default=Increase.REGISTERED,
    )

    is_floating = models.BooleanField(_("floating"), default=False)
    floating_since = models.DateField(_("floating since"), null=True, blank=True)
    floating_to = models.CharField(
        _("floating to (province, city, county)"), max_length=80, blank=True
    )
    out_of_contact_since = models.DateField(
        _("out of contact since"), null=True, blank=True
    )
    is_retired = models.BooleanField(_("retired"), default=False)
    is_abroad = models.BooleanField(_("abroad"), default=False)
    is_migrant_worker = models.BooleanField(_("migrant worker"), default=False)
    notes = models.TextField(_("notes"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = MemberQuerySet.as_manager()  # type: ignore[misc]  # of the sealed base

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ("pinyin", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index"],
                condition=Q(
                    state__in=[
                        "applicant",
                        "activist",
                        "candidate",
                        "probationary",
                        "full",
                        "on_probation",
                        "stopped",
                    ]
                ),
                name="members_member_id_number_is_on_one_roll",
                violation_error_message=_("This ID number is already on a roll."),
            ),
            models.UniqueConstraint(
                fields=["id_number_index_next"],
                condition=Q(
                    state__in=[
                        "applicant",
                        "activist",
                        "candidate",
                        "probationary",
                        "full",
                        "on_probation",
                        "stopped",
                    ]
                ),
                name="members_member_id_number_is_on_one_roll_next",
                violation_error_message=_("This ID number is already on a roll."),
            ),
            models.CheckConstraint(
                condition=~Q(state="probationary")
                | Q(admitted_on__isnull=False, full_member_on=None),
                name="members_member_probation_has_begun",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["full", "on_probation", "stopped"])
                | Q(admitted_on__isnull=False, full_member_on__isnull=False),
                name="members_member_full_has_both_dates",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["applicant", "activist", "candidate"])
                | Q(admitted_on=None, full_member_on=None),
                name="members_member_before_admission_has_no_dates",
            ),
            models.CheckConstraint(
                condition=Q(full_member_on=None)
                | Q(full_member_on__gte=F("admitted_on")),
                name="members_member_full_after_admission",
            ),
            models.CheckConstraint(
                condition=Q(is_floating=True) | Q(floating_since=None, floating_to=""),
                name="members_member_only_floating_has_destination",
            ),
        ]
        indexes = [
            # Where one looks, then the order of the roll.
            models.Index(
                fields=["branch_path", "pinyin", "id"], name="members_member_roll"
            ),
            *(
                models.Index(
                    component("branch_path", depth),
                    "pinyin",
                    "id",
                    name=f"members_member_roll_{depth}",
                )
                for depth in HIGH
            ),
            models.Index(fields=["pinyin", "id"], name="members_member_by_pinyin"),
            models.Index(fields=["phone_index"], name="members_member_phone"),
            models.Index(fields=["phone_tail"], name="members_member_phone_tail"),
            models.Index(fields=["id_number_index"], name="members_member_id_number"),
            models.Index(fields=["initials"], name="members_member_initials"),
            models.Index(surname(), "pinyin", "id", name="members_member_surname"),
            GinIndex(OpClass(pieces(), name="array_ops"), name="members_member_pieces"),
            # Orders of the roll; those of the same day are sorted when they are read.
            models.Index(fields=["birth_date"], name="members_member_born"),
            *(
                models.Index(order, name=f"members_member_{name}")
                for day in ("admitted_on", "full_member_on")
                for name, order in (
                    (f"{day[:4]}_first", F(day).asc(nulls_last=True)),
                    (f"{day[:4]}_last", F(day).desc(nulls_last=True)),
                )
            ),
            # What few have: found among all without reading all.
            *(
                models.Index(
                    fields=["pinyin", "id"],
                    condition=condition,
                    name=f"members_member_{name}",
                )
                for name, condition in SELDOM.items()
            ),
            models.Index(
                fields=["ethnic_group", "pinyin", "id"],
                condition=~Q(ethnic_group="01"),
                name="members_member_minority",
            ),
            models.Index(
                fields=["state", "pinyin", "id"],
                condition=~Q(state="full"),
                name="members_member_state",
            ),
        ]
        triggers = [
            # The lock makes it wait for a move of the branch, as that waits for us. Who
            # saves a record and leaves it where it is takes none.
            pgtrigger.Trigger(
                name="member_follows_branch",
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("branch_id", "branch_path"),
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'INSERT'
                        OR OLD.branch_id IS DISTINCT FROM NEW.branch_id
                        OR OLD.branch_path IS DISTINCT FROM NEW.branch_path
                    THEN
                        SELECT path INTO NEW.branch_path FROM members_branch
                        WHERE id = NEW.branch_id FOR KEY SHARE;
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("members:member_detail", args=[self.pk])

    def clean(self) -> None:
        """Judge the fields against one another (items 1 to 16, MEM-30, DEV-V06)."""
        errors: dict[str, ValidationError] = {}
        today = timezone.localdate()
        for check in (
            self._check_id_number,
            self._check_ages,
            self._check_dates,
            self._check_flags,
            self._check_place,
        ):
            try:
                check(today)
            except ValidationError as refusal:
                for field, messages in refusal.error_dict.items():
                    errors.setdefault(field, ValidationError(messages))
        if errors:
            raise ValidationError(errors)

    def _check_id_number(self, today: date) -> None:
        if not self.id_number:
            return
        try:
            found = check_id_number(self.id_number, today)
        except ValidationError as refusal:
            raise ValidationError({"id_number": refusal}) from None
        self.id_number = found.number
        if self.sex and self.sex != found.sex:
            message = _("The sex does not agree with the ID number: check both.")
            raise refusal_at("sex", message, code="disagrees")
        if self.birth_date and self.birth_date != found.birth_date:
            message = _(
                "The birth date does not agree with the ID number. If only the personnel "
                "file differs, enter its date beside it."
            )
            raise refusal_at("birth_date", message, code="disagrees")

    def _check_ages(self, today: date) -> None:
        if self.birth_date is None:
            return
        adult_on = add_years(self.birth_date, 18)
        for field in ("applied_on", "admitted_on"):
            day = getattr(self, field)
            if day is not None and day < adult_on:
                message = _("The person was not yet 18 on this day.")
                raise refusal_at(field, message, code="under_age")
        if adult_on > today:
            message = _("Only a person of 18 or more can be on a roll.")
            raise refusal_at("birth_date", message, code="under_age")

    def _check_dates(self, today: date) -> None:
        for field in ("applied_on", "admitted_on", "full_member_on", "enrolled_on"):
            if (day := getattr(self, field)) is not None and day > today:
                raise refusal_at(
                    field, _("This day is in the future."), code="in_future"
                )
        if self.state in self.IN_PARTY and self.admitted_on is None:
            message = _("Enter the day of admission.")
            raise refusal_at("admitted_on", message, code="required")
        if self.state in self.STANDING and self.full_member_on is None:
            message = _("Enter the day of full membership.")
            raise refusal_at("full_member_on", message, code="required")
        if self.state == self.State.PROBATIONARY and self.full_member_on is not None:
            message = _("A probationary member has no day of full membership yet.")
            raise refusal_at("full_member_on", message, code="too_early")
        if self.state in self.BEFORE_ADMISSION:
            for field in ("admitted_on", "full_member_on"):
                if getattr(self, field) is not None:
                    message = _("This person is not admitted yet: leave the day empty.")
                    raise refusal_at(field, message, code="too_early")
        self._check_probation()

    def _check_probation(self) -> None:
        if self.admitted_on is None or self.full_member_on is None:
            return
        # The probation of a year is kept since the rules of 1982 (item 10).
        least = self.admitted_on
        if self.admitted_on.year >= 1983:
            least = add_years(self.admitted_on, 1)
        if self.full_member_on < least:
            message = _(
                "Full membership begins a year after admission at the earliest."
            )
            raise refusal_at("full_member_on", message, code="too_early")

    def _check_flags(self, today: date) -> None:
        if not self.is_floating and (self.floating_since or self.floating_to):
            message = _("Tick “floating”, or leave its day and place empty.")
            raise refusal_at("is_floating", message, code="disagrees")
        if self.is_floating and not self.floating_to:
            message = _("Enter the province, city and county the member has gone to.")
            raise refusal_at("floating_to", message, code="required")
        for field in ("floating_since", "out_of_contact_since"):
            day = getattr(self, field)
            if day is not None and day > today:
                raise refusal_at(
                    field, _("This day is in the future."), code="in_future"
                )

    def _check_place(self, _today: date) -> None:
        if self.branch_id is None:
            return
        if not self.branch.holds_members:
            message = _("An organization of this kind has no roll: choose a branch.")
            raise refusal_at("branch", message, code="no_roll")
        if self.branch.is_closed and self.is_live:
            message = _("This branch is closed.")
            raise refusal_at("branch", message, code="closed_branch")
        if (
            self.party_group is not None
            and self.party_group.branch_id != self.branch_id
        ):
            message = _("This Party group belongs to another branch.")
            raise refusal_at("party_group", message, code="elsewhere")

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def political_status(self) -> str:
        """GB/T 4762: 01 for a member, 02 in probation, else 13 (MEM-25)."""
        if self.state in self.STANDING:
            return "01"
        return "02" if self.state == self.State.PROBATIONARY else "13"

    def years_of_standing(self, on: date) -> int | None:
        """Whole years since full membership (MEM-12, MEM-33); None before it."""
        if self.full_member_on is None or self.state not in self.STANDING:
            return None
        return years_between(self.full_member_on, on)


class StateChange(models.Model):
    """One step along the table of states, with what decided it (MEM-11)."""

    class Body(models.TextChoices):
        GENERAL_MEETING = "general_meeting", _("General meeting of the branch")
        BRANCH_COMMITTEE = "branch_committee", _("Branch committee")
        SUPERIOR = "superior", _("Superior committee")
        DISCIPLINE = "discipline", _("Discipline committee")
        PERSON = "person", _("The person")
        NONE = "none", _("No decision needed")

    GRADES = graded(
        G1="id",
        G3="member from_state to_state body decided_by decided_on effective_on "
        "document_number reason recorded_by recorded_at",
    )

    member = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="state_changes",
        verbose_name=_("member"),
    )
    from_state = models.CharField(
        pgettext_lazy("state", "from"),
        max_length=20,
        choices=Member.State.choices,
        blank=True,
    )
    to_state = models.CharField(
        pgettext_lazy("state", "to"), max_length=20, choices=Member.State.choices
    )
    body = models.CharField(_("deciding body"), max_length=20, choices=Body.choices)
    decided_by = models.CharField(_("name of the body"), max_length=120, blank=True)
    decided_on = models.DateField(_("decided on"))
    effective_on = models.DateField(_("takes effect on"))
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
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
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
        ordering = ("-effective_on", "-pk")

    def __str__(self) -> str:
        return f"{self.member}: {self.get_to_state_display()} {self.effective_on}"


class Correction(SealedModel):
    """A member says that the record is wrong; the branch answers (SEC-07, SEC-17)."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Corrected")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")

    # What a member may ask to correct; each is a field of the record.
    FIELDS = (
        "name",
        "sex",
        "ethnic_group",
        "id_number",
        "birth_date",
        "education",
        "native_place",
        "employer",
        "occupation",
        "phone",
        "landline",
        "address",
        "admitted_on",
        "full_member_on",
    )

    GRADES = graded(
        G1="id",
        G3="member field note state asked_by asked_at answered_by answered_at answer",
        G4="proposed",
    )

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="corrections", verbose_name=_("member")
    )
    field = models.CharField(_("field"), max_length=40)
    proposed = SealedField(_("what is right"))
    note = SealedField(_("why"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.OPEN
    )
    asked_by = models.ForeignKey(
        "members.User",
        models.PROTECT,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    answered_by = models.ForeignKey(
        "members.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("request for correction")
        verbose_name_plural = _("requests for correction")
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "field"],
                condition=Q(state="open"),
                name="members_correction_one_open_for_each_field",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "withdrawn"]) | ~Q(answer=""),
                name="members_correction_closes_with_an_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.field} {self.get_state_display()}"

    @property
    def field_label(self) -> str:
        field = cast(models.Field, Member._meta.get_field(self.field))
        return str(field.verbose_name)
