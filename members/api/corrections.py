"""Requests for correction: members ask, the branch answers (SEC-07, SEC-17)."""

import django_filters
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action

from members.api.fields import TextField
from members.api.filters import Number
from members.api.viewsets import RecordViewSet
from members.masking import mask
from members.models import Correction, Member
from members.sealing import SealedField, try_open
from members.services import corrections


def text_of(correction, name):
    text = try_open(correction, name)
    return str(_("damaged")) if text is None else text


class CorrectionSerializer(serializers.ModelSerializer):
    """A request; what it proposes for a sealed field is masked."""

    proposed_masked = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()

    class Meta:
        model = Correction
        fields = (
            "id",
            "member",
            "field",
            "proposed_masked",
            "note",
            "state",
            "asked_at",
            "answered_at",
            "answer",
        )
        read_only_fields = fields

    def get_proposed_masked(self, correction: Correction) -> str:
        proposed = text_of(correction, "proposed")
        sealed = isinstance(Member._meta.get_field(correction.field), SealedField)
        return mask(correction.field, proposed) if sealed else proposed

    def get_note(self, correction: Correction) -> str:
        return text_of(correction, "note")


class CorrectionAskSerializer(serializers.Serializer):
    field = serializers.ChoiceField(Correction.FIELDS)
    proposed = serializers.CharField(max_length=200, write_only=True)
    note = TextField(max_length=500)


class CorrectionAcceptSerializer(serializers.Serializer):
    answer = TextField(max_length=500)


class CorrectionDeclineSerializer(serializers.Serializer):
    answer = serializers.CharField(max_length=500)


class CorrectionFilter(django_filters.FilterSet):
    member = Number(field_name="member_id")
    state = django_filters.ChoiceFilter(choices=Correction.State.choices)


@extend_schema_view(
    list=extend_schema(summary=_("Your own requests, and those of your rolls")),
    retrieve=extend_schema(summary=_("One request for correction")),
)
class CorrectionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    model = Correction
    rights = {"accept": "change", "decline": "change"}
    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter
    orders = {"-id": ("-pk",), "id": ("pk",)}

    def get_queryset(self):
        found = super().get_queryset()
        if self.action == "withdraw":
            return found.filter(asked_by=self.request.user)
        return found

    @extend_schema(
        summary=_("Ask for a correction of your own record"),
        request=CorrectionAskSerializer,
        responses={201: CorrectionSerializer},
    )
    def create(self, request):
        member = request.user.member
        if member is None or not member.is_live:
            self.permission_denied(request)
        sent = self.sent(CorrectionAskSerializer)
        asked = corrections.ask_correction(member, by=request.user, **sent)
        return self.answer(asked, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Write what was proposed into the record"),
        request=CorrectionAcceptSerializer,
        responses=CorrectionSerializer,
    )
    @action(detail=True, methods=["post"])
    def accept(self, request, pk):
        return self.closed(corrections.accept_correction, CorrectionAcceptSerializer)

    @extend_schema(
        summary=_("Leave the record as it is, and say why"),
        request=CorrectionDeclineSerializer,
        responses=CorrectionSerializer,
    )
    @action(detail=True, methods=["post"])
    def decline(self, request, pk):
        return self.closed(corrections.decline_correction, CorrectionDeclineSerializer)

    @extend_schema(
        summary=_("Take your own request back"),
        request=None,
        responses=CorrectionSerializer,
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        return self.closed(corrections.withdraw_correction, serializers.Serializer)

    def closed(self, service, serializer_class):
        correction = self.get_object()
        sent = self.sent(serializer_class)
        return self.answer(service(correction, by=self.request.user, **sent))
