"""Appointments: who holds which office, when."""

import django_filters
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action

from members import access
from members.api.fields import DayField, ReachableField, TextField
from members.api.filters import Flag, Number
from members.api.viewsets import RecordViewSet
from members.models import Appointment, Branch, Member, Office, PartyGroup
from members.services import offices


class AppointmentSerializer(serializers.ModelSerializer):
    """An appointment. The member is named, for an office is held in public."""

    office = serializers.SlugRelatedField("code", read_only=True)
    member_name = serializers.CharField(source="member.name", read_only=True)

    class Meta:
        model = Appointment
        fields = (
            "id",
            "member",
            "member_name",
            "office",
            "branch",
            "party_group",
            "starts_on",
            "ends_on",
            "basis",
            "decided_by",
            "document_number",
            "exception_reason",
            "ended_reason",
            "recorded_at",
        )
        read_only_fields = fields


class AppointSerializer(serializers.Serializer):
    member = ReachableField(Member, "view_roll")
    office = serializers.SlugRelatedField("code", queryset=Office.objects.all())
    branch = ReachableField(Branch, "manage_offices")
    party_group = ReachableField(
        PartyGroup, "manage_offices", required=False, allow_null=True
    )
    starts_on = DayField()
    ends_on = DayField(required=False, allow_null=True)
    basis = serializers.ChoiceField(Appointment.Basis.choices)
    decided_by = serializers.CharField(max_length=120)
    document_number = TextField(max_length=60)
    exception_reason = TextField(max_length=200)

    def validate(self, sent):
        """Nobody gives more than held, or an office that the superior gives (AZ-08)."""
        user = self.context["request"].user
        if not access.can_appoint(user, sent["office"], sent["branch"]):
            message = _("You may not appoint to this office in this branch.")
            refusal = serializers.ErrorDetail(message, code="not_yours_to_give")
            raise serializers.ValidationError({"office": [refusal]})
        return sent


class AppointmentEndSerializer(serializers.Serializer):
    on = DayField()
    reason = serializers.CharField(max_length=200)


class AppointmentFilter(django_filters.FilterSet):
    branch = Number(field_name="branch_id")
    member = Number(field_name="member_id")
    office = django_filters.CharFilter(field_name="office__code", max_length=40)
    in_force = Flag(method="that_hold_today")

    @extend_schema_field(bool)
    def that_hold_today(self, queryset, name, value):
        held = Appointment.objects.in_force(access.today())
        found = {"pk__in": held.values("pk")}
        return queryset.filter(**found) if value else queryset.exclude(**found)


@extend_schema_view(
    list=extend_schema(summary=_("The appointments you may see")),
    retrieve=extend_schema(summary=_("One appointment")),
)
class AppointmentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    model = Appointment
    rights = {"end": "change"}
    add_right = "manage_offices"
    serializer_class = AppointmentSerializer
    filterset_class = AppointmentFilter
    orders = {
        "-starts_on": ("-starts_on", "-pk"),
        "starts_on": ("starts_on", "pk"),
        "id": ("pk",),
    }

    def get_queryset(self):
        return super().get_queryset().select_related("member", "office")

    @extend_schema(
        summary=_("Appoint a member to an office"),
        request=AppointSerializer,
        responses={201: AppointmentSerializer},
    )
    def create(self, request):
        sent = self.sent(AppointSerializer)
        member, office, branch = (
            sent.pop(name) for name in ("member", "office", "branch")
        )
        made = offices.appoint(member, office, branch, by=request.user, **sent)
        return self.answer(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Let an appointment end with a day"),
        request=AppointmentEndSerializer,
        responses=AppointmentSerializer,
    )
    @action(detail=True, methods=["post"])
    def end(self, request, pk):
        appointment = self.get_object()
        office, branch = appointment.office, appointment.branch
        if not access.can_appoint(request.user, office, branch):
            raise Http404
        sent = self.sent(AppointmentEndSerializer)
        return self.answer(
            offices.end_appointment(appointment, by=request.user, **sent)
        )
