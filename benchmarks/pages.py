"""The pages of the members, each as somebody uses it."""

from collections.abc import Callable
from itertools import islice

from django.http import QueryDict
from django.urls import reverse

from benchmarks.accounts import Account

FILTERS = (
    {"sex": "2", "education": "20"},
    {"age": "61-", "flags": "retired"},
    {"state": "probationary"},
    {"ethnic_group": "22"},
)
PEOPLE = 40


def roll(**asked: str) -> str:
    query = QueryDict(mutable=True)
    query.update(asked)
    return f"{reverse('members:roll')}?{query.urlencode()}"


def first_page(account: Account) -> list[str]:
    return [reverse("members:roll")]


def filtered(account: Account) -> list[str]:
    return [roll(**asked) for asked in FILTERS]


def by_name(account: Account) -> list[str]:
    """Whole names, surnames, pinyin and initials of people there are."""
    return [
        roll(q=text)
        for one in islice(spread(account), 10)
        for text in (one.name, one.name[0], one.pinyin, one.initials)
    ]


def last_page(account: Account) -> list[str]:
    return [roll(last="1")]


def record(account: Account) -> list[str]:
    return [member.get_absolute_url() for member in spread(account)]


def spread(account: Account):
    """Some of the people, not only those with whom the roll begins."""
    newest = account.members.order_by("-pk").values_list("pk", flat=True).first()
    step = max(newest // PEOPLE, 1)
    seen = account.members.order_by("pk")
    if account.name == "secretary":
        return iter(seen[:PEOPLE])
    found = (seen.filter(pk__gte=step * turn).first() for turn in range(PEOPLE))
    return filter(None, found)


PAGES: dict[str, dict[str, Callable[[Account], list[str]]]] = {
    "roll": {
        "first page": first_page,
        "filtered": filtered,
        "by name": by_name,
        "last page": last_page,
    },
    "record": {"record": record},
}
