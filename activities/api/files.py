"""Files by the API: materials of an activity, files of minutes, photos of a program.

Which of these routes take a form with a file, and nothing else does, is said in
config/api.py. A file that is handed out is to be saved, never shown (UP-02).
"""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import (
    access,
    access_materials,
    access_minutes,
    access_programs,
    uploads,
)
from activities.api.activities import MaterialSerializer
from activities.api.minutes_parts import MinutesFileSerializer
from activities.api.program_parts import ProgramPhotoSerializer
from activities.models import ActivityMaterial, MinutesFile, ProgramPhoto
from activities.services import materials, minutes_files, photos
from members.access import reachable
from members.api.fields import TextField
from members.api.viewsets import RecordViewSet
from members.views.attachments import attachment, sandboxed

FORM = "multipart/form-data"


@extend_schema_field(OpenApiTypes.BINARY)
class ContentField(serializers.FileField):
    """What a file holds; its name and type are what the sender says, and not read."""

    def to_internal_value(self, data):
        return super().to_internal_value(data).read()


# --- what is sent -----------------------------------------------------------------------
class MaterialLinkSerializer(serializers.Serializer):
    """link: the address of a page."""

    title = serializers.CharField(max_length=80)
    link = TextField(max_length=500)


class MaterialSentSerializer(MaterialLinkSerializer):
    """Either a file or a link. file: PDF, Word, Excel, PowerPoint or a picture, 10 MiB."""

    file = ContentField(required=False)


class MinutesFileSentSerializer(serializers.Serializer):
    """content: JPEG, PNG or WebP, and but for photos PDF, 8 MiB."""

    kind = serializers.ChoiceField(MinutesFile.Kind.choices)
    caption = serializers.CharField(max_length=80)
    content = ContentField()


class PhotoSentSerializer(serializers.Serializer):
    """image: JPEG, PNG or WebP, 8 MiB; what the camera noted is not kept."""

    caption = serializers.CharField(max_length=80)
    image = ContentField()


# --- lists, and what is added to them ---------------------------------------------------
class FilesView(APIView):
    """The files of one record: who reads it reads the list, who writes it adds to it.

    A record out of reach is a 404 before anything of the body is read.
    """

    most_bytes = uploads.MOST_BYTES

    def sent(self, serializer_class):
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class ActivityMaterialsView(FilesView):
    most_bytes = materials.MOST_BYTES

    @extend_schema(
        summary=_("The materials of an activity that you may read"),
        responses=MaterialSerializer(many=True),
    )
    def get(self, request, pk):
        activity = get_object_or_404(access.visible_activities(request.user), pk=pk)
        found = access_materials.visible_materials(request.user)
        rows = found.filter(activity=activity)
        return Response(MaterialSerializer(rows, many=True).data)

    @extend_schema(
        summary=_("Add a file or a link to an activity"),
        request={
            FORM: MaterialSentSerializer,
            "application/json": MaterialLinkSerializer,
        },
        responses={201: MaterialSerializer},
    )
    def post(self, request, pk):
        activity = get_object_or_404(access.managed_activities(request.user), pk=pk)
        sent = {"file": None, "link": ""} | self.sent(MaterialSentSerializer)
        made = materials.add(activity, by=request.user, **sent)
        return Response(MaterialSerializer(made).data, status=201)


class MinutesFilesView(FilesView):
    @extend_schema(
        summary=_("The files of minutes"), responses=MinutesFileSerializer(many=True)
    )
    def get(self, request, pk):
        minutes = get_object_or_404(access.visible_minutes(request.user), pk=pk)
        rows = minutes.files.defer("content")
        return Response(MinutesFileSerializer(rows, many=True).data)

    @extend_schema(
        summary=_("Add a file to a draft of minutes"),
        request={FORM: MinutesFileSentSerializer},
        responses={201: MinutesFileSerializer},
    )
    def post(self, request, pk):
        minutes = get_object_or_404(access.written_minutes(request.user), pk=pk)
        sent = self.sent(MinutesFileSentSerializer)
        made = minutes_files.add(minutes, by=request.user, **sent)
        return Response(MinutesFileSerializer(made).data, status=201)


class ProgramPhotosView(FilesView):
    @extend_schema(
        summary=_("The photos of a program"),
        responses=ProgramPhotoSerializer(many=True),
    )
    def get(self, request, pk):
        program = get_object_or_404(
            access_programs.visible_programs(request.user), pk=pk
        )
        rows = reachable(request.user, ProgramPhoto).filter(program=program)
        rows = rows.order_by("pk").defer("image")
        return Response(ProgramPhotoSerializer(rows, many=True).data)

    @extend_schema(
        summary=_("Add a photo to a program"),
        request={FORM: PhotoSentSerializer},
        responses={201: ProgramPhotoSerializer},
    )
    def post(self, request, pk):
        program = get_object_or_404(
            access_programs.managed_programs(request.user), pk=pk
        )
        sent = self.sent(PhotoSentSerializer)
        made = photos.add(
            program, sent["image"], caption=sent["caption"], by=request.user
        )
        return Response(ProgramPhotoSerializer(made).data, status=201)


# --- one of them ------------------------------------------------------------------------
@extend_schema_view(retrieve=extend_schema(summary=_("What a material is")))
class MaterialViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    model = ActivityMaterial
    serializer_class = MaterialSerializer
    rights = {"remove": "change"}

    def get_queryset(self):
        found = super().get_queryset()
        return found if self.action == "file" else found.defer("content")

    @extend_schema(
        summary=_("The file of a material"),
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    @sandboxed
    def file(self, request, pk):
        found = self.get_object()
        if found.type == ActivityMaterial.Type.LINK:
            raise Http404
        return attachment(bytes(found.content), found.title, found.type)

    @extend_schema(summary=_("Take it out"), request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        materials.remove(self.get_object())
        return Response(status=204)


@extend_schema_view(retrieve=extend_schema(summary=_("What a file of minutes is")))
class MinutesFileViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    model = MinutesFile
    serializer_class = MinutesFileSerializer

    def get_queryset(self):
        user = self.request.user
        if self.action == "content":
            return access_minutes.visible_files(user)
        writes = self.action == "remove"
        reach = access_minutes.written_files if writes else access_minutes.visible_files
        return reach(user).defer("content")

    @extend_schema(
        summary=_("The content of a file of minutes"),
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    @sandboxed
    def content(self, request, pk):
        found = self.get_object()
        return attachment(bytes(found.content), found.caption, found.format)

    @extend_schema(summary=_("Take it out"), request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        minutes_files.remove(self.get_object())
        return Response(status=204)
