"""Serializer fields of the portal's own."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from members import access
from members.masking import masked

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)


class DayField(serializers.DateField):
    """A day that calculations may add years to."""

    default_error_messages = {
        "out_of_range": _("Enter a day between {first} and {last}.")
    }

    def to_internal_value(self, value):
        day = super().to_internal_value(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            self.fail("out_of_range", first=FIRST_DAY, last=LAST_DAY)
        return day


class TextField(serializers.CharField):
    """Text that may be left out or empty."""

    def __init__(self, **options):
        super().__init__(required=False, allow_blank=True, **options)


@extend_schema_field(int)
class ReachableField(serializers.PrimaryKeyRelatedField):
    """A record by its number, among those `access` gives for a right (AZ-06)."""

    def __init__(self, model, right, **options):
        self.model, self.right = model, right
        super().__init__(pk_field=serializers.IntegerField(), **options)

    def get_queryset(self):
        return access.reachable(self.context["request"].user, self.model, self.right)


@extend_schema_field(str)
class MaskedField(serializers.Field):
    """A sealed field of the record, masked: the value itself leaves by no route."""

    def __init__(self, name, **options):
        self.name = name
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, instance):
        return masked(instance, self.name)


class InputSerializer(serializers.ModelSerializer):
    """What may be sent of a model. This judges each field; the services, the whole."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateField: DayField,
    }
