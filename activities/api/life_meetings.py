"""The three parts of an organizational-life meeting by the API (MIN-12, LIFE-07).

They are read with the minutes: own problems and criticism as `life_points`, what is
corrected among the `resolutions`.
"""

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import access
from activities.api.minutes import MOST_ROWS, MinutesContentSerializer, People, rows_of
from activities.models import LifePoint, Minutes
from activities.services import life_meetings
from activities.services.life_meetings import CORRECT, Said
from activities.services.minutes import Decided
from members.api.fields import DayField

Kind = LifePoint.Kind
LISTS = {"own_problems": Kind.OWN, "criticism": Kind.CRITICISM}
# What the service calls a field, where that is not its name here.
FIELDS = {"due": "due_on"}


class OwnProblemSentSerializer(serializers.Serializer):
    """id: of a row that stands; without one it is new. member: whose problem."""

    id = serializers.IntegerField(required=False, min_value=1)
    member = serializers.IntegerField()
    text = serializers.CharField(max_length=2000)


class CriticismSentSerializer(OwnProblemSentSerializer):
    """speaker: who criticizes `member`."""

    speaker = serializers.IntegerField()


class CorrectionSentSerializer(serializers.Serializer):
    """member: who corrects it, until `due_on`."""

    id = serializers.IntegerField(required=False, min_value=1)
    text = serializers.CharField(max_length=500)
    member = serializers.IntegerField()
    due_on = DayField()


class LifeEditSerializer(serializers.Serializer):
    """Each list, once sent, replaces what stands."""

    own_problems = OwnProblemSentSerializer(
        many=True, required=False, max_length=MOST_ROWS
    )
    criticism = CriticismSentSerializer(many=True, required=False, max_length=MOST_ROWS)
    corrections = CorrectionSentSerializer(
        many=True, required=False, max_length=MOST_ROWS
    )


class Entered:
    """What was sent, as the service takes it. A list that was not sent stays."""

    def __init__(self, minutes, sent):
        self.sent, self.people = sent, People(minutes)
        self.places = {}  # by the key of a row
        points = list(minutes.life_points.select_related("member", "speaker"))
        self.said = [
            said
            for name, kind in LISTS.items()
            for said in self._said(name, kind, [p for p in points if p.kind == kind])
        ]
        self.corrections = []
        if "corrections" in sent:
            own = minutes.resolutions.filter(is_correction=True)
            self.corrections = [
                Decided(
                    f"{CORRECT}{key}",
                    row.get("text", ""),
                    self._named(row, place, "member"),
                    row.get("due_on"),
                )
                for key, place, row in self._rows("corrections", own)
            ]

    def _said(self, name, kind, standing):
        if name not in self.sent:
            for one in standing:
                yield Said(str(one.pk), kind, one.text, one.member, one.speaker)
            return
        for key, place, row in self._rows(name, standing):
            member = self._named(row, place, "member")
            speaker = self._named(row, place, "speaker")
            yield Said(key, kind, row.get("text", ""), member, speaker)

    def _rows(self, name, standing):
        keys = [one.pk for one in standing]
        for key, place, row in rows_of(name, self.sent[name], keys, new=f"{name}_new"):
            if place:
                self.places[key] = self.places[f"{CORRECT}{key}"] = place
            yield key, place, row

    def _named(self, row, place, name):
        return self.people.named(row.get(name), f"{place}.{name}")

    def at_their_place(self, refused):
        """The refusals of the service at the fields as they are called here."""
        if not hasattr(refused, "error_dict"):
            return refused
        found = {}
        for field, errors in refused.error_dict.items():
            name, _line, key = field.partition("_")
            place = f"{self.places[key]}.{FIELDS.get(name, name)}"
            found[place] = errors
        return ValidationError(found)


class LifeView(APIView):
    @extend_schema(
        summary=gettext_lazy("Write own problems, criticism and what is corrected"),
        request=LifeEditSerializer,
        responses=MinutesContentSerializer,
    )
    def patch(self, request, pk):
        written = access.written_minutes(request.user)
        minutes = get_object_or_404(written.select_related("activity"), pk=pk)
        asked = LifeEditSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entered = Entered(minutes, asked.validated_data)
        try:
            life_meetings.save(minutes, entered.said, entered.corrections)
        except ValidationError as refused:
            raise entered.at_their_place(refused) from refused
        stands = Minutes.objects.select_related("activity__branch", "chair", "recorder")
        return Response(MinutesContentSerializer(stands.get(pk=pk)).data)
