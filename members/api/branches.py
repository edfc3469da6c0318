"""Branches: the tree, its details and its verbs."""

import django_filters
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action

from members import access
from members.api.fields import DayField, InputSerializer, ReachableField, TextField
from members.api.filters import Flag, Number, RecordFilter
from members.api.viewsets import RecordViewSet, take
from members.forms.branches import OWN_FIELDS
from members.models import Branch
from members.services import branches

DETAILS = (
    "code",
    "name",
    "short_name",
    "kind",
    "setting",
    "unit_relation",
    "region",
    "credit_code",
    "term_years",
    "can_admit",
    "contact_person",
    "contact_phone",
    "established_on",
    "notes",
)


class BranchSerializer(serializers.ModelSerializer):
    years_of_term = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Branch
        fields = ("id", "parent", *DETAILS, "years_of_term", "closed_on")
        read_only_fields = fields


class BranchEditSerializer(InputSerializer):
    """Details of a branch; some of them its superior alone may settle."""

    class Meta:
        model = Branch
        fields = DETAILS

    def validate(self, sent):
        if access.can_restructure(self.context["request"].user, self.instance):
            return sent
        settled = [name for name in sent if name not in OWN_FIELDS]
        message = _("The branch above settles this.")
        if settled:
            raise serializers.ValidationError(
                {name: [message] for name in settled}, code="not_yours_to_change"
            )
        return sent


class BranchSetUpSerializer(InputSerializer):
    parent = ReachableField(Branch, "manage_tree")
    document_number = TextField(max_length=60)

    class Meta:
        model = Branch
        fields = ("parent", *DETAILS, "document_number")


class BranchMoveSerializer(serializers.Serializer):
    parent = ReachableField(Branch, "manage_tree")
    decided_on = DayField()
    document_number = serializers.CharField(max_length=60)
    reason = TextField(max_length=200)


class BranchCloseSerializer(serializers.Serializer):
    on = DayField()
    document_number = serializers.CharField(max_length=60)
    reason = TextField(max_length=200)


class BranchFilter(RecordFilter):
    parent = Number(field_name="parent_id")
    kind = django_filters.ChoiceFilter(choices=Branch.Kind.choices)
    setting = django_filters.ChoiceFilter(choices=Branch.Setting.choices)
    closed = Flag(field_name="closed_on", lookup_expr="isnull", exclude=True)


@extend_schema_view(
    list=extend_schema(summary=_("The branches you may see")),
    retrieve=extend_schema(summary=_("One branch")),
)
class BranchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    model = Branch
    rights = {"partial_update": "change"}
    add_right = "manage_tree"
    serializer_class = BranchSerializer
    filterset_class = BranchFilter
    orders = {"path": ("path",), "name": ("name", "pk"), "code": ("code",)}

    @extend_schema(
        summary=_("Set up a branch below another"),
        request=BranchSetUpSerializer,
        responses={201: BranchSerializer},
    )
    def create(self, request):
        sent = self.sent(BranchSetUpSerializer)
        number = sent.pop("document_number", "")
        branch = branches.set_up_branch(
            Branch(**sent), by=request.user, document_number=number
        )
        return self.answer(branch, status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Change details of a branch"),
        request=BranchEditSerializer,
        responses=BranchSerializer,
    )
    def partial_update(self, request, pk):
        branch = self.get_object()
        take(branch, self.sent(BranchEditSerializer, instance=branch, partial=True))
        return self.answer(branches.change_branch(branch, by=request.user))

    @extend_schema(
        summary=_("The branches directly below"),
        filters=False,
        responses=BranchSerializer(many=True),
    )
    @action(detail=True, orders={"name": ("name", "pk"), "code": ("code",)})
    def children(self, request, pk):
        branch = self.get_object()
        return self.page_of(access.visible_branches(request.user).filter(parent=branch))

    @extend_schema(
        summary=_("Put a branch under another parent"),
        request=BranchMoveSerializer,
        responses=BranchSerializer,
    )
    @action(detail=True, methods=["post"])
    def move(self, request, pk):
        branch = self.get_object_if(access.can_move)
        sent = self.sent(BranchMoveSerializer)
        parent = sent.pop("parent")
        return self.answer(
            branches.move_branch(branch, parent, by=request.user, **sent)
        )

    @extend_schema(
        summary=_("Close a branch that holds nobody"),
        request=BranchCloseSerializer,
        responses=BranchSerializer,
    )
    @action(detail=True, methods=["post"])
    def close(self, request, pk):
        branch = self.get_object_if(access.can_close)
        sent = self.sent(BranchCloseSerializer)
        return self.answer(branches.close_branch(branch, by=request.user, **sent))

    def get_object_if(self, allowed):
        branch = self.get_object()
        if not allowed(self.request.user, branch):
            raise Http404
        return branch
