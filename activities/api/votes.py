"""Votes and elections on the points of minutes."""

from rest_framework import serializers

from activities.models import Ballot, Candidate, Election
from activities.services import elections, voted, votes


class VotersField(serializers.ListField):
    """The numbers of the members who were given a ballot."""

    child = serializers.IntegerField()

    def __init__(self, **options):
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, vote):
        return [one.pk for one in voted.people(vote)]


class BallotSerializer(serializers.ModelSerializer):
    """Totals alone: who chose what is held nowhere. passed: null until it is counted.
    voters: the members who were given the paper of a secret vote."""

    voters = VotersField()
    passed = serializers.SerializerMethodField()
    explained = serializers.SerializerMethodField()

    class Meta:
        model = Ballot
        fields = (
            "id",
            "motion",
            "rule",
            "is_secret",
            "candidate",
            "eligible",
            "present",
            *Ballot.TOTALS,
            "voters",
            "monitor",
            "counter",
            "passed",
            "explained",
        )
        read_only_fields = fields

    def get_passed(self, ballot) -> bool | None:
        outcome = ballot.outcome()
        return outcome and outcome.passed

    def get_explained(self, ballot) -> str:
        return votes.explain(ballot)


class CandidateSerializer(serializers.ModelSerializer):
    class Meta:
        model = Candidate
        fields = ("id", "member", *Candidate.TOTALS)
        read_only_fields = fields


class ElectionSerializer(serializers.ModelSerializer):
    """Totals alone. elected, tied, voters: numbers of members; vacant: null until counted,
    0 once the meeting agreed to fewer seats."""

    voters = VotersField()
    candidates = CandidateSerializer(many=True, read_only=True)
    elected = serializers.SerializerMethodField()
    tied = serializers.SerializerMethodField()
    vacant = serializers.SerializerMethodField()
    explained = serializers.SerializerMethodField()

    class Meta:
        model = Election
        fields = (
            "id",
            "title",
            "kind",
            "seats",
            "eligible",
            "present",
            *Election.TOTALS,
            "for_fewer_seats",
            "voters",
            "monitor",
            "counter",
            "candidates",
            "elected",
            "tied",
            "vacant",
            "explained",
        )
        read_only_fields = fields

    def members(self, election, outcome) -> list[int]:
        rows = elections.rows(election)
        return [row["candidate"].member_id for row in rows if row["outcome"] == outcome]

    def get_elected(self, election) -> list[int]:
        return self.members(election, "elected")

    def get_tied(self, election) -> list[int]:
        return self.members(election, "tied")

    def get_vacant(self, election) -> int | None:
        outcome = elections.outcome(election)
        return outcome and outcome.vacant

    def get_explained(self, election) -> list[str]:
        return elections.explain(election)
