"""The audit log, read by the audit administrator; people on a roll are numbers in it."""

import django_filters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers

from members import access
from members.api.filters import Number
from members.api.viewsets import RecordViewSet
from members.models import AuditEntry, Branch


class AuditEntrySerializer(serializers.ModelSerializer):
    account = serializers.CharField(
        source="by.username", read_only=True, allow_null=True
    )

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "at",
            "act",
            "result",
            "by",
            "account",
            "branch",
            "member",
            "subject_type",
            "subject_id",
            "reason",
            "address",
            "request_id",
            "context",
        )
        read_only_fields = fields


class AuditEntryFilter(django_filters.FilterSet):
    act = django_filters.MultipleChoiceFilter(choices=AuditEntry.Act.choices)
    result = django_filters.ChoiceFilter(choices=AuditEntry.Result.choices)
    by = Number(field_name="by_id")
    member = Number(field_name="member_id")
    branch = Number(field_name="branch_id")
    within = Number(method="at_or_below", label=_("This branch and all below it"))
    subject_type = django_filters.CharFilter(max_length=60)
    subject_id = Number()
    request_id = django_filters.CharFilter(max_length=32)
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    @extend_schema_field(int)
    def at_or_below(self, queryset, name, value):
        top = access.visible_branches(self.request.user).filter(pk=value).first()
        if top is None:
            return queryset.none()
        below = Branch.objects.filter(path__startswith=top.path)
        return queryset.filter(branch__in=below.order_by().values("pk"))


@extend_schema_view(
    list=extend_schema(summary=_("The audit log, for the audit administrator")),
    retrieve=extend_schema(summary=_("One entry of the audit log")),
)
class AuditEntryViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    model = AuditEntry
    serializer_class = AuditEntrySerializer
    filterset_class = AuditEntryFilter
    orders = {"-at": ("-at", "-pk"), "at": ("at", "pk")}
    http_method_names = ["get", "head"]

    def get_queryset(self):
        return super().get_queryset().select_related("by").defer("mac")
