"""Rosters that came and went, and the code tables that change."""

from base64 import b64decode, b64encode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from import_export import resources
from import_export.admin import ImportExportModelAdmin
from import_export.formats import base_formats
from import_export.forms import ConfirmImportForm
from import_export.tmp_storages import CacheStorage
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin, ScopedAdmin, ServiceForm
from members.models import Export, ImportBatch, LocalCode, User
from members.services import codes, imports


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    """What was imported, by whom and how much; the file itself stays sealed.

    The security administrator sees what is held, and destroys it (UP-07).
    """

    list_display = ("file_name", "branch", "uploaded_by", "rows", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("branch", "uploaded_by")
    search_fields = ("branch__name", "branch__code")
    fields = (
        ("branch", "uploaded_by"),
        ("file_name", "state"),
        ("error",),
        ("rows", "accepted", "changed"),
        ("unchanged", "refused"),
        ("created_at", "checked_at", "applied_at"),
        ("undone_by", "undone_at"),
        ("undo_reason",),
    )
    actions = ("destroy",)

    @action(description=_("Destroy what is held"), permissions=["destroy"])
    def destroy(self, request, queryset):
        keys = queryset.values_list("pk", flat=True)
        count = sum(imports.destroy(key, by=request.user) for key in keys)
        self.message_user(
            request,
            ngettext(
                "%(count)s held file was destroyed.",
                "%(count)s held files were destroyed.",
                count,
            )
            % {"count": count},
        )

    def has_destroy_permission(self, request, object_id=None):
        return request.user.administrator == User.Administrator.SECURITY


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """What was exported, by whom and why; the file itself stays sealed."""

    list_display = ("branch", "requested_by", "reason", "state", "rows", "requested_at")
    list_filter = ("state", "format")
    list_select_related = ("branch", "requested_by")
    search_fields = ("branch__name", "branch__code")
    fields = (
        ("branch", "requested_by"),
        ("reason", "format"),
        ("state", "error"),
        ("rows",),
        ("requested_at", "ready_at"),
        ("expires_at", "downloaded_at"),
    )


class LocalCodeForm(ServiceForm):
    def write(self):
        return codes.save_code(self.instance, by=self.asked_by)


class LocalCodeResource(resources.ModelResource):
    class Meta:
        model = LocalCode
        fields = (
            "table",
            "code",
            "name_zh",
            "name_en",
            "valid_from",
            "valid_until",
            "source",
        )
        import_id_fields = ("table", "code", "valid_from")
        clean_model_instances = True
        skip_unchanged = True

    def after_import(self, dataset, result, **kwargs):
        changed = result.totals["new"] + result.totals["update"]
        if changed and not kwargs.get("dry_run"):
            codes.note_import(changed, by=kwargs["user"])


class LocalCodeImportForm(ImportForm):
    """Read by the web process itself, so no more than a code table needs (UP-05)."""

    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > settings.CODE_TABLE_MAX_BYTES:
            message = _("The file is larger than a code table: split it.")
            raise ValidationError(message, code="too_big")
        return file


class WaitingFile(CacheStorage):
    """A file that waits to be confirmed, in a cache that holds text alone (OP-06)."""

    def save(self, data):
        super().save(b64encode(data).decode())

    def read(self):
        held = super().read()
        return None if held is None else b64decode(held)


class LocalCodeConfirmForm(ConfirmImportForm):
    """The library believes what comes back: the format, and that the file is there."""

    format = forms.ChoiceField(choices=[("0", "csv")], widget=forms.HiddenInput)

    def clean_import_file_name(self):
        name = super().clean_import_file_name()
        if WaitingFile(name=name).read() is None:
            message = _("The file waited too long: upload it again.")
            raise ValidationError(message, code="gone")
        return name


@admin.register(LocalCode)
class LocalCodeAdmin(ScopedAdmin, ImportExportModelAdmin):
    """Regions and posts; whoever may change them may bring and take them as a file."""

    form = LocalCodeForm
    resource_classes = (LocalCodeResource,)
    import_export_change_list_template = "admin/members/localcode_list.html"
    import_form_class = LocalCodeImportForm
    confirm_form_class = LocalCodeConfirmForm
    export_form_class = ExportForm
    # Text alone: a workbook would have to be weighed before it is opened (UP-04).
    formats = import_formats = export_formats = (base_formats.CSV,)
    list_display = ("table", "code", "name_zh", "name_en", "valid_from", "valid_until")
    list_filter = ("table",)
    search_fields = ("code", "name_zh", "name_en")
    writes = ("name_zh", "name_en", "valid_from", "valid_until", "source")
    fields = (
        ("table", "code"),
        ("name_zh", "name_en"),
        ("valid_from", "valid_until"),
        "source",
    )

    @method_decorator(require_POST)
    def process_import(self, request, **kwargs):
        """Bring in what was confirmed, or begin again."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if form.is_valid():
            return super().process_import(request, **kwargs)
        for faults in form.errors.values():
            self.message_user(request, " ".join(faults), messages.ERROR)
        return redirect("admin:members_localcode_import")

    def has_import_permission(self, request):
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request):
        return self.has_import_permission(request)
