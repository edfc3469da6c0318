"""Who the caller is, and the code tables that the other routes speak in."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from members import access, code_tables
from members.models import ApiToken, LocalCode, Office, User

RIGHTS = ("view_branch", "change_branch", *sorted(access.BRANCH_RIGHTS))
TABLES = (*code_tables.TABLES, *LocalCode.Table.values, "office")


class TokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = ("name", "scope", "expires_on")
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer):
    """The account that asks. `rights`: for each right the branches it was given on;
    each reaches all branches below."""

    name = serializers.CharField(source="get_full_name")
    rights = serializers.SerializerMethodField()
    token = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id",
            "username",
            "name",
            "member",
            "administrator",
            "language",
            "rights",
            "token",
        )
        read_only_fields = fields

    def get_rights(self, user: User) -> dict[str, list[int]]:
        found = {right: access.scope(user, right) for right in RIGHTS}
        return {
            right: sorted({int(path.rstrip(".").rpartition(".")[2]) for path in paths})
            for right, paths in found.items()
            if paths
        }

    @extend_schema_field(TokenSerializer(allow_null=True))
    def get_token(self, user):
        token = self.context["request"].auth
        return TokenSerializer(token).data if token else None


class CodeSerializer(serializers.Serializer):
    code = serializers.CharField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)


class CodeTableSerializer(serializers.Serializer):
    table = serializers.CharField()
    codes = CodeSerializer(many=True)


class MeView(APIView):
    @extend_schema(
        summary=_("The account that asks, and its rights"), responses=MeSerializer
    )
    def get(self, request):
        return Response(MeSerializer(request.user, context={"request": request}).data)


class CodeTableView(APIView):
    @extend_schema(
        summary=_("A code table: national, local, or of the offices"),
        parameters=[OpenApiParameter("table", str, "path", enum=TABLES)],
        responses=CodeTableSerializer,
    )
    def get(self, request, table):
        if table not in TABLES:
            raise NotFound
        return Response(
            CodeTableSerializer({"table": table, "codes": rows(table)}).data
        )


def rows(table):
    """The rows of a table, of a local one those valid today."""
    if table in code_tables.TABLES:
        return code_tables.rows(table)
    if table == "office":
        return Office.objects.all()
    today = access.today()
    return LocalCode.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today),
        table=table,
        valid_from__lte=today,
    )
