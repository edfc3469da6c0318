"""Members: the roll, its records and the changes of their state."""

import django_filters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.response import Response

from members import access, history
from members.algorithms import check_mobile, check_phone
from members.api.fields import (
    DayField,
    InputSerializer,
    MaskedField,
    ReachableField,
    TextField,
)
from members.api.filters import Flag, Number, RecordFilter
from members.api.viewsets import RecordViewSet, take
from members.models import Branch, Member, PartyGroup, StateChange
from members.services import records, reveals, states

RECORD = (
    "name",
    "pinyin",
    "initials",
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
SEALED = ("id_number", "phone", "landline", "address")


class MemberSerializer(serializers.ModelSerializer):
    """A record, sealed fields masked."""

    id_number_masked = MaskedField("id_number")
    phone_masked = MaskedField("phone")
    landline_masked = MaskedField("landline")
    address_masked = MaskedField("address")
    political_status = serializers.CharField(read_only=True)
    years_of_standing = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = (
            "id",
            "branch",
            "state",
            *RECORD,
            *(f"{name}_masked" for name in SEALED),
            "enrolled_on",
            "increase",
            "political_status",
            "years_of_standing",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_years_of_standing(self, member: Member) -> int | None:
        return member.years_of_standing(access.today())


class MemberEditSerializer(InputSerializer):
    """Everything of a record but its state and its branch; "" clears a field."""

    party_group = ReachableField(
        PartyGroup, "manage_roll", required=False, allow_null=True
    )
    id_number = TextField(max_length=40, write_only=True)
    phone = TextField(max_length=40, write_only=True)
    landline = TextField(max_length=40, write_only=True)
    address = TextField(max_length=200, write_only=True)

    class Meta:
        model = Member
        fields = (*RECORD, *SEALED)
        validators: list = []

    def validate_phone(self, number):
        return number and check_mobile(number)

    def validate_landline(self, number):
        return number and check_phone(number)


class MemberEnrollSerializer(MemberEditSerializer):
    """A new record. Sex and birth date may be left to the ID number."""

    branch = ReachableField(Branch, "manage_roll")
    state = serializers.ChoiceField(
        [(state.value, state.label) for state in Member.LIVE]
    )
    decided_on = DayField(required=False)
    decided_by = TextField(max_length=120)
    document_number = TextField(max_length=60)

    class Meta(MemberEditSerializer.Meta):
        fields = (
            "branch",
            "state",
            *MemberEditSerializer.Meta.fields,
            "enrolled_on",
            "increase",
            "decided_on",
            "decided_by",
            "document_number",
        )
        extra_kwargs = {
            "sex": {"required": False},
            "birth_date": {"required": False},
            "enrolled_on": {"required": False},
        }


class StateStepSerializer(serializers.Serializer):
    to_state = serializers.ChoiceField(Member.State.choices)
    body = serializers.ChoiceField(StateChange.Body.choices)
    decided_on = DayField()
    effective_on = DayField(required=False)
    decided_by = TextField(max_length=120)
    document_number = TextField(max_length=60)
    reason = TextField(max_length=200)


class RevealSerializer(serializers.Serializer):
    field = serializers.ChoiceField(reveals.FIELDS)
    reason = serializers.CharField(min_length=reveals.SHORTEST_REASON, max_length=200)


class RevealedSerializer(serializers.Serializer):
    field = serializers.CharField()
    value = serializers.CharField()


class StateChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = StateChange
        fields = (
            "from_state",
            "to_state",
            "body",
            "decided_by",
            "decided_on",
            "effective_on",
            "document_number",
            "reason",
            "recorded_at",
        )
        read_only_fields = fields


class VersionSerializer(serializers.Serializer):
    made_at = serializers.DateTimeField()
    made_by = serializers.SerializerMethodField()
    changed = serializers.ListField(child=serializers.CharField())

    def get_made_by(self, version: history.Version) -> str | None:
        return version.user and version.user.get_full_name()


class HistorySerializer(serializers.Serializer):
    """State changes, and the newest 200 versions by the fields that changed."""

    state_changes = StateChangeSerializer(many=True)
    versions = VersionSerializer(many=True)


class MemberFilter(RecordFilter):
    branch = Number(field_name="branch_id")
    party_group = Number(field_name="party_group_id")
    state = django_filters.MultipleChoiceFilter(choices=Member.State.choices)
    live = Flag(method="that_are_live")
    is_floating = Flag()
    is_retired = Flag()
    updated_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte"
    )

    @extend_schema_field(bool)
    def that_are_live(self, queryset, name, value):
        return queryset.live() if value else queryset.exclude(state__in=Member.LIVE)


@extend_schema_view(
    list=extend_schema(summary=_("The member records you may see, masked")),
    retrieve=extend_schema(summary=_("One member record, masked")),
)
class MemberViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    model = Member
    rights = {"partial_update": "change", "change_state": "manage_roll"}
    add_right = "manage_roll"
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    orders = {
        "pinyin": ("pinyin", "pk"),
        "id": ("pk",),
        "updated_at": ("updated_at", "pk"),
    }

    def get_queryset(self):
        if self.action == "reveal":
            return access.revealable_members(self.request.user).select_related("branch")
        return super().get_queryset()

    @extend_schema(
        summary=_("Put a person on the roll of a branch"),
        request=MemberEnrollSerializer,
        responses={201: MemberSerializer},
    )
    def create(self, request):
        sent = self.sent(MemberEnrollSerializer)
        names = ("decided_on", "decided_by", "document_number")
        decision = {name: sent.pop(name) for name in names if name in sent}
        member = records.enroll(Member(**sent), by=request.user, **decision)
        return self.answer(member, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Change a member record"),
        request=MemberEditSerializer,
        responses=MemberSerializer,
    )
    def partial_update(self, request, pk):
        member = self.get_object()
        take(member, self.sent(MemberEditSerializer, partial=True))
        return self.answer(records.change_record(member, by=request.user))

    @extend_schema(
        summary=_("Take one step along the table of states"),
        request=StateStepSerializer,
        responses=StateChangeSerializer,
    )
    @action(detail=True, methods=["post"], url_path="change-state")
    def change_state(self, request, pk):
        member = self.get_object()
        sent = self.sent(StateStepSerializer)
        to_state = sent.pop("to_state")
        change = states.change_state(member, to_state, by=request.user, **sent)
        return Response(StateChangeSerializer(change).data)

    @extend_schema(
        summary=_(
            "Read one sensitive field in full, for a reason the member will read"
        ),
        request=RevealSerializer,
        responses=RevealedSerializer,
    )
    @action(detail=True, methods=["post"])
    def reveal(self, request, pk):
        member, sent = self.get_object(), self.sent(RevealSerializer)
        try:
            value = reveals.reveal(member, by=request.user, **sent)
        except reveals.TooManyReveals as refusal:
            raise Throttled(refusal.wait, refusal.messages[0]) from refusal
        shown = {"field": sent["field"], "value": value}
        return Response(RevealedSerializer(shown).data)

    @extend_schema(
        summary=_("What changed in a record, and who decided it"),
        responses=HistorySerializer,
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def history(self, request, pk):
        member = self.get_object()
        found = {
            "state_changes": member.state_changes.all(),
            "versions": history.versions(member),
        }
        return Response(HistorySerializer(found).data)
