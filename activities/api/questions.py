"""The questions of a host by the API: in the plan, and as they are answered."""

from rest_framework import serializers

from activities.models import SignUpQuestion
from activities.services.questions import LONGEST_ANSWER, MOST, MOST_OPTIONS


class QuestionSerializer(serializers.ModelSerializer):
    """id: of one that stands, which is then changed; left out for a new one."""

    id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    options = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=MOST_OPTIONS,
    )

    class Meta:
        model = SignUpQuestion
        fields = ("id", "text", "kind", "options", "is_required")


def questions_field():
    """As they may be sent: once sent, they replace what stands."""
    return QuestionSerializer(many=True, required=False, max_length=MOST)


class AnswerSerializer(serializers.Serializer):
    """asked: the words of the question; only read."""

    question = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    asked = serializers.CharField(read_only=True)
    answer = serializers.CharField(max_length=LONGEST_ANSWER, allow_blank=True)


def by_question(sent):
    """What the services take of the answers that were sent."""
    return {one["question"]: one["answer"] for one in sent}
