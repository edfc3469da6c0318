"""Activities: the list, the plan, and its steps."""

import django_filters
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied

from activities import access
from activities.access_materials import visible_materials
from activities.api.questions import QuestionSerializer, questions_field
from activities.models import Activity, ActivityMaterial, AgendaItem
from activities.services import activities, questions
from activities.services.activities import LONGEST_AGENDA
from members.access import visible_branches
from members.api.fields import InputSerializer, ReachableField, TextField
from members.api.filters import Number
from members.api.viewsets import RecordViewSet, take
from members.models import Branch, PartyGroup

PLAN = (
    "party_group",
    "title",
    "purpose",
    "starts_at",
    "ends_at",
    "place",
    "is_online",
    "accessibility",
    "transport",
    "audience",
    "offices",
    "occupations",
    "interests",
    "needs_sign_up",
    "seats",
    "sign_up_ends_at",
    "credit_hours",
    "remind_days",
)


class AgendaItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = AgendaItem
        fields = ("title", "speaker", "needs_ballot")


class ActivitySerializer(serializers.ModelSerializer):
    co_hosts = serializers.SerializerMethodField()
    agenda = AgendaItemSerializer(many=True, read_only=True)

    class Meta:
        model = Activity
        fields = (
            "id",
            "branch",
            "kind",
            *PLAN,
            "state",
            "cancelled_reason",
            "co_hosts",
            "agenda",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_co_hosts(self, activity) -> list[int]:
        return sorted(one.branch_id for one in activity.co_hosts.all())


class MaterialSerializer(serializers.ModelSerializer):
    """file: the address in the portal of what is no link."""

    file = serializers.SerializerMethodField()

    class Meta:
        model = ActivityMaterial
        fields = ("id", "title", "type", "link", "file", "size", "added_at")
        read_only_fields = fields

    def get_file(self, material) -> str:
        if material.link:
            return ""
        return reverse("activities:material_file", args=[material.pk])


class ActivityDetailSerializer(ActivitySerializer):
    """With what is told of a single one alone."""

    questions = QuestionSerializer(many=True, read_only=True)
    materials = serializers.SerializerMethodField()

    @extend_schema_field(MaterialSerializer(many=True))
    def get_materials(self, activity):
        """Those the caller may read."""
        user = self.context["request"].user
        found = visible_materials(user).filter(activity=activity)
        return MaterialSerializer(found, many=True).data

    class Meta(ActivitySerializer.Meta):
        fields = (
            *ActivitySerializer.Meta.fields,
            "reminded_at",
            "questions",
            "materials",
        )
        read_only_fields = fields


@extend_schema_field(int)
class PlannedBranchField(serializers.PrimaryKeyRelatedField):
    """A branch for which one may plan something."""

    def __init__(self, **options):
        super().__init__(pk_field=serializers.IntegerField(), **options)

    def get_queryset(self):
        return access.planning_branches(self.context["request"].user)


class ActivityEditSerializer(InputSerializer):
    """What may change of a plan. co_hosts, agenda and questions, once sent, replace what
    stands."""

    party_group = ReachableField(PartyGroup, "view", required=False, allow_null=True)
    co_hosts = ReachableField(Branch, access.RIGHT, many=True, required=False)
    agenda = AgendaItemSerializer(many=True, required=False, max_length=LONGEST_AGENDA)
    questions = questions_field()

    class Meta:
        model = Activity
        fields = (*PLAN, "co_hosts", "agenda", "questions")

    def validate(self, sent):
        """Who leads a Party group plans its meetings alone (MEET-06)."""
        user = self.context["request"].user
        activity = Activity(
            branch=sent.get("branch") or self.instance.branch,
            kind=sent.get("kind") or self.instance.kind,
            party_group=sent.get("party_group")
            or (self.instance.party_group if self.instance else None),
        )
        if not access.may_plan_this(user, activity):
            message = _("You may not plan this here.")
            refusal = serializers.ErrorDetail(message, code="not_yours_to_plan")
            raise serializers.ValidationError({"kind": [refusal]})
        return sent


class ActivityPlanSerializer(ActivityEditSerializer):
    branch = PlannedBranchField()

    class Meta:
        model = Activity
        fields = ("branch", "kind", *PLAN, "co_hosts", "agenda", "questions")


class ActivityCancelSerializer(serializers.Serializer):
    reason = TextField(max_length=200)


class ActivityFilter(django_filters.FilterSet):
    within = Number(method="at_or_below", label=_("This branch and all below it"))
    kind = django_filters.ChoiceFilter(choices=Activity.Kind.choices)
    state = django_filters.ChoiceFilter(choices=Activity.State.choices)
    starts_from = django_filters.IsoDateTimeFilter(
        field_name="starts_at", lookup_expr="gte"
    )
    starts_before = django_filters.IsoDateTimeFilter(
        field_name="starts_at", lookup_expr="lt"
    )

    @extend_schema_field(int)
    def at_or_below(self, queryset, name, value):
        top = visible_branches(self.request.user).filter(pk=value).first()
        return queryset.filter(access.below(top.path)) if top else queryset.none()


@extend_schema_view(
    list=extend_schema(summary=_("The activities you may see")),
    retrieve=extend_schema(
        summary=_("One activity"), responses=ActivityDetailSerializer
    ),
)
class ActivityViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    model = Activity
    rights = {
        "partial_update": "change",
        "announce": "change",
        "cancel": "change",
        "held": "change",
    }
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    orders = {
        "-starts_at": ("-starts_at", "-pk"),
        "starts_at": ("starts_at", "pk"),
        "id": ("pk",),
    }

    def get_queryset(self):
        found = super().get_queryset().select_related("branch", "party_group")
        found = found.prefetch_related("co_hosts", "agenda")
        return found if self.action == "list" else found.prefetch_related("questions")

    def get_serializer_class(self):
        return ActivitySerializer if self.action == "list" else ActivityDetailSerializer

    def check_permissions(self, request):
        super().check_permissions(request)
        if self.action == "create" and not access.may_plan(request.user):
            raise PermissionDenied

    @extend_schema(
        summary=_("Plan an activity: a draft, until it is announced"),
        request=ActivityPlanSerializer,
        responses={201: ActivityDetailSerializer},
    )
    def create(self, request):
        sent = self.sent(ActivityPlanSerializer)
        co_hosts, agenda = sent.pop("co_hosts", []), sent.pop("agenda", None)
        asked = sent.pop("questions", [])
        with transaction.atomic():
            made = activities.plan(
                Activity(**sent), co_hosts=co_hosts, agenda=agenda, by=request.user
            )
            if asked:
                questions.set_questions(made, asked)
        return self.answer(self.fresh(made), status.HTTP_201_CREATED)

    @extend_schema(
        summary=_("Change a plan"),
        request=ActivityEditSerializer,
        responses=ActivityDetailSerializer,
    )
    def partial_update(self, request, pk):
        activity = self.get_object()
        sent = self.sent(ActivityEditSerializer, instance=activity, partial=True)
        co_hosts, agenda = sent.pop("co_hosts", None), sent.pop("agenda", None)
        asked = sent.pop("questions", None)
        take(activity, sent)
        with transaction.atomic():
            changed = activities.change(
                activity, co_hosts=co_hosts, agenda=agenda, by=request.user
            )
            if asked is not None:
                questions.set_questions(changed, asked)
        return self.answer(self.fresh(changed))

    @extend_schema(
        summary=_("Announce it to those invited"),
        request=None,
        responses=ActivityDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def announce(self, request, pk):
        activity = self.get_object()
        now = timezone.now()
        return self.answer(activities.announce(activity, by=request.user, now=now))

    @extend_schema(
        summary=_("Call it off, with the reason"),
        request=ActivityCancelSerializer,
        responses=ActivityDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        activity = self.get_object()
        reason = self.sent(ActivityCancelSerializer).get("reason", "")
        return self.answer(activities.cancel(activity, reason=reason, by=request.user))

    @extend_schema(
        summary=_("Note that it took place"),
        request=None,
        responses=ActivityDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def held(self, request, pk):
        activity = self.get_object()
        now = timezone.now()
        return self.answer(activities.mark_held(activity, by=request.user, now=now))

    def fresh(self, activity):
        """As it stands now, with what hangs on it."""
        return self.get_queryset().get(pk=activity.pk)
