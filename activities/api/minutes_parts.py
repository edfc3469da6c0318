"""What belongs to minutes, as it is read (MIN-11)."""

from rest_framework import serializers

from activities.models import MinutesFile


class MinutesFileSerializer(serializers.ModelSerializer):
    """digest: SHA-256 of the content, which is signed with the rest."""

    class Meta:
        model = MinutesFile
        fields = ("id", "minutes", "kind", "caption", "format", "digest", "added_at")
        read_only_fields = fields
