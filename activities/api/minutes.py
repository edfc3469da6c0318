"""Minutes, their revisions and steps."""

from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action

from activities import access
from activities.api.minutes_parts import LifePointSerializer, MinutesFileSerializer
from activities.api.votes import BallotSerializer, ElectionSerializer
from activities.forms.minutes import people_of
from activities.models import (
    Activity,
    Minutes,
    MinutesItem,
    Objection,
    Resolution,
)
from activities.services import minutes, sign_off
from activities.services.minutes import HEADS, Decided, Point
from members.api.fields import DayField, InputSerializer, ReachableField, TextField
from members.api.filters import Flag, Number
from members.api.viewsets import RecordViewSet
from members.models import Member

MOST_ROWS = 50


# --- read -------------------------------------------------------------------------------
class MinutesSerializer(serializers.ModelSerializer):
    branch = serializers.IntegerField(source="activity.branch_id", read_only=True)

    class Meta:
        model = Minutes
        fields = (
            "id",
            "activity",
            "branch",
            "revision",
            "reason",
            "state",
            *HEADS,
            "chair_signed_at",
            "recorder_signed_at",
            "created_at",
        )
        read_only_fields = fields


class MinutesItemSerializer(serializers.ModelSerializer):
    ballots = BallotSerializer(many=True, read_only=True)
    elections = ElectionSerializer(many=True, read_only=True)

    class Meta:
        model = MinutesItem
        fields = ("id", "title", "speaker", "discussion", "ballots", "elections")
        read_only_fields = fields


class DecidedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Resolution
        fields = ("id", "text", "member", "due_on", "is_correction", "done_at")
        read_only_fields = fields


class ObjectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Objection
        fields = ("id", "member", "text", "at")
        read_only_fields = fields


class PeopleSerializer(serializers.Serializer):
    """Who was there. Absences, leaves and exemptions are pairs of name and reason, guests
    of name and where they are from."""

    due = serializers.IntegerField()
    present = serializers.IntegerField()
    names = serializers.ListField(child=serializers.CharField())
    leave = serializers.ListField(child=serializers.ListField())
    absent = serializers.ListField(child=serializers.ListField())
    exempt = serializers.ListField(child=serializers.ListField())
    guests = serializers.ListField(child=serializers.ListField())


class MinutesContentSerializer(MinutesSerializer):
    """digest: of all that is signed as it stands; send it as `seen` to sign just that."""

    people = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()
    resolutions = serializers.SerializerMethodField()
    life_points = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()
    objections = ObjectionSerializer(many=True)
    digest = serializers.SerializerMethodField()

    class Meta(MinutesSerializer.Meta):
        fields = (
            *MinutesSerializer.Meta.fields,
            "people",
            "items",
            "resolutions",
            "life_points",
            "files",
            "objections",
            "digest",
        )
        read_only_fields = fields

    def to_representation(self, instance):
        """What hangs on minutes is read once, to be shown and for the digest."""
        self.parts = minutes.parts_of(instance)
        return super().to_representation(instance)

    @extend_schema_field(PeopleSerializer)
    def get_people(self, found):
        return PeopleSerializer(minutes.people(found)).data

    @extend_schema_field(MinutesItemSerializer(many=True))
    def get_items(self, found):
        return MinutesItemSerializer(self.parts.items, many=True).data

    @extend_schema_field(DecidedSerializer(many=True))
    def get_resolutions(self, found):
        return DecidedSerializer(self.parts.resolutions, many=True).data

    @extend_schema_field(LifePointSerializer(many=True))
    def get_life_points(self, found):
        return LifePointSerializer(self.parts.life_points, many=True).data

    @extend_schema_field(MinutesFileSerializer(many=True))
    def get_files(self, found):
        return MinutesFileSerializer(self.parts.files, many=True).data

    def get_digest(self, found) -> str:
        return minutes.digest_of(minutes.content(found, self.parts))


# --- sent -------------------------------------------------------------------------------
class PointSentSerializer(serializers.Serializer):
    """id: of a point that stands; without one it is new."""

    id = serializers.IntegerField(required=False, min_value=1)
    title = serializers.CharField(max_length=120)
    speaker = TextField(max_length=50)
    discussion = TextField(max_length=10_000)


class DecidedSentSerializer(serializers.Serializer):
    """id: of a resolution that stands; without one it is new."""

    id = serializers.IntegerField(required=False, min_value=1)
    text = serializers.CharField(max_length=500)
    member = serializers.IntegerField(required=False, allow_null=True)
    due_on = DayField(required=False, allow_null=True)


class MinutesEditSerializer(InputSerializer):
    """points and resolutions, once sent, replace what stands."""

    chair = serializers.IntegerField(required=False, allow_null=True)
    recorder = serializers.IntegerField(required=False, allow_null=True)
    points = PointSentSerializer(many=True, required=False, max_length=MOST_ROWS)
    resolutions = DecidedSentSerializer(many=True, required=False, max_length=MOST_ROWS)

    class Meta:
        model = Minutes
        fields = (*HEADS, "points", "resolutions")


class MinutesStartSerializer(serializers.Serializer):
    activity = ReachableField(Activity, "change")


class SeenSerializer(serializers.Serializer):
    seen = serializers.CharField(max_length=64)


class ReasonSerializer(serializers.Serializer):
    reason = TextField(max_length=200)


class ObjectionSentSerializer(serializers.Serializer):
    text = TextField(max_length=1000)


class People:
    """Those who may be named in minutes, by number, in one query."""

    def __init__(self, found: Minutes) -> None:
        self.by_key: dict[int, Member] = {one.pk: one for one in people_of(found)}

    def named(self, key: int | None, field: str) -> Member | None:
        if key is None:
            return None
        if key not in self.by_key:
            message = _("There is nobody of this number on the attendance list.")
            raise refusal(field, message, "does_not_exist")
        return self.by_key[key]


def rows_of(
    name: str,
    sent: Iterable[dict[str, Any]],
    standing: Iterable[int],
    *,
    new: str = "new",
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The key, place and content of each row of the list `name`; last those that are to
    go. The key of a new one is `new` with its number.

    Raises ValidationError at the id of a row, code "does_not_exist", for one that does
    not stand there or is sent twice.
    """
    left = set(standing)
    for number, row in enumerate(sent):
        place, key = f"{name}.{number}", row.get("id")
        if key is not None and key not in left:
            message = _("There is no such row in this list, or it is sent twice.")
            raise refusal(f"{place}.id", message, "does_not_exist")
        left.discard(key)
        yield str(key or f"{new}{number + 1}"), place, row
    for key in sorted(left):
        yield str(key), "", {}


def refusal(field: str, message: Any, code: str) -> serializers.ValidationError:
    return serializers.ValidationError(
        {field: [serializers.ErrorDetail(message, code=code)]}
    )


class MinutesFilter(django_filters.FilterSet):
    activity = Number()
    branch = Number(field_name="activity__branch")
    state = django_filters.ChoiceFilter(choices=Minutes.State.choices)
    in_force = Flag(method="only_in_force", label=_("The last signed version alone"))

    @extend_schema_field(bool)
    def only_in_force(self, queryset, name, value):
        last = Minutes.objects.in_force().values("pk")
        return queryset.filter(pk__in=last) if value else queryset.exclude(pk__in=last)


@extend_schema_view(
    list=extend_schema(summary=_("The minutes you may read, each version")),
    retrieve=extend_schema(
        summary=_("One version of minutes, with all it says"),
        responses=MinutesContentSerializer,
    ),
)
class MinutesViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    model = Minutes
    serializer_class = MinutesSerializer
    filterset_class = MinutesFilter
    orders = {
        "-begins_at": ("-begins_at", "-pk"),
        "begins_at": ("begins_at", "pk"),
        "id": ("pk",),
    }
    WRITES = frozenset({"partial_update", "correct"})

    def get_serializer_class(self):
        return MinutesSerializer if self.action == "list" else MinutesContentSerializer

    def get_queryset(self):
        user = self.request.user
        found = access.visible_minutes(user)
        if self.action in self.WRITES:
            found = access.written_minutes(user)
        return found.select_related("activity__branch", "chair", "recorder")

    def fresh(self, found, code=status.HTTP_200_OK):
        """As it stands now; who took a step may read it."""
        stands = Minutes.objects.select_related("activity__branch", "chair", "recorder")
        return self.answer(stands.get(pk=found.pk), code)

    @extend_schema(
        summary=_("Start minutes: a draft filled with what the portal knows"),
        request=MinutesStartSerializer,
        responses={201: MinutesContentSerializer},
    )
    def create(self, request):
        activity = self.sent(MinutesStartSerializer)["activity"]
        made = minutes.start(activity, by=request.user, now=timezone.now())
        return self.fresh(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Write a draft"),
        request=MinutesEditSerializer,
        responses=MinutesContentSerializer,
    )
    def partial_update(self, request, pk):
        found = self.get_object()
        sent = self.sent(MinutesEditSerializer, instance=found, partial=True)
        people = People(found)
        for name in ("chair", "recorder"):
            if name in sent:
                sent[name] = people.named(sent[name], name)
        points, decided = [], []
        if "points" in sent:
            standing = found.items.values_list("pk", flat=True)
            points = [
                Point(
                    key,
                    row.get("title", ""),
                    row.get("speaker", ""),
                    row.get("discussion", ""),
                )
                for key, _place, row in rows_of("points", sent.pop("points"), standing)
            ]
        if "resolutions" in sent:
            own = found.resolutions.filter(is_correction=False)
            standing = own.values_list("pk", flat=True)
            decided = [
                Decided(
                    key,
                    row.get("text", ""),
                    people.named(row.get("member"), f"member_{key}"),
                    row.get("due_on"),
                )
                for key, _place, row in rows_of(
                    "resolutions", sent.pop("resolutions"), standing
                )
            ]
        return self.fresh(minutes.save(found, sent, points, decided))

    @extend_schema(
        summary=_("Sign as chair or recorder what you read"),
        request=SeenSerializer,
        responses=MinutesContentSerializer,
    )
    @action(detail=True, methods=["post"])
    def sign(self, request, pk):
        found, seen = self.get_object(), self.sent(SeenSerializer)["seen"]
        now = timezone.now()
        return self.fresh(sign_off.sign(found, seen=seen, by=request.user, now=now))

    @extend_schema(
        summary=_("Take the only signature back"),
        request=None,
        responses=MinutesContentSerializer,
    )
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request, pk):
        return self.fresh(sign_off.take_back(self.get_object(), by=request.user))

    @extend_schema(
        summary=_("Correct signed minutes: a new version with its reason"),
        request=ReasonSerializer,
        responses={201: MinutesContentSerializer},
    )
    @action(detail=True, methods=["post"])
    def correct(self, request, pk):
        found, reason = self.get_object(), self.sent(ReasonSerializer).get("reason", "")
        made = sign_off.correct(found, reason=reason, by=request.user)
        return self.fresh(made, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Object, within three days after the first signature"),
        request=ObjectionSentSerializer,
        responses={201: MinutesContentSerializer},
    )
    @action(detail=True, methods=["post"])
    def objections(self, request, pk):
        found, member = self.get_object(), request.user.member
        text = self.sent(ObjectionSentSerializer).get("text", "")
        sign_off.object_to(found, member=member, text=text, now=timezone.now())
        return self.fresh(found, status.HTTP_201_CREATED)
