"""Members, the changes of their state, and their requests for correction."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from members import access
from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm, sealed
from members.models import Correction, CreditHour, Member, PartyGroup, StateChange
from members.services import records


class MemberForm(ServiceForm):
    def write(self):
        if self.instance.pk is None:
            return records.enroll(self.instance, by=self.asked_by)
        return records.change_record(self.instance, by=self.asked_by)


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    """Records, sealed fields masked: those are entered on the pages of the portal."""

    form = MemberForm
    list_display = ("name", "branch", "sex", "birth_date", "state", "masked_phone")
    list_filter = ("state", "sex", "is_floating", "is_retired")
    list_select_related = ("branch",)
    search_fields = ("name",)
    search_help_text = _("Name, pinyin initials or the last four digits of the phone")
    ordering = ("pinyin", "pk")
    autocomplete_fields = ("branch",)
    readonly_fields = (
        "masked_id_number",
        "masked_phone",
        "masked_landline",
        "masked_address",
    )
    writes = (
        "name",
        "sex",
        "ethnic_group",
        "birth_date",
        "file_birth_date",
        "education",
        "native_place",
        "employer",
        "occupation",
        "title",
        "post",
        "party_group",
        "applied_on",
        "admitted_on",
        "full_member_on",
        "is_floating",
        "floating_since",
        "floating_to",
        "out_of_contact_since",
        "is_retired",
        "is_abroad",
        "is_migrant_worker",
        "notes",
    )
    person = (
        ("name", "sex"),
        ("ethnic_group", "birth_date"),
        ("file_birth_date", "native_place"),
    )
    party = (("applied_on", "admitted_on"), ("full_member_on",))
    work = (("education", "title"), ("occupation", "post"), ("employer",))
    circumstances = (
        ("is_floating", "floating_since"),
        ("floating_to", "out_of_contact_since"),
        ("is_retired", "is_abroad", "is_migrant_worker"),
        "notes",
    )
    add_fieldsets = (
        (_("Person"), {"fields": person}),
        (_("In the Party"), {"fields": (("branch", "state"), *party)}),
        (_("Education and work"), {"fields": work}),
        (_("Circumstances"), {"fields": circumstances}),
    )
    fieldsets = (
        (_("Person"), {"fields": person}),
        (
            _("In the Party"),
            {
                "fields": (
                    ("branch", "party_group"),
                    ("state", "increase"),
                    *party,
                    ("enrolled_on",),
                )
            },
        ),
        (
            _("Contact"),
            {
                "fields": (
                    ("masked_id_number", "masked_phone"),
                    ("masked_landline", "masked_address"),
                ),
                "description": _("To change these, use the pages of the portal."),
            },
        ),
        (_("Education and work"), {"fields": work}),
        (_("Circumstances"), {"fields": circumstances}),
        (_("Record"), {"fields": (("created_at", "updated_at"),)}),
    )

    masked_id_number = sealed("id_number", Member)
    masked_phone = sealed("phone", Member)
    masked_landline = sealed("landline", Member)
    masked_address = sealed("address", Member)

    def get_search_results(self, request, queryset, search_term):
        return (queryset.search(search_term) if search_term else queryset), False

    def choices_for(self, db_field, request):
        if db_field.name == "branch":
            managed = access.managed_branches(request.user, "manage_roll")
            return managed.holding_members().filter(closed_on=None)
        if db_field.name == "party_group":
            return PartyGroup.objects.none()  # see get_form
        return super().choices_for(db_field, request)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and "party_group" in form.base_fields:
            standing = PartyGroup.objects.filter(branch=obj.branch_id)
            form.base_fields["party_group"].queryset = standing.filter(
                dissolved_on=None
            )
        return form

    def has_change_permission(self, request, obj=None):
        """The record of somebody who left the roll is closed."""
        if obj is not None and not obj.is_live:
            return False
        return super().has_change_permission(request, obj)


@admin.register(StateChange)
class StateChangeAdmin(ReadOnlyAdmin):
    list_display = ("member", "from_state", "to_state", "body", "effective_on")
    list_filter = ("to_state", "body")
    list_select_related = ("member",)
    search_fields = ("member__name",)
    fields = (
        ("member",),
        ("from_state", "to_state"),
        ("body", "decided_by"),
        ("decided_on", "effective_on"),
        ("document_number", "reason"),
        ("recorded_by", "recorded_at"),
    )


@admin.register(CreditHour)
class CreditHourAdmin(ReadOnlyAdmin):
    """Never in the order of hours: nobody is ranked by them."""

    list_display = ("member", "hours", "on", "source", "note")
    list_filter = ("source",)
    list_select_related = ("member",)
    search_fields = ("member__name",)
    sortable_by = ("on",)
    fields = (
        ("member", "on"),
        ("hours", "source"),
        ("key", "turn"),
        ("note", "recorded_at"),
    )


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ("member", "field_label", "state", "asked_at", "answered_at")
    list_filter = ("state",)
    list_select_related = ("member",)
    search_fields = ("member__name",)
    fields = (
        ("member", "field_label"),
        ("masked_proposed", "masked_note"),
        ("state", "answer"),
        ("asked_by", "asked_at"),
        ("answered_by", "answered_at"),
    )

    masked_proposed = sealed("proposed", Correction)
    masked_note = sealed("note", Correction)

    @admin.display(description=_("field"))
    def field_label(self, obj):
        return obj.field_label
