"""What came of activities, the register of a branch, and one's own life."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from activities import access, access_effect
from activities.models import Activity, Attendance
from activities.services import effect, own_life, register
from members.models import Branch


class PastYearSerializer(serializers.Serializer):
    """year: this one, where none is given."""

    year = serializers.IntegerField(required=False, min_value=register.FIRST_YEAR)

    def validate_year(self, year: int) -> int:
        if year > timezone.localdate().year:
            raise serializers.ValidationError(_("At most this year."))
        return year


class IndicatorsSerializer(serializers.Serializer):
    """Rates are from 0 to 1, means from 1 to 5; null where there is nothing to say, and
    for surveys with fewer than three answers."""

    activities = serializers.IntegerField()
    expected = serializers.IntegerField()
    present = serializers.IntegerField()
    present_rate = serializers.FloatField(allow_null=True)
    answers = serializers.IntegerField()
    satisfaction_mean = serializers.FloatField(allow_null=True)
    usefulness_mean = serializers.FloatField(allow_null=True)
    resolutions = serializers.IntegerField()
    due = serializers.IntegerField()
    in_time = serializers.IntegerField()
    in_time_rate = serializers.FloatField(allow_null=True)


class PeriodSerializer(serializers.Serializer):
    """quarter: 0 for the year so far. before: the same time one year earlier."""

    quarter = serializers.IntegerField()
    now = IndicatorsSerializer()
    before = IndicatorsSerializer()


class BranchEffectSerializer(serializers.Serializer):
    branch = serializers.IntegerField()
    year = serializers.IntegerField()
    periods = PeriodSerializer(many=True)


class RegisterLineSerializer(serializers.Serializer):
    activity = serializers.IntegerField(source="activity.pk")
    starts_at = serializers.DateTimeField(source="activity.starts_at")
    kind = serializers.ChoiceField(Activity.Kind.choices, source="activity.kind")
    title = serializers.CharField(source="activity.title")
    place = serializers.CharField(source="activity.place")
    chair = serializers.CharField()
    expected = serializers.IntegerField()
    present = serializers.IntegerField()
    number = serializers.IntegerField(allow_null=True)
    resolutions = serializers.ListField(child=serializers.CharField())


class BranchRegisterSerializer(serializers.Serializer):
    branch = serializers.IntegerField()
    year = serializers.IntegerField()
    lines = RegisterLineSerializer(many=True)


class AttendedSerializer(serializers.Serializer):
    activity = serializers.IntegerField(source="row.activity_id")
    title = serializers.CharField(source="row.activity.title")
    kind = serializers.ChoiceField(Activity.Kind.choices, source="row.activity.kind")
    starts_at = serializers.DateTimeField(source="row.activity.starts_at")
    state = serializers.ChoiceField(Attendance.State.choices, source="row.state")
    reason = serializers.CharField(source="row.reason")
    hours = serializers.DecimalField(5, 1, allow_null=True)


class OwnLifeSerializer(serializers.Serializer):
    """hours: of the year, from all sources. demand: what the rules speak of; null for who
    is not in the Party."""

    year = serializers.IntegerField()
    hours = serializers.DecimalField(6, 1)
    demand = serializers.DecimalField(6, 1, allow_null=True)
    attended = AttendedSerializer(many=True)
    tasks = serializers.SerializerMethodField()
    resolutions = serializers.SerializerMethodField()

    def get_tasks(self, life) -> list[str]:
        return [task.title for task in life.tasks]

    def get_resolutions(self, life) -> list[str]:
        return [one.text for one in life.resolutions]


class OfYearView(GenericAPIView):
    queryset = Branch.objects.none()  # says what the number in the path is of

    def branch(self):
        branches = access_effect.register_branches(self.request.user)
        return get_object_or_404(branches, pk=self.kwargs["pk"])

    def year(self):
        asked = PastYearSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return asked.validated_data.get("year", timezone.localdate().year)


class BranchEffectView(OfYearView):
    @extend_schema(
        summary=_("What came of a year of a branch, beside its own year before"),
        parameters=[PastYearSerializer],
        responses=BranchEffectSerializer,
    )
    def get(self, request, pk):
        branch, year = self.branch(), self.year()
        periods = effect.of_branch(branch, year, today=timezone.localdate())
        answer = {"branch": branch.pk, "year": year, "periods": periods}
        return Response(BranchEffectSerializer(answer).data)


class BranchRegisterView(OfYearView):
    @extend_schema(
        summary=_("The register of organizational life of a branch"),
        parameters=[PastYearSerializer],
        responses=BranchRegisterSerializer,
    )
    def get(self, request, pk):
        branch, year = self.branch(), self.year()
        lines = register.lines(branch, year)
        answer = {"branch": branch.pk, "year": year, "lines": lines}
        return Response(BranchRegisterSerializer(answer).data)


class OwnLifeView(OfYearView):
    @extend_schema(
        summary=_("Your own organizational life in a year"),
        parameters=[PastYearSerializer],
        responses=OwnLifeSerializer,
    )
    def get(self, request):
        if request.user.member is None:
            raise Http404
        life = own_life.of(request.user.member, self.year(), today=timezone.localdate())
        return Response(OwnLifeSerializer(life).data)


class ActivityEffectView(GenericAPIView):
    queryset = Activity.objects.none()

    @extend_schema(
        summary=_("What came of an activity"), responses=IndicatorsSerializer
    )
    def get(self, request, pk):
        found = access.managed_activities(request.user).filter(pk=pk)
        activity = get_object_or_404(found)
        of_it = Activity.objects.filter(pk=activity.pk)
        return Response(IndicatorsSerializer(effect.of(of_it)).data)
