"""Appraisals by the API: rounds and their steps, and one's own (LIFE-20 … LIFE-27).

No text of the compartment leaves by it, and totals only once the poll is closed.
"""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from activities import access_appraisal
from activities.appraisal_rules import Papers
from activities.models import Appraisal, AppraisalRound, Grade
from activities.services import appraisals, polls
from members.api.fields import DayField, TextField
from members.api.viewsets import RecordViewSet

KEY = {"min_value": 1, "max_value": 2**63 - 1}


# --- read -------------------------------------------------------------------------------
class TotalsSerializer(serializers.Serializer):
    excellent = serializers.IntegerField()
    qualified = serializers.IntegerField()
    basic = serializers.IntegerField()
    unqualified = serializers.IntegerField()


class AppraisalSerializer(serializers.ModelSerializer):
    """totals: null while the poll is open, and where fewer than three gave a grade.
    grade: empty for nobody's yet, the probationary and the exempt."""

    has_written = serializers.BooleanField()
    is_exempt = serializers.BooleanField()
    grade = serializers.SerializerMethodField()
    is_settled = serializers.SerializerMethodField()
    read_at = serializers.SerializerMethodField()
    totals = serializers.SerializerMethodField()

    class Meta:
        model = Appraisal
        fields = (
            *("id", "round", "member", "takes_grade", "has_written", "is_exempt"),
            *("is_settled", "grade", "totals", "read_at"),
        )
        read_only_fields = fields

    def result(self, one):
        return getattr(one, "result", None)

    def get_grade(self, one) -> str:
        result = self.result(one)
        return result.grade if result else ""

    def get_is_settled(self, one) -> bool:
        result = self.result(one)
        return result is not None and result.is_settled

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_read_at(self, one):
        result = self.result(one)
        return result.read_at if result else None

    @extend_schema_field(TotalsSerializer(allow_null=True))
    def get_totals(self, one):
        return polls.totals_of(self.result(one), one.round)


class AppraisalRoundSerializer(serializers.ModelSerializer):
    class Meta:
        model = AppraisalRound
        fields = (
            *("id", "branch", "year", "due_on", "step", "poll"),
            *("issued", "returned", "void", "body", "decided_on", "started_at"),
        )
        read_only_fields = fields


class OwnAppraisalSerializer(serializers.ModelSerializer):
    """grade: empty until the branch told it."""

    branch = serializers.IntegerField(source="round.branch_id")
    year = serializers.IntegerField(source="round.year")
    step = serializers.ChoiceField(AppraisalRound.Step.choices, source="round.step")
    poll = serializers.CharField(source="round.poll")
    has_written = serializers.BooleanField()
    is_exempt = serializers.BooleanField()
    grade = serializers.SerializerMethodField()
    is_read = serializers.SerializerMethodField()

    class Meta:
        model = Appraisal
        fields = (
            *("id", "branch", "year", "step", "poll", "takes_grade", "has_written"),
            *("has_voted", "is_exempt", "grade", "is_read"),
        )
        read_only_fields = fields

    def told(self, one):
        """The result, once it is told."""
        result = getattr(one, "result", None)
        return result if one.round.is_told and not one.is_exempt else None

    def get_grade(self, one) -> str:
        told = self.told(one)
        return told.grade if told else ""

    def get_is_read(self, one) -> bool:
        told = self.told(one)
        return told is not None and told.read_at is not None


# --- sent -------------------------------------------------------------------------------
class RoundStartSerializer(serializers.Serializer):
    branch = serializers.IntegerField(**KEY)
    year = serializers.IntegerField(min_value=appraisals.FIRST_YEAR, max_value=2200)
    due_on = DayField()


class PollKindSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(AppraisalRound.Poll.choices)


class MarksSerializer(serializers.Serializer):
    appraisal = serializers.IntegerField(**KEY)
    excellent = serializers.IntegerField(min_value=0, max_value=9999)
    qualified = serializers.IntegerField(min_value=0, max_value=9999)
    basic = serializers.IntegerField(min_value=0, max_value=9999)
    unqualified = serializers.IntegerField(min_value=0, max_value=9999)
    blank = serializers.IntegerField(min_value=0, max_value=9999)


class PapersSerializer(serializers.Serializer):
    issued = serializers.IntegerField(min_value=0, max_value=9999)
    returned = serializers.IntegerField(min_value=0, max_value=9999)
    void = serializers.IntegerField(min_value=0, max_value=9999)
    marks = MarksSerializer(many=True, max_length=1000)


class FeedBackSerializer(serializers.Serializer):
    body = serializers.ChoiceField(AppraisalRound.Body.choices)
    decided_on = DayField()


class DecideSerializer(serializers.Serializer):
    """grade: empty for the probationary. reason: where it differs from the poll."""

    grade = serializers.ChoiceField(Grade.choices, allow_blank=True)
    opinion = TextField(max_length=appraisals.LONGEST_TEXT)
    reason = TextField(max_length=appraisals.LONGEST_TEXT)


class AppraisalReasonSerializer(serializers.Serializer):
    reason = TextField(max_length=appraisals.LONGEST_TEXT)


class SaidSerializer(serializers.Serializer):
    text = TextField(max_length=appraisals.LONGEST_TEXT)


class OpinionSerializer(SaidSerializer):
    """appraisal: of another in the same round."""

    appraisal = serializers.IntegerField(**KEY)


class ChoiceSerializer(serializers.Serializer):
    appraisal = serializers.IntegerField(**KEY)
    grade = serializers.ChoiceField(Grade.choices)


class VoteSerializer(serializers.Serializer):
    choices = ChoiceSerializer(many=True, max_length=1000)


class OtherSerializer(serializers.ModelSerializer):
    """Another of the round, on whom one writes and votes. asked: whether the poll asks
    for a grade."""

    name = serializers.CharField(source="member.name")
    asked = serializers.SerializerMethodField()

    class Meta:
        model = Appraisal
        fields = ("id", "name", "asked")
        read_only_fields = fields

    def get_asked(self, one) -> bool:
        return one.takes_grade and not one.is_exempt


# --- rounds -----------------------------------------------------------------------------
@extend_schema_view(
    list=extend_schema(summary=_("The rounds of appraisal that you manage")),
    retrieve=extend_schema(summary=_("One round of appraisal")),
)
class AppraisalRoundViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    """Of the branches in which the caller holds the right; the latest first."""

    model = AppraisalRound
    add_right = access_appraisal.RIGHT
    serializer_class = AppraisalRoundSerializer
    orders = {"-year": ("-year", "-pk"), "id": ("pk",)}
    rights = dict.fromkeys(
        ("mutual", "poll", "papers", "close", "tell", "finish"), "change"
    )

    @extend_schema(
        summary=_("Begin the appraisal of a year"),
        request=RoundStartSerializer,
        responses={201: AppraisalRoundSerializer},
    )
    def create(self, request):
        sent = self.sent(RoundStartSerializer)
        branches = access_appraisal.managed_branches(request.user)
        branch = branches.filter(pk=sent.pop("branch")).first()
        if branch is None:
            message = _("You manage no appraisals there.")
            refusal = serializers.ErrorDetail(message, code="does_not_exist")
            raise serializers.ValidationError({"branch": [refusal]})
        today = timezone.localdate()
        made = appraisals.start(branch, **sent, by=request.user, today=today)
        return self.answer(made, 201)

    @extend_schema(
        summary=_("The members of a round"),
        responses=AppraisalSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def members(self, request, pk):
        round_ = self.get_object()
        people = round_.appraisals.select_related("member", "result", "round")
        people = people.order_by("member__pinyin", "pk")
        return Response(AppraisalSerializer(people, many=True).data)

    @extend_schema(
        summary=_("Go on to the opinions"),
        request=None,
        responses=AppraisalRoundSerializer,
    )
    @action(detail=True, methods=["post"])
    def mutual(self, request, pk):
        return self.answer(appraisals.open_mutual(self.get_object(), by=request.user))

    @extend_schema(
        summary=_("Open the poll"),
        request=PollKindSerializer,
        responses=AppraisalRoundSerializer,
    )
    @action(detail=True, methods=["post"])
    def poll(self, request, pk):
        round_, sent = self.get_object(), self.sent(PollKindSerializer)
        return self.answer(polls.open_poll(round_, **sent, by=request.user))

    @extend_schema(
        summary=_("Enter the totals of a poll on paper"),
        request=PapersSerializer,
        responses=AppraisalRoundSerializer,
    )
    @action(detail=True, methods=["post"])
    def papers(self, request, pk):
        round_, sent = self.get_object(), self.sent(PapersSerializer)
        marks = sent.pop("marks")
        counts = {row.pop("appraisal"): row for row in marks}
        made = polls.count_papers(round_, Papers(**sent), counts, by=request.user)
        return self.answer(made)

    @extend_schema(
        summary=_("Close the poll"), request=None, responses=AppraisalRoundSerializer
    )
    @action(detail=True, methods=["post"])
    def close(self, request, pk):
        return self.answer(polls.close_poll(self.get_object(), by=request.user))

    @extend_schema(
        summary=_("Tell the members their results"),
        request=FeedBackSerializer,
        responses=AppraisalRoundSerializer,
    )
    @action(detail=True, methods=["post"])
    def tell(self, request, pk):
        round_, sent = self.get_object(), self.sent(FeedBackSerializer)
        today = timezone.localdate()
        made = appraisals.feed_back(round_, **sent, by=request.user, today=today)
        return self.answer(made)

    @extend_schema(
        summary=_("Finish the appraisal"),
        request=None,
        responses=AppraisalRoundSerializer,
    )
    @action(detail=True, methods=["post"])
    def finish(self, request, pk):
        return self.answer(appraisals.finish(self.get_object(), by=request.user))


@extend_schema_view(
    retrieve=extend_schema(summary=_("One member in a round of appraisal"))
)
class AppraisalViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    """For those who manage the round."""

    model = Appraisal
    serializer_class = AppraisalSerializer
    rights = dict.fromkeys(("decide", "exempt", "exempt_back", "told"), "change")

    def get_queryset(self):
        return (
            super().get_queryset().select_related("member", "round__branch", "result")
        )

    def fresh(self, one):
        return self.answer(self.get_queryset().get(pk=one.pk))

    @extend_schema(
        summary=_("Settle grade and opinion"),
        request=DecideSerializer,
        responses=AppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def decide(self, request, pk):
        one, sent = self.get_object(), self.sent(DecideSerializer)
        appraisals.decide(
            one,
            grade=sent["grade"],
            opinion=sent.get("opinion", ""),
            reason=sent.get("reason", ""),
            by=request.user,
        )
        return self.fresh(one)

    @extend_schema(
        summary=_("Exempt a member, with the reason"),
        request=AppraisalReasonSerializer,
        responses=AppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def exempt(self, request, pk):
        one, sent = self.get_object(), self.sent(AppraisalReasonSerializer)
        appraisals.exempt(one, reason=sent.get("reason", ""), by=request.user)
        return self.fresh(one)

    @extend_schema(
        summary=_("Take an exemption back"),
        request=None,
        responses=AppraisalSerializer,
    )
    @action(detail=True, methods=["post"], url_path="exempt-back")
    def exempt_back(self, request, pk):
        one = self.get_object()
        appraisals.take_exemption_back(one, by=request.user)
        return self.fresh(one)

    @extend_schema(
        summary=_("Note that a member was told in person"),
        request=None,
        responses=AppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def told(self, request, pk):
        one = self.get_object()
        appraisals.tell_in_person(one, by=request.user, now=timezone.now())
        return self.fresh(one)


# --- one's own --------------------------------------------------------------------------
@extend_schema_view(
    list=extend_schema(summary=_("Your own appraisals")),
    retrieve=extend_schema(summary=_("One of your own appraisals")),
)
class OwnAppraisalViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, RecordViewSet
):
    """The caller's own, and nothing that was not told yet; the latest first."""

    model = Appraisal
    serializer_class = OwnAppraisalSerializer
    orders = {"-id": ("-pk",), "id": ("pk",)}

    def get_queryset(self):
        return access_appraisal.own_appraisals(self.request.user).select_related(
            "round__branch", "member", "result"
        )

    def fresh(self, one):
        return self.answer(self.get_queryset().get(pk=one.pk))

    @extend_schema(
        summary=_("The others of the round"),
        responses=OtherSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def others(self, request, pk):
        one = self.get_object()
        others = one.round.appraisals.exclude(pk=one.pk).select_related("member")
        others = others.order_by("member__pinyin", "pk")
        return Response(OtherSerializer(others, many=True).data)

    @extend_schema(
        summary=_("Write your self-appraisal"),
        request=SaidSerializer,
        responses=OwnAppraisalSerializer,
    )
    @action(detail=True, methods=["post"], url_path="self")
    def write_self(self, request, pk):
        one, sent = self.get_object(), self.sent(SaidSerializer)
        appraisals.write_self(one, sent.get("text", ""), by=request.user)
        return self.fresh(one)

    @extend_schema(
        summary=_("Write what you think of another"),
        request=OpinionSerializer,
        responses=OwnAppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def opinion(self, request, pk):
        one, sent = self.get_object(), self.sent(OpinionSerializer)
        others = one.round.appraisals.select_related("round__branch")
        about = get_object_or_404(others, pk=sent["appraisal"])
        appraisals.write_on(about, sent.get("text", ""), by=request.user)
        return self.fresh(one)

    @extend_schema(
        summary=_("Cast your secret vote"),
        request=VoteSerializer,
        responses=OwnAppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def vote(self, request, pk):
        one, sent = self.get_object(), self.sent(VoteSerializer)
        choices = {row["appraisal"]: row["grade"] for row in sent["choices"]}
        polls.vote(one.round, choices, by=request.user)
        return self.fresh(one)

    @extend_schema(
        summary=_("Confirm that you read your result"),
        request=None,
        responses=OwnAppraisalSerializer,
    )
    @action(detail=True, methods=["post"])
    def read(self, request, pk):
        one = self.get_object()
        appraisals.confirm_read(one, now=timezone.now())
        return self.fresh(one)
