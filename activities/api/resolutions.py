"""Resolutions of minutes in force, which are to-dos."""

import django_filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action

from activities import access
from activities.models import Minutes, Resolution
from activities.services import resolutions
from members.api.filters import Flag, Number
from members.api.viewsets import RecordViewSet


class ResolutionSerializer(serializers.ModelSerializer):
    """minutes: those in force, which who is responsible need not be one to read."""

    activity = serializers.IntegerField(source="minutes.activity_id", read_only=True)
    branch = serializers.IntegerField(
        source="minutes.activity.branch_id", read_only=True
    )

    class Meta:
        model = Resolution
        fields = (
            "id",
            "minutes",
            "activity",
            "branch",
            "text",
            "member",
            "due_on",
            "done_at",
        )
        read_only_fields = fields


class ResolutionFilter(django_filters.FilterSet):
    member = Number()
    branch = Number(field_name="minutes__activity__branch")
    activity = Number(field_name="minutes__activity")
    is_done = Flag(field_name="done_at", lookup_expr="isnull", exclude=True)
    due_before = django_filters.DateFilter(field_name="due_on", lookup_expr="lt")


@extend_schema_view(
    list=extend_schema(
        summary=_("Resolutions in force: one's own and of one's branches")
    ),
    retrieve=extend_schema(summary=_("One resolution")),
)
class ResolutionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    model = Resolution
    serializer_class = ResolutionSerializer
    filterset_class = ResolutionFilter
    orders = {"due_on": ("due_on", "pk"), "-id": ("-pk",), "id": ("pk",)}

    def get_queryset(self):
        in_force = Minutes.objects.in_force().values("pk")
        found = access.visible_resolutions(self.request.user)
        return found.filter(minutes__in=in_force).select_related("minutes__activity")

    @extend_schema(
        summary=_("Note that it is done"), request=None, responses=ResolutionSerializer
    )
    @action(detail=True, methods=["post"])
    def tick(self, request, pk):
        done = resolutions.tick(self.get_object(), by=request.user, now=timezone.now())
        return self.answer(self.get_queryset().get(pk=done.pk))
