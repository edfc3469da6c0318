"""The attendance of an activity: the host's list, and the code at the door."""

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from activities import access
from activities.models import Activity, Attendance, Guest
from activities.services import attendances
from activities.services.attendances import Mark
from members.access import visible_members
from members.api.fields import TextField
from members.models import Member

State = Activity.State
MOST_MARKS, MOST_GUESTS = 500, 100


class AttendanceSerializer(serializers.ModelSerializer):
    """left_at: of who went before the end."""

    left_at = serializers.DateTimeField(source="checked_out_at")

    class Meta:
        model = Attendance
        fields = (
            "member",
            "is_guest",
            "state",
            "reason",
            "way",
            "checked_in_at",
            "left_at",
            "recorded_at",
        )
        read_only_fields = fields


class GuestSerializer(serializers.ModelSerializer):
    unit = TextField(max_length=80)

    class Meta:
        model = Guest
        fields = ("name", "unit")


class CountsSerializer(serializers.Serializer):
    """due: all of the body but the exempt; open: of them, those not marked yet."""

    due = serializers.IntegerField()
    present = serializers.IntegerField()
    on_leave = serializers.IntegerField()
    absent = serializers.IntegerField()
    exempt = serializers.IntegerField()
    open = serializers.IntegerField()
    guests = serializers.IntegerField()


class AttendanceListSerializer(serializers.Serializer):
    """open: those on the list of whom nothing is marked."""

    counts = CountsSerializer()
    rows = AttendanceSerializer(many=True)
    guests = GuestSerializer(many=True)
    open = serializers.ListField(child=serializers.IntegerField())


class MarkSerializer(serializers.Serializer):
    member = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    state = serializers.ChoiceField(Attendance.State.choices)
    reason = TextField(max_length=200)
    left_at = serializers.DateTimeField(required=False, allow_null=True)


class AttendanceSentSerializer(serializers.Serializer):
    """Marks change the people they name and nobody else. guests, once sent, replace
    those that stand."""

    marks = MarkSerializer(many=True, max_length=MOST_MARKS)
    guests = GuestSerializer(many=True, required=False, max_length=MOST_GUESTS)
    on_paper = serializers.BooleanField(default=False)


class DoorCodeSerializer(serializers.Serializer):
    code = serializers.RegexField(r"^[0-9]{6}\Z")


class OfActivityView(GenericAPIView):
    queryset = Activity.objects.none()  # says what the number in the path is of

    def found(self, activities):
        open_ones = activities.exclude(state__in=[State.DRAFT, State.CANCELLED])
        return get_object_or_404(open_ones, pk=self.kwargs["pk"])


class AttendanceView(OfActivityView):
    def activity(self):
        return self.found(access.managed_activities(self.request.user))

    def list_of(self, activity):
        rows = list(activity.attendances.order_by("member__pinyin", "member"))
        marked = {row.member_id for row in rows}
        listed = attendances.listed(activity).values_list("pk", flat=True)
        answer = {
            "counts": attendances.counts(activity),
            "rows": rows,
            "guests": activity.guests.all(),
            "open": [key for key in listed if key not in marked],
        }
        return Response(AttendanceListSerializer(answer).data)

    @extend_schema(
        summary=gettext_lazy("The attendance list of an activity you host"),
        responses=AttendanceListSerializer,
    )
    def get(self, request, pk):
        return self.list_of(self.activity())

    @extend_schema(
        summary=gettext_lazy("Mark people on the list: all or nothing"),
        request=AttendanceSentSerializer,
        responses=AttendanceListSerializer,
    )
    def post(self, request, pk):
        activity = self.activity()
        asked = AttendanceSentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sent, guests = asked.validated_data, None
        if "guests" in sent:
            guests = [(one["name"], one.get("unit", "")) for one in sent["guests"]]
        attendances.record(
            activity,
            marks_of(request.user, activity, sent["marks"]),
            guests=guests,
            way=Attendance.Way.PAPER if sent["on_paper"] else Attendance.Way.LIST,
            by=request.user,
            now=timezone.now(),
        )
        return self.list_of(activity)


def marks_of(user, activity, sent):
    """The marks, of people on the list and of others that `user` sees (AZ-06)."""
    keys = {mark["member"] for mark in sent}
    listed = attendances.listed(activity).filter(pk__in=keys).order_by().values("pk")
    seen = visible_members(user).live().filter(pk__in=keys).values("pk")
    found = Member.objects.filter(pk__in=listed) | Member.objects.filter(pk__in=seen)
    people = {member.pk: member for member in found}
    if unknown := sorted(keys - people.keys()):
        raise ValidationError(
            {
                f"member_{key}": ValidationError(
                    _("There is nobody of this number for you to mark."),
                    code="does_not_exist",
                )
                for key in unknown
            }
        )
    return [
        Mark(
            people[mark["member"]],
            mark["state"],
            mark.get("reason", ""),
            mark.get("left_at"),
        )
        for mark in sent
    ]


class ByCodeView(OfActivityView):
    def mark(self, verb):
        activity = self.found(access.visible_activities(self.request.user))
        member = self.request.user.member
        if member is None or not member.is_live:
            self.permission_denied(self.request)
        asked = DoorCodeSerializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        code = asked.validated_data["code"]
        now, user = timezone.now(), self.request.user
        row = verb(member, activity, code=code, by=user, now=now)
        return Response(AttendanceSerializer(row).data)


class CheckInView(ByCodeView):
    @extend_schema(
        summary=gettext_lazy("Say by the code at the door that you are here"),
        request=DoorCodeSerializer,
        responses=AttendanceSerializer,
    )
    def post(self, request, pk):
        return self.mark(attendances.check_in)


class CheckOutView(ByCodeView):
    @extend_schema(
        summary=gettext_lazy("Say by the code at the door that you leave early"),
        request=DoorCodeSerializer,
        responses=AttendanceSerializer,
    )
    def post(self, request, pk):
        return self.mark(attendances.check_out)
