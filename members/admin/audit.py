"""The audit log, for the audit administrator: read, filtered, taken away; never changed."""

import re
from datetime import timedelta
from ipaddress import ip_address

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    TextFilter,
)
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from members.admin.base import ReadOnlyAdmin
from members.forms.refusals import add_refusal
from members.history import end_of
from members.models import AuditEntry, Branch, User
from members.services import audit_reading

LARGEST_KEY = 2**63 - 1
FIRST_YEAR, LAST_YEAR = 1990, 2200


class CappedPaginator(Paginator):
    """Counts to `most` and no further: a page far back would be slow to reach, too."""

    most = 10_000

    @cached_property
    def count(self):
        return self.object_list.order_by()[: self.most].count()


# --- filters ------------------------------------------------------------------------------
class Typed(TextFilter):
    """What was typed becomes a condition; what cannot be understood finds nothing."""

    def queryset(self, request, queryset):
        typed = (self.value() or "").strip()
        if not typed:
            return queryset
        condition = self.condition(typed)
        return queryset.none() if condition is None else queryset.filter(**condition)

    def condition(self, typed):
        raise NotImplementedError


class ByAccount(Typed):
    title, parameter_name = _("account name"), "account"

    def condition(self, typed):
        return {"by__in": list(User.objects.filter(username=typed))}


class WithinBranch(Typed):
    title, parameter_name = _("branch code, with all below"), "branch"

    def condition(self, typed):
        top = Branch.objects.filter(code=typed).first()
        if top is None:
            return None
        below = Branch.objects.filter(path__startswith=top.path)
        return {"branch__in": below.order_by().values("pk")}


class Numbered(Typed):
    def condition(self, typed):
        number = typed if re.fullmatch(r"[0-9]{1,19}", typed) else ""
        if not number or int(number) > LARGEST_KEY:
            return None
        return {self.lookup: int(number)}


class ByMember(Numbered):
    title, parameter_name, lookup = _("member number"), "member", "member_id"


class ByRecord(Numbered):
    title, parameter_name = _("number of the record"), "record"
    lookup = "subject_id"


class ByKind(DropdownFilter):
    title, parameter_name = _("kind of record"), "kind"

    def lookups(self, request, model_admin):
        models = apps.get_app_config("members").get_models()
        kept = [model for model in models if not hasattr(model, "pgh_tracked_model")]
        return sorted((m._meta.label_lower, str(m._meta.verbose_name)) for m in kept)

    def queryset(self, request, queryset):
        kind = self.value()
        return queryset.filter(subject_type=kind) if kind else queryset


class ByAddress(Typed):
    title, parameter_name = _("address"), "address"

    def condition(self, typed):
        try:
            return {"address": str(ip_address(typed))}
        except ValueError:
            return None


class DayForm(forms.Form):
    def __init__(self, name, label, *args, **kwargs):
        super().__init__(*args, **kwargs)
        widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
        self.fields[name] = forms.CharField(label=label, required=False, widget=widget)


class Day(Typed):
    form_class = DayForm

    def condition(self, typed):
        try:
            day = parse_date(typed)
        except ValueError:
            return None
        known = day is not None and FIRST_YEAR <= day.year < LAST_YEAR
        return self.of_day(day) if known else None


class Since(Day):
    title, parameter_name = _("first day"), "since"

    def of_day(self, day):
        return {"at__gte": end_of(day - timedelta(days=1))}


class Until(Day):
    title, parameter_name = _("last day"), "until"

    def of_day(self, day):
        return {"at__lt": end_of(day)}


class ExportForm(forms.Form):
    reason = forms.CharField(
        label=_("What for"), max_length=200, widget=UnfoldAdminTextInputWidget
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Lists are found by indexes and counted to 10,000, however long the log is."""

    list_display = (
        "moment",
        "act",
        "outcome",
        "account",
        "branch",
        "person",
        "record",
        "reason",
        "address",
    )
    list_filter = (
        ("act", ChoicesDropdownFilter),
        ("result", ChoicesDropdownFilter),
        Since,
        Until,
        ByAccount,
        WithinBranch,
        ByMember,
        ByKind,
        ByRecord,
        ByAddress,
    )
    list_filter_submit = True
    list_select_related = ("by", "branch")
    list_before_template = "admin/members/audit_chain.html"
    paginator = CappedPaginator
    search_fields = ("reason",)
    search_help_text = _("Account name, address, request, or words of the reason")
    sortable_by = ()
    ordering = ("-at", "-pk")
    fields = (
        ("moment", "act"),
        ("outcome", "account"),
        ("branch", "person"),
        ("record", "reason"),
        ("address", "request_id"),
        ("details", "sealed"),
    )

    @admin.display(description=pgettext_lazy("audit", "at"))
    def moment(self, obj):
        return audit_reading.local(obj.at)

    @display(
        description=_("result"),
        label={AuditEntry.Result.DONE: "success", AuditEntry.Result.REFUSED: "warning"},
    )
    def outcome(self, obj):
        return obj.result, obj.get_result_display()

    @admin.display(description=pgettext_lazy("audit", "by"))
    def account(self, obj):
        return obj.by.username if obj.by else "-"

    @admin.display(description=_("member"))
    def person(self, obj):
        """The number alone: the auditor reads no record of a person (AZ-09)."""
        return obj.member_id or "-"

    @admin.display(description=_("record"))
    def record(self, obj):
        return audit_reading.about(obj) or "-"

    @admin.display(description=_("details"))
    def details(self, obj):
        return audit_reading.in_words(obj.context) or "-"

    @admin.display(description=_("sealed"), boolean=True)
    def sealed(self, obj):
        return not audit_reading.is_pending(obj)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("mac")

    def get_search_results(self, request, queryset, search_term):
        """By one of these at a time, each of which an index or the newest rows answer."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        if user := User.objects.filter(username=typed).first():
            return queryset.filter(by=user), False
        if re.fullmatch(r"[0-9a-f]{32}", typed):
            return queryset.filter(request_id=typed), False
        if address := ByAddress.condition(self, typed):
            return queryset.filter(**address), False
        return queryset.filter(reason__contains=typed), False

    def changelist_view(self, request, extra_context=None):
        more = {"chain": audit_reading.chain_state(), "most": CappedPaginator.most}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    # --- taken away ---
    def get_urls(self):
        own = path(
            "export/",
            self.admin_site.admin_view(self.export_view),
            name="members_auditentry_export",
        )
        return [own, *super().get_urls()]

    def export_view(self, request):
        """What the list holds, with the same filters, as a file. A POST, for it is noted."""
        if not self.has_view_permission(request):
            raise Http404
        listed = self.get_changelist_instance(request)
        form = ExportForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                content = audit_reading.export(
                    listed.get_queryset(request),
                    by=request.user,
                    reason=form.cleaned_data["reason"],
                    filters=chosen(request),
                )
            except ValidationError as refusal:
                add_refusal(form, refusal)
            else:
                return as_file(content)
        context = {
            **self.admin_site.each_context(request),
            "title": _text("Export the audit log"),
            "opts": self.opts,
            "form": form,
            "count": listed.result_count,
            "most": audit_reading.MOST_ROWS,
            "is_capped": listed.result_count >= CappedPaginator.most,
            "query": request.GET.urlencode(),
        }
        request.current_app = self.admin_site.name
        template = "admin/members/audit_export.html"
        return TemplateResponse(
            request, template, context, status=422 if form.errors else 200
        )


def as_file(content):
    name = content_disposition_header(True, f"{_text('Audit log')}.csv")
    headers = {"Content-Disposition": name}
    return HttpResponse(content, "text/csv; charset=utf-8", headers=headers)


def chosen(request):
    """The filters in use; of a search only that there was one, whatever was typed."""
    return ", ".join(
        name if name == "q" else f"{name}={value}"
        for name, value in sorted(request.GET.items())
        if value
    )[:300]
