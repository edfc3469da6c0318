"""What follows an appraisal by the API: by whom and until when (LIFE-26).

What is to be done and what came of it are kept sealed and are not given out here.
"""

import django_filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action

from activities import access_appraisal
from activities.models import Appraisal, FollowUp
from activities.services import follow_ups
from activities.services.appraisals import LONGEST_TEXT
from members.api.fields import DayField, ReachableField, TextField
from members.api.filters import Flag, Number
from members.api.viewsets import RecordViewSet
from members.models import Member


class FollowUpSerializer(serializers.ModelSerializer):
    """owner: who helps. done_on: null until somebody notes what came of it."""

    class Meta:
        model = FollowUp
        fields = ("id", "appraisal", "kind", "owner", "due_on", "done_on")
        read_only_fields = fields


class FollowUpSentSerializer(serializers.Serializer):
    """owner: a member of the branch, but not the one it is about."""

    appraisal = ReachableField(Appraisal, "change")
    kind = serializers.ChoiceField(FollowUp.Kind.choices)
    plan = TextField(max_length=LONGEST_TEXT)
    owner = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    due_on = DayField()


class FollowUpChangeSerializer(serializers.Serializer):
    """What is left out stays."""

    plan = TextField(max_length=LONGEST_TEXT)
    owner = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    due_on = DayField(required=False)


class FollowUpEndSerializer(serializers.Serializer):
    outcome = TextField(max_length=LONGEST_TEXT)
    done_on = DayField()


class FollowUpFilter(django_filters.FilterSet):
    appraisal = Number()
    owner = Number()
    is_done = Flag(field_name="done_on", lookup_expr="isnull", exclude=True)


@extend_schema_view(
    list=extend_schema(summary=_("What follows appraisals: managed or one's own")),
    retrieve=extend_schema(summary=_("One follow-up of an appraisal")),
)
class FollowUpViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet):
    """For those who manage the appraisal, and who answers for the help."""

    model = FollowUp
    add_right = access_appraisal.RIGHT
    rights = {"end": "change"}
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    orders = {"due_on": ("due_on", "pk"), "id": ("pk",)}

    def get_queryset(self):
        if self.action == "partial_update":
            return access_appraisal.changed_follow_ups(self.request.user)
        return super().get_queryset()

    @extend_schema(
        summary=_("Note what follows, by whom and until when"),
        request=FollowUpSentSerializer,
        responses={201: FollowUpSerializer},
    )
    def create(self, request):
        sent = {"plan": ""} | self.sent(FollowUpSentSerializer)
        made = FollowUp(owner_id=sent.pop("owner"), **sent)
        today = timezone.localdate()
        return self.answer(follow_ups.note(made, by=request.user, today=today), 201)

    @extend_schema(
        summary=_("Change who does what until when, while it is not done"),
        request=FollowUpChangeSerializer,
        responses=FollowUpSerializer,
    )
    def partial_update(self, request, pk):
        found, sent = self.get_object(), self.sent(FollowUpChangeSerializer)
        if "owner" in sent:
            sent["owner"] = Member(pk=sent["owner"])  # the service looks for whom
        today = timezone.localdate()
        return self.answer(
            follow_ups.change(found, **sent, by=request.user, today=today)
        )

    @extend_schema(
        summary=_("Note that it is done and what came of it, or note it anew"),
        request=FollowUpEndSerializer,
        responses=FollowUpSerializer,
    )
    @action(detail=True, methods=["post"])
    def end(self, request, pk):
        found = self.get_object()
        sent = {"outcome": ""} | self.sent(FollowUpEndSerializer)
        today = timezone.localdate()
        return self.answer(follow_ups.end(found, **sent, by=request.user, today=today))
