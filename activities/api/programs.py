"""Programs by the API: read, begun, changed; readings and steps of the flow (KIND-01)."""

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from activities import access, access_programs, presets
from activities.api.effect import IndicatorsSerializer
from activities.models import (
    Activity,
    FlowStep,
    Indicator,
    Milestone,
    Program,
    ProgramItem,
    ProgramPhoto,
    Reading,
)
from activities.services import effect, flow, programs
from members.api.fields import InputSerializer, ReachableField, TextField
from members.api.viewsets import RecordViewSet, take
from members.models import Branch, Member

PLAN = (
    *("title", "purpose", "goals", "starts_on", "ends_on"),
    *("member", "budget_yuan", "budget_note"),
)


class ReadingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Reading
        fields = ("id", "indicator", "on", "value", "note")
        read_only_fields = fields


class IndicatorSerializer(serializers.ModelSerializer):
    readings = ReadingSerializer(many=True, read_only=True)

    class Meta:
        model = Indicator
        fields = ("id", "name", "unit", "baseline", "target", "readings")
        read_only_fields = fields


class MilestoneSerializer(serializers.ModelSerializer):
    class Meta:
        model = Milestone
        fields = ("id", "title", "due_on", "done_on", "note")
        read_only_fields = fields


class ProgramItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProgramItem
        fields = (
            *("id", "kind", "title", "subject", "member"),
            *("content", "outcome", "done_on"),
        )
        read_only_fields = fields


class FlowStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = FlowStep
        fields = (
            *("id", "step", "on", "body", "passed", "yes", "no", "abstain"),
            *("reason", "activity", "place", "days"),
        )
        read_only_fields = fields


class PhotoLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProgramPhoto
        fields = ("id", "caption", "added_at")
        read_only_fields = fields


class ProgramSerializer(serializers.ModelSerializer):
    """photos: what they show; the pictures are fetched one by one."""

    photos = PhotoLineSerializer(many=True, read_only=True)
    indicators = IndicatorSerializer(many=True, read_only=True)
    milestones = MilestoneSerializer(many=True, read_only=True)
    items = ProgramItemSerializer(many=True, read_only=True)

    class Meta:
        model = Program
        fields = (
            *("id", "branch", "preset", "module", *PLAN, "state", "stopped_reason"),
            *("has_flow", "indicators", "milestones", "items", "photos"),
            *("created_at", "updated_at"),
        )
        read_only_fields = fields


class ProgramEditSerializer(InputSerializer):
    member = ReachableField(Member, "view", required=False, allow_null=True)

    class Meta:
        model = Program
        fields = PLAN


class ProgramBeginSerializer(serializers.Serializer):
    """What is left out stands as the preset suggests it."""

    branch = ReachableField(Branch, access.RIGHT)
    preset = serializers.ChoiceField(choices=sorted(presets.all_presets()))
    title = TextField(max_length=80)
    starts_on = serializers.DateField(required=False)


class ProgramStopSerializer(serializers.Serializer):
    reason = TextField(max_length=200)


class ReadingSentSerializer(InputSerializer):
    indicator = ReachableField(Indicator, "change")

    class Meta:
        model = Reading
        fields = ("indicator", "on", "value", "note")
        validators: list = []  # the service says it


class FlowStepSentSerializer(InputSerializer):
    activity = ReachableField(Activity, "view", required=False, allow_null=True)

    class Meta:
        model = FlowStep
        fields = (
            *("step", "on", "body", "passed", "yes", "no", "abstain"),
            *("reason", "activity", "place", "days"),
        )


@extend_schema_view(
    list=extend_schema(summary=_("The programs you may see")),
    retrieve=extend_schema(summary=_("One program, with its figures and lists")),
)
class ProgramViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    """Latest first; none is compared with another."""

    model = Program
    add_right = access.RIGHT
    serializer_class = ProgramSerializer
    orders = {"-starts_on": ("-starts_on", "-pk"), "id": ("pk",)}
    rights = dict.fromkeys(
        ("partial_update", "start", "finish", "stop", "effect", "read", "record"),
        "change",
    )

    def get_queryset(self):
        found = super().get_queryset().select_related("branch", "member")
        captions = Prefetch("photos", ProgramPhoto.objects.defer("image"))
        return found.prefetch_related(
            "indicators__readings", "milestones", "items", captions
        )

    def fresh(self, program):
        """As it stands now, with what hangs on it."""
        return self.answer(self.get_queryset().get(pk=program.pk))

    @extend_schema(
        summary=_("Begin a program from a preset"),
        request=ProgramBeginSerializer,
        responses={201: ProgramSerializer},
    )
    def create(self, request):
        sent = self.sent(ProgramBeginSerializer)
        preset = presets.all_presets()[sent["preset"]]
        starts_on = sent.get("starts_on") or timezone.localdate()
        drafted = programs.drafted(sent["branch"], preset, starts_on=starts_on)
        drafted.title = sent.get("title") or drafted.title
        made = programs.begin(drafted, preset, by=request.user)
        return self.answer(self.get_queryset().get(pk=made.pk), 201)

    @extend_schema(
        summary=_("Change a program"),
        request=ProgramEditSerializer,
        responses=ProgramSerializer,
    )
    def partial_update(self, request, pk):
        program = self.get_object()
        take(program, self.sent(ProgramEditSerializer, instance=program, partial=True))
        return self.fresh(programs.change(program, by=request.user))

    @extend_schema(
        summary=_("Start a program"), request=None, responses=ProgramSerializer
    )
    @action(detail=True, methods=["post"])
    def start(self, request, pk):
        return self.fresh(programs.start(self.get_object(), by=request.user))

    @extend_schema(
        summary=_("Finish a program"), request=None, responses=ProgramSerializer
    )
    @action(detail=True, methods=["post"])
    def finish(self, request, pk):
        return self.fresh(programs.finish(self.get_object(), by=request.user))

    @extend_schema(
        summary=_("Stop a program, with the reason"),
        request=ProgramStopSerializer,
        responses=ProgramSerializer,
    )
    @action(detail=True, methods=["post"])
    def stop(self, request, pk):
        program = self.get_object()
        reason = self.sent(ProgramStopSerializer).get("reason", "")
        return self.fresh(programs.stop(program, reason=reason, by=request.user))

    @extend_schema(
        summary=_("What came of the activities of a program"),
        responses=IndicatorsSerializer,
    )
    @action(detail=True, methods=["get"])
    def effect(self, request, pk):
        held = Activity.objects.filter(program_link__program=self.get_object())
        return Response(IndicatorsSerializer(effect.of(held)).data)

    @extend_schema(
        summary=_("The readings of the indicators of a program"),
        responses=ReadingSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def readings(self, request, pk):
        found = Reading.objects.filter(indicator__program=self.get_object())
        return self.listed(ReadingSerializer, found.order_by("on", "pk"))

    @extend_schema(
        summary=_("Enter a reading of an indicator"),
        request=ReadingSentSerializer,
        responses={201: ReadingSerializer},
    )
    @readings.mapping.post
    def read(self, request, pk):
        program, sent = self.get_object(), self.sent(ReadingSentSerializer)
        if sent["indicator"].program_id != program.pk:
            message = _("This indicator is of another program.")
            refusal = serializers.ErrorDetail(message, code="elsewhere")
            raise serializers.ValidationError({"indicator": [refusal]})
        made = programs.save_part(Reading(**sent), by=request.user)
        return self.made(ReadingSerializer, made)

    @extend_schema(
        summary=_("The steps of the four discussions and two publications"),
        responses=FlowStepSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def steps(self, request, pk):
        found = access_programs.visible_steps(self.get_object())
        return self.listed(FlowStepSerializer, found)

    @extend_schema(
        summary=_("Record a step; those before it come first"),
        request=FlowStepSentSerializer,
        responses={201: FlowStepSerializer},
    )
    @steps.mapping.post
    def record(self, request, pk):
        program, sent = self.get_object(), self.sent(FlowStepSentSerializer)
        made = flow.record(FlowStep(program=program, **sent), by=request.user)
        return self.made(FlowStepSerializer, made)

    def listed(self, serializer, found):
        return Response(serializer(found, many=True).data)

    def made(self, serializer, record):
        return Response(serializer(record).data, status=201)
