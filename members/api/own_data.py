"""What is held about the caller, and deleting what was given by choice (CR-13)."""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from members.services import own_kinds

ACTS = ("copy", "correct", "delete")


class OwnKindSerializer(serializers.Serializer):
    """A kind of data held about the caller.

    count: how many rows there are. acts: "copy" on the page “My data”, with the password;
    "correct" by `corrections/`; "delete" by DELETE, here. deletable: how many rows that
    would end.
    """

    kind = serializers.CharField(source="name")
    basis = serializers.ChoiceField(own_kinds.Basis.choices)
    title = serializers.CharField()
    what = serializers.CharField()
    why = serializers.CharField()
    kept = serializers.CharField()
    may = serializers.CharField()
    count = serializers.SerializerMethodField()
    deletable = serializers.SerializerMethodField()
    acts = serializers.SerializerMethodField()

    def get_count(self, kind: own_kinds.Kind) -> int:
        return self.context["held"][kind.name]

    def get_deletable(self, kind: own_kinds.Kind) -> int:
        return self.context["deletable"].get(kind.name, 0)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(ACTS)))
    def get_acts(self, kind: own_kinds.Kind) -> list[str]:
        may = (kind.is_in_file, kind.is_correctable, kind.is_deletable)
        return [act for act, is_so in zip(ACTS, may, strict=True) if is_so]


class DeletedSerializer(serializers.Serializer):
    """deleted: how many rows ended, 0 when there was nothing left."""

    kind = serializers.CharField()
    deleted = serializers.IntegerField()


class OwnDataView(APIView):
    @extend_schema(
        summary=_("What is held about the account that asks, and why"),
        responses=OwnKindSerializer(many=True),
    )
    def get(self, request):
        user = request.user
        context = {
            "held": own_kinds.held(user),
            "deletable": own_kinds.deletable(user, keep=own_session(request)),
        }
        kinds = own_kinds.kinds_of(user)
        return Response(OwnKindSerializer(kinds, many=True, context=context).data)


class OwnKindView(APIView):
    @extend_schema(
        summary=_("Delete or withdraw what you gave by choice; once or often"),
        parameters=[
            OpenApiParameter("kind", str, "path", enum=list(own_kinds.KINDS)),
        ],
        request=None,
        responses={200: DeletedSerializer},
    )
    def delete(self, request, kind):
        """Other kinds must be kept: 400, code "must_be_kept", with the reason. A session
        that asks goes on; a token that asks ends with the others."""
        if kind not in {found.name for found in own_kinds.kinds_of(request.user)}:
            raise Http404
        keep = own_session(request)
        done = own_kinds.delete(kind, of=request.user, now=timezone.now(), keep=keep)
        return Response({"kind": kind, "deleted": done})


def own_session(request):
    """The key of the session that asks; None where a token does."""
    return None if request.auth else request.session.session_key
