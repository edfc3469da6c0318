"""What all pages of the administration have in common.

Lists, forms, choices, histories and actions hold the records that `members.access` gives,
nothing is deleted, and what is saved is saved by a service.
"""

import re
from typing import Any

from django import forms
from django.contrib.admin import ShowFacets
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.http import Http404
from django.utils.decorators import method_decorator
from unfold.admin import ModelAdmin

from members import access
from members.admin import history
from members.forms.refusals import add_refusal
from members.masking import masked
from members.models import Office, User
from members.rates import limited, searching
from members.sealing import IndexField, SealedField

# Tables without personal data, offered in forms to whoever may fill them in.
OPEN_TABLES = frozenset({Office})


class Chooser(AutocompleteSelect):
    """A field to search in; what is no key at all is not looked up to show it again."""

    def optgroups(self, name, value, attr=None):
        keys = [key for key in value if re.fullmatch(r"[0-9]{1,18}", str(key))]
        return super().optgroups(name, keys, attr)


class ServiceForm(forms.ModelForm):
    """A form whose last check is the service itself: what it refuses stands at the field.

    `asked_by` is the account that asks, set by ScopedAdmin.
    """

    asked_by: User

    def _post_clean(self):
        """The constraints are left to the service, which knows whom it may tell what."""
        entered = construct_instance(
            self, self.instance, self._meta.fields, self._meta.exclude
        )
        try:
            entered.full_clean(
                exclude=self._get_validation_exclusions(),
                validate_unique=False,
                validate_constraints=False,
            )
        except ValidationError as faults:
            add_refusal(self, faults)
        self.validate_unique()
        if self.errors:
            return
        try:
            self.instance = self.write()
        except ValidationError as refusal:
            add_refusal(self, refusal)

    def write(self) -> Any:
        """Call the service with what was entered; return the record it wrote."""
        raise NotImplementedError

    def _update_errors(self, errors):
        """Show a fault of a field that is not in the form on top of it."""
        add_refusal(self, errors)

    def _save_m2m(self):
        """Nothing is left to save."""


class ScopedAdmin(ModelAdmin):
    """Shows and changes what the account may, and nothing else (AZ-05, AZ-06).

    `writes`: the fields that change a record that stands; all others are read-only then.
    """

    form = ServiceForm
    writes: tuple[str, ...] = ()
    list_per_page = 50
    list_max_show_all = 0
    list_filter_sheet = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    view_on_site = False
    save_as = False

    # --- which records ---
    def get_queryset(self, request):
        records = access.reachable(request.user, self.model)
        return records.order_by(
            *self.get_ordering(request) or self.model._meta.ordering
        )

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return self.may(request, "view", obj)

    def has_add_permission(self, request):
        return self.may(request, "add")

    def has_change_permission(self, request, obj=None):
        return self.may(request, "change", obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def may(self, request, action, obj=None):
        """Whether there may be such records and, given one, whether it is among them."""
        permission = f"{self.opts.app_label}.{action}_{self.opts.model_name}"
        if not access.may(request.user, permission):
            return False
        return obj is None or access.may(request.user, permission, obj)

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404

    def lookup_allowed(self, lookup, value, request):
        """Filter by what is declared alone: another column is a leak (IN-02)."""
        fields, parameters = set(), set()
        for declared in self.get_list_filter(request):
            if isinstance(declared, type):
                parameters.add(declared.parameter_name)
            else:
                fields.add(declared if isinstance(declared, str) else declared[0])
        return lookup in parameters or lookup.split("__")[0] in fields

    @method_decorator(limited("search", when=searching))
    def changelist_view(self, request, extra_context=None):
        """Searched and filtered no oftener than the pages are (OP-08)."""
        return super().changelist_view(request, extra_context)

    # --- forms ---
    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.asked_by = request.user
        return form

    def get_readonly_fields(self, request, obj=None):
        """Of a record that stands, all but `writes`; sealed fields never open (AZ-11)."""
        if obj is None:
            return super().get_readonly_fields(request, obj)
        shown = self.fields_of(request, obj)
        return [name for name in shown if name not in self.get_writes(request, obj)]

    def fields_of(self, request, obj):
        declared = [
            name
            for _title, part in self.get_fieldsets(request, obj)
            for name in part["fields"]
        ]
        return [
            name
            for item in declared
            for name in (item if isinstance(item, (list, tuple)) else [item])
        ]

    def get_writes(self, request, obj):
        return self.writes

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "queryset" not in kwargs:
            kwargs["queryset"] = self.choices_for(db_field, request)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Chooser(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def choices_for(self, db_field, request):
        """The records a foreign key may name: those one may see (AZ-06)."""
        model = db_field.remote_field.model
        if model in OPEN_TABLES:
            return model._default_manager.all()
        return access.reachable(request.user, model)

    def save_model(self, request, obj, form, change):
        """Saved already, by the service the form called."""

    # --- history ---
    def history_view(self, request, object_id, extra_context=None):
        if not hasattr(self.model, "pgh_event_model"):
            return super().history_view(request, object_id, extra_context)
        record = self.get_object(request, object_id)
        if record is None or not self.has_view_permission(request, record):
            raise Http404
        return history.page(self, request, record)


class ReadOnlyAdmin(ScopedAdmin):
    """What others write: shown, and changed nowhere here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def sealed(name: str, model) -> Any:
    """A column for a sealed field that shows its mask."""

    def column(self, obj):
        return masked(obj, name) or "-"

    column.short_description = model._meta.get_field(name).verbose_name
    return column


def is_sealed(field) -> bool:
    return isinstance(field, SealedField | IndexField)
