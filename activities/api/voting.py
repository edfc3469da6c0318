"""Votes and elections by the API: put on a draft, counted by their tellers, taken off."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from activities import access, access_minutes
from activities.api.minutes import People, refusal
from activities.api.votes import BallotSerializer, ElectionSerializer
from activities.forms.elections import MOST
from activities.models import Ballot, Election, MinutesItem
from activities.services import elections, seats_left, voted, votes
from members.api.fields import InputSerializer, ReachableField
from members.api.viewsets import RecordViewSet

PEOPLE = ("candidate", "monitor", "counter")
MOST_ROWS = 500


# --- sent -------------------------------------------------------------------------------
class WrittenPointField(ReachableField):
    """A point of minutes that the account writes."""

    def __init__(self, **options):
        super().__init__(MinutesItem, "change", **options)

    def get_queryset(self):
        found = access.written_items(self.context["request"].user)
        return found.select_related("minutes__activity")


class BallotPutSerializer(InputSerializer):
    """Left out, eligible and present are what the attendance list says."""

    item = WrittenPointField()
    candidate = serializers.IntegerField(required=False, allow_null=True)
    monitor = serializers.IntegerField(required=False, allow_null=True)
    counter = serializers.IntegerField(required=False, allow_null=True)
    eligible = serializers.IntegerField(required=False, min_value=0, max_value=MOST)
    present = serializers.IntegerField(required=False, min_value=0, max_value=MOST)

    class Meta:
        model = Ballot
        fields = (
            "item",
            "motion",
            "rule",
            "is_secret",
            "candidate",
            "eligible",
            "present",
            "monitor",
            "counter",
        )


class ElectionPutSerializer(InputSerializer):
    """Left out, eligible and present are what the attendance list says. candidates,
    monitor, counter: members by number, of those on that list."""

    item = WrittenPointField()
    monitor = serializers.IntegerField()
    counter = serializers.IntegerField()
    eligible = serializers.IntegerField(required=False, min_value=0, max_value=MOST)
    present = serializers.IntegerField(required=False, min_value=0, max_value=MOST)
    candidates = serializers.ListField(
        child=serializers.IntegerField(), max_length=MOST_ROWS
    )

    class Meta:
        model = Election
        fields = (
            "item",
            "title",
            "kind",
            "seats",
            "eligible",
            "present",
            "monitor",
            "counter",
            "candidates",
        )


def number(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=MOST, **options)


class CountedSerializer(serializers.Serializer):
    """voters: the numbers of the members who were given the paper of a secret vote; of
    those present, as many as are issued."""

    issued = number()
    returned = number()
    void = number()
    voters = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=MOST
    )


class BallotCountSerializer(CountedSerializer):
    yes = number()
    no = number()
    abstain = number()
    written_opinions = number(default=0)
    written_yes = number(default=0)


class CandidateCountSerializer(serializers.Serializer):
    """id: of the candidate, as the election tells it."""

    id = serializers.IntegerField()
    yes = number()
    no = number()
    abstain = number(default=0)


class ElectionCountSerializer(CountedSerializer):
    candidates = CandidateCountSerializer(many=True, max_length=MOST_ROWS)


class FewerSerializer(serializers.Serializer):
    for_fewer_seats = number()


# --- what both share --------------------------------------------------------------------
class VoteViewSet(mixins.RetrieveModelMixin, RecordViewSet):
    """Who reads the minutes reads their votes, and a teller the vote to count."""

    def get_queryset(self):
        user, found = self.request.user, self.among()
        if self.action == "remove":
            return found.filter(pk__in=self.written().values("pk"))
        counted = found.filter(pk__in=self.countable().values("pk"))
        if self.action != "retrieve":
            return counted
        readable = access.visible_minutes(user).values("pk")
        return counted | found.filter(item__minutes__in=readable)

    def among(self):
        """All of them, with what is shown of one."""
        return self.model.objects.select_related("item__minutes__activity__branch")

    def fresh(self, vote, code=200):
        return self.answer(self.among().get(pk=vote.pk), code)

    def put(self, sent):
        """The vote that was sent, not saved, its people by number, and its candidates."""
        item, standing = sent["item"], sent.pop("candidates", [])
        people = People(item.minutes)
        for name in PEOPLE:
            if name in sent:
                sent[name] = people.named(sent[name], name)
        due, there = votes.voters(item.minutes.activity)
        vote = self.model(**{"eligible": due, "present": there} | sent)
        return vote, [people.named(key, "candidates") for key in standing]

    def handed(self, vote, sent):
        """Those sent as given a ballot; one there is not is refused as not present."""
        keys = set(sent.pop("voters", []))
        there = voted.there(vote.item.minutes.activity) if keys else []
        found = [one for one in there if one.pk in keys]
        if len(found) < len(keys):
            raise ValidationError({"voters": voted.not_present()})
        return found


# --- votes ------------------------------------------------------------------------------
@extend_schema_view(
    retrieve=extend_schema(summary=_("One vote, its totals and outcome"))
)
class BallotViewSet(VoteViewSet):
    """Votes on a motion."""

    model = Ballot
    serializer_class = BallotSerializer

    def written(self):
        return access.written_ballots(self.request.user)

    def countable(self):
        return access.countable_ballots(self.request.user)

    @extend_schema(
        summary=_("Put a vote on a point of a draft"),
        request=BallotPutSerializer,
        responses={201: BallotSerializer},
    )
    def create(self, request):
        vote, _stand = self.put(self.sent(BallotPutSerializer))
        return self.fresh(votes.put_ballot(vote), 201)

    @extend_schema(
        summary=_("Enter the totals; of a secret vote its tellers alone"),
        request=BallotCountSerializer,
        responses=BallotSerializer,
    )
    @action(detail=True, methods=["post"])
    def count(self, request, pk):
        vote, sent = self.get_object(), self.sent(BallotCountSerializer)
        handed, now = self.handed(vote, sent), timezone.now()
        return self.fresh(
            votes.count_ballot(vote, sent, handed=handed, by=request.user, now=now)
        )

    @extend_schema(
        summary=_("Take it off the draft"), request=None, responses={204: None}
    )
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        votes.remove_ballot(self.get_object())
        return Response(status=204)


# --- elections --------------------------------------------------------------------------
@extend_schema_view(
    retrieve=extend_schema(summary=_("One election, its totals and who is elected"))
)
class ElectionViewSet(VoteViewSet):
    """Elections with several candidates, always secret."""

    model = Election
    serializer_class = ElectionSerializer

    def among(self):
        return super().among().prefetch_related("candidates__member", "voters__member")

    def written(self):
        return access_minutes.written_elections(self.request.user)

    def countable(self):
        return access_minutes.countable_elections(self.request.user)

    @extend_schema(
        summary=_("Put an election on a point of a draft"),
        request=ElectionPutSerializer,
        responses={201: ElectionSerializer},
    )
    def create(self, request):
        election, stand = self.put(self.sent(ElectionPutSerializer))
        return self.fresh(elections.put(election, stand), 201)

    @extend_schema(
        summary=_("Enter the totals, as one of the tellers"),
        request=ElectionCountSerializer,
        responses=ElectionSerializer,
    )
    @action(detail=True, methods=["post"])
    def count(self, request, pk):
        election, sent = self.get_object(), self.sent(ElectionCountSerializer)
        rows = {row["id"]: row for row in sent.pop("candidates")}
        if not rows.keys() <= {one.pk for one in election.candidates.all()}:
            message = _("There is no candidate of this number in this election.")
            raise refusal("candidates", message, "does_not_exist")
        counted = elections.count(
            election,
            sent,
            rows,
            handed=self.handed(election, sent),
            by=request.user,
            now=timezone.now(),
        )
        return self.fresh(counted)

    @extend_schema(
        summary=_(
            "Note, as one of the tellers, that the meeting agreed to fewer seats"
        ),
        request=FewerSerializer,
        responses=ElectionSerializer,
    )
    @action(detail=True, methods=["post"])
    def fewer(self, request, pk):
        election, sent = self.get_object(), self.sent(FewerSerializer)
        agreed = seats_left.agree(election, sent["for_fewer_seats"], by=request.user)
        return self.fresh(agreed)

    @extend_schema(
        summary=_("Take it off the draft"), request=None, responses={204: None}
    )
    @action(detail=True, methods=["post"])
    def remove(self, request, pk):
        elections.remove(self.get_object())
        return Response(status=204)
