"""The parts of a program by the API: indicators, milestones, lists, photos; and which
modules a branch uses (KIND-01 … KIND-11)."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import access, access_programs
from activities.api.programs import (
    IndicatorSerializer,
    MilestoneSerializer,
    ProgramItemSerializer,
)
from activities.models import (
    Indicator,
    Milestone,
    Module,
    Program,
    ProgramItem,
    ProgramPhoto,
)
from activities.services import modules, photos, programs
from members.api.fields import InputSerializer, ReachableField
from members.api.viewsets import RecordViewSet, take
from members.models import Member
from members.views.attachments import attachment, sandboxed


# --- what is sent ---------------------------------------------------------------------
class IndicatorEditSerializer(InputSerializer):
    class Meta:
        model = Indicator
        fields = ("name", "unit", "baseline", "target")
        validators: list = []  # the service says it


class IndicatorAddSerializer(IndicatorEditSerializer):
    program = ReachableField(Program, "change")

    class Meta(IndicatorEditSerializer.Meta):
        fields = ("program", *IndicatorEditSerializer.Meta.fields)


class MilestoneEditSerializer(InputSerializer):
    class Meta:
        model = Milestone
        fields = ("title", "due_on", "done_on", "note")
        validators: list = []


class MilestoneAddSerializer(MilestoneEditSerializer):
    program = ReachableField(Program, "change")

    class Meta(MilestoneEditSerializer.Meta):
        fields = ("program", *MilestoneEditSerializer.Meta.fields)


class ItemEditSerializer(InputSerializer):
    member = ReachableField(Member, "view", required=False, allow_null=True)

    class Meta:
        model = ProgramItem
        fields = ("title", "subject", "member", "content", "outcome", "done_on")
        validators: list = []


class ItemAddSerializer(ItemEditSerializer):
    program = ReachableField(Program, "change")

    class Meta(ItemEditSerializer.Meta):
        fields = ("program", "kind", *ItemEditSerializer.Meta.fields)


# --- parts ----------------------------------------------------------------------------
class PartViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    """A part is added, changed, and taken out while the program goes on."""

    add_right = access.RIGHT
    rights = dict.fromkeys(("partial_update", "remove"), "change")
    add_serializer: type[InputSerializer]
    edit_serializer: type[InputSerializer]

    def create(self, request):
        part = self.model(**self.sent(self.add_serializer))
        return self.answer(programs.save_part(part, by=request.user), 201)

    def partial_update(self, request, pk):
        part = self.get_object()
        take(part, self.sent(self.edit_serializer, instance=part, partial=True))
        return self.answer(programs.save_part(part, by=request.user))

    @extend_schema(summary=_("Take it out"), request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        programs.remove_part(self.get_object())
        return Response(status=204)


def described(one, add, edit):
    """Say in the schema what a set of parts is, takes and gives."""

    def decorate(viewset):
        given = viewset.serializer_class
        return extend_schema_view(
            retrieve=extend_schema(summary=one),
            create=extend_schema(
                summary=add, request=viewset.add_serializer, responses={201: given}
            ),
            partial_update=extend_schema(
                summary=edit, request=viewset.edit_serializer, responses=given
            ),
        )(viewset)

    return decorate


@described(_("One indicator"), _("Add an indicator"), _("Change an indicator"))
class IndicatorViewSet(PartViewSet):
    """What a program measures; who wants a reading sends it to the program."""

    model = Indicator
    serializer_class = IndicatorSerializer
    add_serializer = IndicatorAddSerializer
    edit_serializer = IndicatorEditSerializer


@described(_("One milestone"), _("Add a milestone"), _("Change a milestone"))
class MilestoneViewSet(PartViewSet):
    model = Milestone
    serializer_class = MilestoneSerializer
    add_serializer = MilestoneAddSerializer
    edit_serializer = MilestoneEditSerializer


@described(
    _("One line of a list"), _("Add a line to a list"), _("Change a line of a list")
)
class ProgramItemViewSet(PartViewSet):
    """A post, a service, a topic or a project (KIND-01 … KIND-03, KIND-08)."""

    model = ProgramItem
    serializer_class = ProgramItemSerializer
    add_serializer = ItemAddSerializer
    edit_serializer = ItemEditSerializer


# --- photos ---------------------------------------------------------------------------
class ProgramPhotoSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProgramPhoto
        fields = ("id", "program", "caption", "added_at")
        read_only_fields = fields


@extend_schema_view(retrieve=extend_schema(summary=_("What a photo shows")))
class ProgramPhotoViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    """Photos by choice; they are added to their program."""

    model = ProgramPhoto
    serializer_class = ProgramPhotoSerializer
    rights = {"remove": "change"}

    def get_queryset(self):
        found = super().get_queryset()
        return found if self.action == "image" else found.defer("image")

    @extend_schema(
        summary=_("The picture"),
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    @sandboxed
    def image(self, request, pk):
        photo = self.get_object()
        return attachment(bytes(photo.image), f"photo-{photo.pk}", "jpg")

    @extend_schema(summary=_("Take it out"), request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        photos.remove(self.get_object(), by=request.user)
        return Response(status=204)


# --- modules --------------------------------------------------------------------------
class ModuleSerializer(serializers.Serializer):
    """module: its code; is_on: whether the branch uses it (KIND-11)."""

    module = serializers.ChoiceField(Module.choices)
    is_on = serializers.BooleanField()


class BranchModulesView(APIView):
    """Which modules a branch uses. Switched off, what belongs to it is a 404."""

    def branch(self):
        found = access_programs.switched_branches(self.request.user)
        return get_object_or_404(found, pk=self.kwargs["pk"])

    def answer(self, branch):
        on = modules.of(branch)
        rows = [{"module": one.value, "is_on": one.value in on} for one in Module]
        return Response(ModuleSerializer(rows, many=True).data)

    @extend_schema(
        summary=_("The modules of a branch"), responses=ModuleSerializer(many=True)
    )
    def get(self, request, pk):
        return self.answer(self.branch())

    @extend_schema(
        summary=_("Switch a module of a branch"),
        request=ModuleSerializer,
        responses=ModuleSerializer(many=True),
    )
    def post(self, request, pk):
        branch = self.branch()
        sent = ModuleSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        module, is_on = sent.validated_data["module"], sent.validated_data["is_on"]
        modules.switch(branch, Module(module), is_on, by=request.user)
        return self.answer(branch)
