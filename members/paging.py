"""Pages of long lists, found by the place of a row instead of by counting to it.

    page = Keyset(members, ("pinyin", "pk"), query=request.GET)
    page.rows, page.next_url, page.count_text

The address holds only the key of the row next to the page, never what it is sorted by
(that may be a name), and the key is looked up among the rows one may see. A key that
leads nowhere gives the first page, for it is people who read pages; programs ask for
`strict` and get a LookupError instead, lest they begin anew for ever.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

COUNTED_EXACTLY = 1_000
# Where the planner expects so many, or such a cost of counting them, it is believed.
EXPECTED, DEAR = 2 * COUNTED_EXACTLY, 5_000
PARAMETERS = ("after", "before", "last")


@dataclass(frozen=True)
class Way:
    """A condition that an index of its own serves.

    is_rare: so few meet it that they are better gathered and sorted than met on the way
    through everybody in order, as the planner would if it believed them to be spread.
    """

    condition: Q
    is_rare: bool = False


class Keyset:
    """One page, as templates/components/pagination.html takes it.

    order: names of columns, "-" before those that descend; the last one is unique. Empty
    values stand last either way. among: where the key is looked up, when the list itself
    may lose rows while somebody pages through it. strict: as above; then a page may also
    be empty. ways: each row meets one at least; each is read by its own index, where
    their disjunction would have none. many: there may be, so that the planner is asked
    whether to count them. read: says what is read of the rows of the page, which finding
    and counting them need not know.
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
        ways: Sequence[Way] = (),
        many: bool = False,
        read: Callable[[models.QuerySet], models.QuerySet] = lambda rows: rows,
    ):
        self.many, self.read = many, read
        self.all = queryset
        self.ways = ways
        if ways:
            queryset = queryset.filter(reduce(or_, [way.condition for way in ways]))
        self.queryset = queryset
        self.order = [(name.removeprefix("-"), name[0] == "-") for name in order]
        self.query = query
        self.size = size
        self.among = self.queryset if among is None else among
        self.strict = strict
        self.has_previous = self.has_next = False
        self.rows = self._read()

    # --- what the page shows ------------------------------------------------------
    @cached_property
    def count(self) -> int:
        """How many there are; COUNTED_EXACTLY + 1 stands for "more than that"."""
        if not (self.has_previous or self.has_next):
            return len(self.rows)
        if self.expected:
            return COUNTED_EXACTLY + 1
        return self.queryset.order_by()[: COUNTED_EXACTLY + 1].count()

    @cached_property
    def expected(self) -> int:
        """How many the planner expects, from what it knows of the whole table; 0 where
        they are few enough to be counted."""
        if not self.many or (self.ways and all(way.is_rare for way in self.ways)):
            return 0
        explained = self.queryset.order_by().values("pk").explain(format="json")
        plan = json.loads(explained)[0]["Plan"]
        few = plan["Plan Rows"] <= EXPECTED and plan["Total Cost"] <= DEAR
        return 0 if few else int(plan["Plan Rows"])

    @property
    def count_text(self) -> str:
        if self.count > COUNTED_EXACTLY:
            if self.expected:
                about = round(self.expected, 2 - len(str(self.expected)))
                return _("About %(count)s in all") % {"count": f"{about:,}"}
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
        ordering = self._ordering(backward)
        rows = self.all.order_by(*ordering)
        if values is not None:
            rows = rows.filter(self._beyond(values, backward))
        if self.ways:
            keys, *others = [self._nearest(rows, way, backward) for way in self.ways]
            if others:
                keys = keys.union(*others, all=True)
            rows = self.all.order_by(*ordering).filter(pk__in=keys)
        found = list(self.read(rows)[: self.size + 1])
        more = len(found) > self.size
        found = found[: self.size]
        if backward:
            found.reverse()
        self.has_previous = more if backward else values is not None
        self.has_next = values is not None if backward else more
        return found

    def _nearest(self, rows: Any, way: Way, backward: bool) -> Any:
        """The keys of the page if all came this way."""
        found = rows.filter(way.condition)
        if way.is_rare and self.order[0][0] == "pinyin":
            # An expression that no index on the order can serve.
            gathered = Concat(F("pinyin"), Value(""))
            down = self.order[0][1] != backward
            first = gathered.desc() if down else gathered.asc()
            found = found.order_by(first, *self._ordering(backward)[1:])
        return found.values("pk")[: self.size + 1]

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
