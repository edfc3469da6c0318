"""Ticks of the list at a meeting, sent at once or after an hour without a connection."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from activities import access
from activities.models import Activity
from activities.services import ticks


class TickSerializer(serializers.Serializer):
    """key: made by the device, the same each time it sends this tick. at: by its clock."""

    key = serializers.UUIDField()
    member = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    is_present = serializers.BooleanField()
    at = serializers.DateTimeField()


class TicksSerializer(serializers.Serializer):
    """clock: what the device says the time is while it sends."""

    clock = serializers.DateTimeField()
    ticks = TickSerializer(many=True, max_length=ticks.MOST)


class TickAnswerSerializer(serializers.Serializer):
    """outcome: "taken", "kept" where the list stays as it is, "known" for a key of
    before, or "refused" with the code why."""

    key = serializers.UUIDField()
    member = serializers.IntegerField()
    outcome = serializers.ChoiceField(["taken", "kept", "known", "refused"])
    code = serializers.CharField()
    message = serializers.CharField()


class TicksAnswerSerializer(serializers.Serializer):
    """present: all who are marked as present now, whoever ticked them."""

    answers = TickAnswerSerializer(many=True)
    present = serializers.ListField(child=serializers.IntegerField())


class TicksView(GenericAPIView):
    queryset = Activity.objects.none()  # says what the number in the path is of

    @extend_schema(
        summary=_("Send ticks of the list, as often as needed: each counts once"),
        request=TicksSerializer,
        responses=TicksAnswerSerializer,
    )
    def post(self, request, pk):
        managed = access.managed_activities(request.user)
        activity = get_object_or_404(managed, pk=pk)
        asked = TicksSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sent = asked.validated_data
        answers = ticks.take(
            activity,
            [ticks.Sent(**tick) for tick in sent["ticks"]],
            clock=sent["clock"],
            by=request.user,
            now=timezone.now(),
        )
        present = activity.attendances.present().values_list("member", flat=True)
        answer = {"answers": answers, "present": sorted(present)}
        return Response(TicksAnswerSerializer(answer).data)
