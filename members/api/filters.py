"""Filters of the API: whatever is not understood is refused, never passed over."""

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from members import access

LARGEST_KEY = 2**63 - 1


class Number(django_filters.Filter):
    field_class = forms.IntegerField

    def __init__(self, *args, **options):
        super().__init__(*args, min_value=0, max_value=LARGEST_KEY, **options)


class Flag(django_filters.TypedChoiceFilter):
    """true or false; django-filter's own takes any other word for "not asked"."""

    def __init__(self, *args, **options):
        choices = [("true", _("Yes")), ("false", _("No"))]
        super().__init__(*args, choices=choices, coerce="true".__eq__, **options)


class RecordFilter(django_filters.FilterSet):
    """Filters for records that can be searched and belong to a branch."""

    search = django_filters.CharFilter(method="matching", max_length=50)
    within = Number(method="at_or_below", label=_("This branch and all below it"))

    def matching(self, queryset, name, value):
        return queryset.search(value)

    @extend_schema_field(int)
    def at_or_below(self, queryset, name, value):
        top = access.visible_branches(self.request.user).filter(pk=value).first()
        return queryset.within([top.path] if top else [])
