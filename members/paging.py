"""Pages of long lists, found by the place of a row instead of by counting to it.

    page = Keyset(members, ("pinyin", "pk"), query=request.GET)
    page.rows, page.next_url, page.count_text

The address holds only the key of the row next to the page, never what it is sorted by
(that may be a name), and the key is looked up among the rows one may see. A key that
leads nowhere gives the first page, for it is people who read pages; programs ask for
`strict` and get a LookupError instead, lest they begin anew for ever.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F, Q
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

COUNTED_EXACTLY = 1_000
PARAMETERS = ("after", "before", "last")


class Keyset:
    """One page, as templates/components/pagination.html takes it.

    order: names of columns, "-" before those that descend; the last one is unique. Empty
    values stand last either way. among: where the key is looked up, when the list itself
    may lose rows while somebody pages through it. strict: as above; then a page may also
    be empty.
    """

    def __init__(
        self,
        queryset: models.QuerySet,
        order: Iterable[str],
        *,
        query: QueryDict,
        size: int = 25,
        among: models.QuerySet | None = None,
        strict: bool = False,
    ):
        self.queryset = queryset
        self.order = [(name.removeprefix("-"), name[0] == "-") for name in order]
        self.query = query
        self.size = size
        self.among = queryset if among is None else among
        self.strict = strict
        self.has_previous = self.has_next = False
        self.rows = self._read()

    # --- what the page shows ------------------------------------------------------
    @cached_property
    def count(self) -> int:
        """How many there are; COUNTED_EXACTLY + 1 stands for "more than that"."""
        if not (self.has_previous or self.has_next):
            return len(self.rows)
        return self.queryset.order_by()[: COUNTED_EXACTLY + 1].count()

    @property
    def count_text(self) -> str:
        if self.count > COUNTED_EXACTLY:
            return _("More than %(count)s in all") % {"count": f"{COUNTED_EXACTLY:,}"}
        return _("%(count)s in all") % {"count": f"{self.count:,}"}

    @property
    def first_url(self) -> str | None:
        return self._url() if self.has_previous else None

    @property
    def previous_url(self) -> str | None:
        return self._url(before=self.rows[0].pk) if self.has_previous else None

    @property
    def next_url(self) -> str | None:
        return self._url(after=self.rows[-1].pk) if self.has_next else None

    @property
    def last_url(self) -> str | None:
        return self._url(last=1) if self.has_next else None

    def _url(self, **place: Any) -> str:
        query = self.query.copy()
        for name in PARAMETERS:
            query.pop(name, None)
        for name, value in place.items():
            query[name] = str(value)
        return f"?{query.urlencode()}"

    # --- which rows ---------------------------------------------------------------
    def _read(self) -> list[Any]:
        if "last" in self.query:
            return self._page(None, backward=True)
        for name in ("after", "before"):
            if name not in self.query:
                continue
            values = self._values_at(str(self.query[name]))
            if values is None and self.strict:
                raise LookupError(name)
            if values is None:
                continue
            rows = self._page(values, backward=name == "before")
            if rows or self.strict:
                return rows
        return self._page(None, backward=False)

    def _page(self, values: Mapping[str, Any] | None, *, backward: bool) -> list[Any]:
        rows = self.queryset.order_by(*self._ordering(backward))
        if values is not None:
            rows = rows.filter(self._beyond(values, backward))
        found = list(rows[: self.size + 1])
        more = len(found) > self.size
        found = found[: self.size]
        if backward:
            found.reverse()
        self.has_previous = more if backward else values is not None
        self.has_next = values is not None if backward else more
        return found

    def _values_at(self, key: str) -> Mapping[str, Any] | None:
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        names = [name for name, _descends in self.order]
        row = self.among.order_by().filter(pk=int(key)).values(*names).first()
        return cast("Mapping[str, Any] | None", row)

    def _ordering(self, backward: bool) -> list[Any]:
        ordering = []
        for name, descends in self.order:
            column, nulls = F(name), {}
            if self._may_be_empty(name):
                nulls = {"nulls_first" if backward else "nulls_last": True}
            down = descends != backward
            ordering.append(column.desc(**nulls) if down else column.asc(**nulls))
        return ordering

    def _beyond(self, values: Mapping[str, Any], backward: bool) -> Q:
        """The rows beyond those values: later in the first column, or equal in it and
        later in the second, and so on."""
        beyond, same = Q(pk__in=[]), Q()
        for name, descends in self.order:
            later = self._later(name, values[name], descends != backward, backward)
            beyond |= same & later
            same &= Q(**{name: values[name]})
        name, descends = self.order[0]
        if self._may_be_empty(name):
            return beyond
        # Says nothing new, but lets an index on the first column begin at the place.
        lookup = "lte" if descends != backward else "gte"
        return Q(**{f"{name}__{lookup}": values[name]}) & beyond

    def _later(self, name: str, value: Any, down: bool, backward: bool) -> Q:
        """Where column `name` is beyond `value`; empty values come last, so going
        backward they come first."""
        if value is None:
            return Q(**{f"{name}__isnull": False}) if backward else Q(pk__in=[])
        later = Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        if self._may_be_empty(name) and not backward:
            later |= Q(**{f"{name}__isnull": True})
        return later

    def _may_be_empty(self, name: str) -> bool:
        if name in self.queryset.query.annotations:
            return False
        model: Any = self.queryset.model
        empty = False
        for part in name.split("__"):
            try:
                field = model._meta.pk if part == "pk" else model._meta.get_field(part)
            except FieldDoesNotExist:
                return False
            empty = empty or field.null
            model = field.related_model
        return empty
