"""What all routes of the API share: the access of the pages, and few methods."""

from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from members import access


class RecordViewSet(GenericViewSet):
    """Records of `model`, for each action those that `access` gives for its right.

    rights: the right an action needs, "view" where it names none. What is out of reach
    is a 404, the same as what does not exist (AZ-03). add_right: without it on any
    branch at all, POST to the list is a 403. Nothing is deleted, nothing replaced.
    """

    model = None
    rights: dict = {}
    add_right = ""
    orders: dict = {}
    http_method_names = ["get", "head", "post", "patch"]
    lookup_value_converter = "int"

    def get_queryset(self):
        action = self.rights.get(self.action, "view")
        return access.reachable(self.request.user, self.model, action)

    def filter_queryset(self, queryset):
        """Filters choose from a list; a record is found by its number alone."""
        return queryset if self.detail else super().filter_queryset(queryset)

    def check_permissions(self, request):
        super().check_permissions(request)
        right = self.add_right if self.action == "create" else ""
        if right and not access.may(request.user, f"members.{right}"):
            self.permission_denied(request)

    def sent(self, serializer_class, **options):
        """What was sent, as `serializer_class` understands it, or its refusal."""
        context = self.get_serializer_context()
        serializer = serializer_class(
            data=self.request.data, context=context, **options
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, record, status=200):
        return Response(self.get_serializer(record).data, status=status)

    def page_of(self, queryset):
        rows = self.get_serializer(self.paginate_queryset(queryset), many=True)
        return self.get_paginated_response(rows.data)


def take(record, values):
    """Set the fields of `record`, unsaved."""
    for name, value in values.items():
        setattr(record, name, value)
