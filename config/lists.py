"""Lists of the API: declared filters, declared orders, pages by key (IN-02, IN-11).

A viewset declares `filterset_class` and `orders`, by the name that `?ordering=` takes:

    orders = {"name": ("pinyin", "pk"), "-updated_at": ("-updated_at", "-pk")}

The first is the default. Any parameter that is not declared is refused, so that nobody
takes a misspelled filter for an answer.
"""

from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from members.paging import PARAMETERS, Keyset

PAGE_SIZE = 50
LARGEST_PAGE = 100
OF_EVERY_LIST = frozenset({*PARAMETERS, "page_size", "ordering"})


class DeclaredFilters(DjangoFilterBackend):
    """The filters of `filterset_class` and no others."""

    def filter_queryset(self, request, queryset, view):
        declared = getattr(view, "filterset_class", None)
        known = OF_EVERY_LIST | (declared.base_filters.keys() if declared else set())
        if unknown := request.query_params.keys() - known:
            message = _("There is no such parameter. There are: %(names)s.") % {
                "names": ", ".join(sorted(known))
            }
            raise ValidationError(
                {name: [message] for name in sorted(key[:60] for key in unknown)},
                code="unknown_parameter",
            )
        return super().filter_queryset(request, queryset, view)


class KeysetPages(BasePagination):
    """{"next": url or null, "previous": url or null, "results": [...]}

    Pages begin after a row and not at a number, so the last one costs what the first
    does, and rows that come and go between two requests shift nothing. No total.
    """

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        try:
            self.page = Keyset(
                queryset,
                ordering(request, view.orders),
                query=request.query_params,
                size=page_size(request),
                among=view.get_queryset(),
                strict=True,
            )
        except LookupError:
            place = next(name for name in PARAMETERS if name in request.query_params)
            message = _("This page is gone: begin with the first.")
            raise ValidationError({place: [message]}, code="page_gone") from None
        return self.page.rows

    def get_paginated_response(self, data):
        return Response(
            {
                "next": self.link(self.page.next_url if data else None),
                "previous": self.link(self.page.previous_url if data else None),
                "results": data,
            }
        )

    def link(self, query):
        return query and self.request.build_absolute_uri(self.request.path + query)

    # --- for the schema -------------------------------------------------------------
    def get_paginated_response_schema(self, schema):
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view):
        return [
            parameter("ordering", {"type": "string", "enum": list(view.orders)}),
            parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "default": PAGE_SIZE},
                _("At most %(most)s; more is cut to that.") % {"most": LARGEST_PAGE},
            ),
            parameter("after", {"type": "integer"}, _("As `next` gives it.")),
            parameter("before", {"type": "integer"}, _("As `previous` gives it.")),
        ]


def ordering(request, orders):
    chosen = request.query_params.get("ordering", next(iter(orders)))
    if chosen not in orders:
        message = _("Order by one of: %(names)s.") % {"names": ", ".join(orders)}
        raise ValidationError({"ordering": [message]}, code="unknown_ordering")
    return orders[chosen]


def page_size(request):
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and text.strip("0") and len(text) < 20):
        message = _("Give a whole number from 1 to %(most)s.") % {"most": LARGEST_PAGE}
        raise ValidationError({"page_size": [message]}, code="invalid")
    return min(int(text), LARGEST_PAGE)


def parameter(name, schema, text=""):
    return {"name": name, "in": "query", "required": False, "schema": schema} | (
        {"description": str(text)} if text else {}
    )
