"""Signing up for an activity, and what one signed up for (RL-01)."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from activities import access
from activities.api.questions import AnswerSerializer, by_question
from activities.models import Activity, SignUp
from activities.services import questions, sign_ups
from activities.services.questions import MOST, given_by
from members.api.fields import TextField
from members.api.viewsets import RecordViewSet


class SignUpSerializer(serializers.ModelSerializer):
    """place: on the waiting list, from 1 and without a gap; null for who waits not."""

    place = serializers.SerializerMethodField()
    answers = AnswerSerializer(many=True, read_only=True)

    class Meta:
        model = SignUp
        fields = (
            "id",
            "activity",
            "member",
            "state",
            "place",
            "note",
            "answers",
            "moved_up_at",
            "asked_at",
        )
        read_only_fields = fields

    def get_place(self, sign_up: SignUp) -> int | None:
        if hasattr(sign_up, "waits_at"):
            return sign_up.waits_at
        return sign_ups.waiting_place(sign_up)


class SignUpAskSerializer(serializers.Serializer):
    note = TextField(max_length=200)
    answers = AnswerSerializer(many=True, required=False, max_length=MOST)


class SeatsSerializer(serializers.Serializer):
    """seats, free: null where there is room for everybody. sign_up: the caller's own, null
    for none that stands."""

    seats = serializers.IntegerField(allow_null=True)
    taken = serializers.IntegerField()
    free = serializers.IntegerField(allow_null=True)
    waiting = serializers.IntegerField()
    sign_up = SignUpSerializer(allow_null=True)


class SeatsView(GenericAPIView):
    queryset = Activity.objects.none()  # says what the number in the path is of

    def activity(self):
        visible = access.visible_activities(self.request.user)
        visible = questions.with_asks(visible)
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def own(self, activity):
        member = self.request.user.member
        return member and activity.sign_ups.filter(member=member).first()

    @extend_schema(
        summary=_("The seats of an activity, and your own sign-up"),
        responses=SeatsSerializer,
    )
    def get(self, request, pk):
        activity = self.activity()
        own = self.own(activity)
        stands = own is not None and own.state in SignUp.STANDING
        seats = sign_ups.seats_of(activity) | {"sign_up": own if stands else None}
        return Response(SeatsSerializer(seats).data)

    @extend_schema(
        summary=_("Sign up: a seat, or a place on the waiting list"),
        request=SignUpAskSerializer,
        responses={201: SignUpSerializer},
    )
    def post(self, request, pk):
        activity, member = self.activity(), request.user.member
        if member is None or not member.is_live:
            self.permission_denied(request)
        sent = SignUpAskSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        made = sign_ups.sign_up(
            member,
            activity,
            by=request.user,
            now=timezone.now(),
            note=sent.validated_data.get("note", ""),
            answers=by_question(sent.validated_data.get("answers", ())),
        )
        return Response(SignUpSerializer(made).data, status=201)

    @extend_schema(
        summary=_("Change your note or your answers; the place stays"),
        request=SignUpAskSerializer,
        responses=SignUpSerializer,
    )
    def patch(self, request, pk):
        own = self.own(self.activity())
        if own is None:
            raise Http404
        sent = SignUpAskSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        answers = given_by(own) | by_question(sent.validated_data.get("answers", ()))
        own = sign_ups.change(
            own,
            note=sent.validated_data.get("note", own.note),
            answers=answers,
            by=request.user,
            now=timezone.now(),
        )
        return Response(SignUpSerializer(own).data)

    @extend_schema(
        summary=_("Give the seat back, or leave the waiting list"),
        responses=SignUpSerializer,
    )
    def delete(self, request, pk):
        own = self.own(self.activity())
        if own is None:
            raise Http404
        own = sign_ups.withdraw(own, by=request.user, now=timezone.now())
        return Response(SignUpSerializer(own).data)


class SeatTakeView(SeatsView):
    http_method_names = ("post", "options")

    @extend_schema(
        summary=_("Take the seat you moved up to; to pass it on, give it back"),
        request=None,
        responses=SignUpSerializer,
    )
    def post(self, request, pk):
        own = self.own(self.activity())
        if own is None:
            raise Http404
        return Response(SignUpSerializer(sign_ups.take_seat(own)).data)


@extend_schema_view(list=extend_schema(summary=_("What you signed up for")))
class SignUpViewSet(mixins.ListModelMixin, RecordViewSet):
    """One's own, seats and waiting lists, withdrawn ones left out; the latest first."""

    model = SignUp
    serializer_class = SignUpSerializer
    orders = {"-id": ("-pk",), "id": ("pk",)}

    def get_queryset(self):
        return access.own_sign_ups(self.request.user).standing().with_waiting_place()
