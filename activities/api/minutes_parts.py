"""What belongs to minutes, as it is read: files, and what an organizational-life meeting
says of those who take part (MIN-11, MIN-12)."""

from rest_framework import serializers

from activities.models import LifePoint, MinutesFile


class MinutesFileSerializer(serializers.ModelSerializer):
    """digest: SHA-256 of the content, which is signed with the rest."""

    class Meta:
        model = MinutesFile
        fields = ("id", "minutes", "kind", "caption", "format", "digest", "added_at")
        read_only_fields = fields


class LifePointSerializer(serializers.ModelSerializer):
    """member: whose problem, or who is criticized. speaker: who criticizes; null for an
    own problem. What is corrected stands with the resolutions, as is_correction."""

    class Meta:
        model = LifePoint
        fields = ("id", "kind", "member", "speaker", "text")
        read_only_fields = fields
