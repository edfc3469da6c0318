"""What a branch owes in a year."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import access
from activities.duties import Duty, completion
from activities.models import DutyRule
from activities.services import duties
from members.access import visible_branches

STATES = ("done", "planned", "open", "missed", "coming")


class YearSerializer(serializers.Serializer):
    """year: this one, where none is given."""

    year = serializers.IntegerField(required=False, min_value=duties.FIRST_YEAR)

    def validate_year(self, year: int) -> int:
        if year > timezone.localdate().year + 1:
            raise serializers.ValidationError(_("At most the coming year."))
        return year


class DutySerializer(serializers.Serializer):
    """What is due in one period from the branch, or from one of its Party groups.

    code, version: of the rule, `source` its article. done: how many count, never more
    than `required`. activities: those held for it that you may see; a finished round of
    appraisal counts too and is none. state: "planned" when
    enough is announced for a period that is not over.
    """

    code = serializers.CharField(source="rule.code")
    version = serializers.IntegerField(source="rule.version")
    name = serializers.CharField(source="rule.name")
    source = serializers.CharField(source="rule.source")
    activity_kind = serializers.CharField(source="rule.activity_kind")
    is_required = serializers.BooleanField(source="rule.is_required")
    period = serializers.ChoiceField(DutyRule.Period.choices, source="rule.period")
    party_group = serializers.IntegerField(source="group.pk", default=None)
    starts_on = serializers.DateField(source="span.starts_on")
    due_on = serializers.DateField()
    required = serializers.IntegerField()
    done = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    activities = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, duty: Duty) -> str:
        return duty.state(self.context["today"])

    def get_activities(self, duty: Duty) -> list[int]:
        visible = self.context["visible"]
        return [
            held.pk for held in duty.held if not held.is_round and held.pk in visible
        ]


class BranchDutiesSerializer(serializers.Serializer):
    """done, required: of the required duties of the whole year (MIN-17)."""

    branch = serializers.IntegerField()
    year = serializers.IntegerField()
    done = serializers.IntegerField()
    required = serializers.IntegerField()
    duties = DutySerializer(many=True)


class BranchDutiesView(APIView):
    """What a branch owes; no branch is compared with another."""

    @extend_schema(
        summary=_("What a branch owes in a year, and what was held"),
        parameters=[YearSerializer],
        responses=BranchDutiesSerializer,
    )
    def get(self, request, pk):
        asked = YearSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        today = timezone.localdate()
        year = asked.validated_data.get("year", today.year)
        branch = get_object_or_404(visible_branches(request.user), pk=pk)
        found, _reminders = duties.of_branch(branch, year, today=today)
        done, required = completion(found)
        keys = {held.pk for duty in found for held in duty.held if not held.is_round}
        seen = access.visible_activities(request.user).filter(pk__in=keys)
        answer = {
            "branch": branch.pk,
            "year": year,
            "done": done,
            "required": required,
            "duties": found,
        }
        visible = set(seen.values_list("pk", flat=True))
        context = {"today": today, "visible": visible}
        return Response(BranchDutiesSerializer(answer, context=context).data)
