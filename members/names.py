"""Finding people by a part of their name, so that an index answers.

An index on names serves what they begin with. What stands inside is found by pieces: the
single characters behind the first, and every pair. `members_pieces` of the database cuts
a name so; 欧阳明德 gives 阳 明 德 欧阳 阳明 明德. The first character, the surname, is
looked for by itself, for so many share one that only an index in the order of the roll
finds the first of them soon.
"""

from itertools import pairwise

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import (  # type: ignore[attr-defined]
    ArrayContains,  # the stubs lack it
)
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from members.paging import Way

PIECES = """
CREATE FUNCTION members_pieces(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(name, place, size)), '{}')
    FROM generate_series(1, char_length(name)) AS place, generate_series(1, 2) AS size
    WHERE place + size - 1 <= char_length(name) AND (place > 1 OR size = 2)
$$
"""


def pieces() -> Func:
    text = ArrayField(models.TextField())
    return Func(F("name"), function="members_pieces", output_field=text)


def surname() -> Left:
    return Left("name", 1)


def ways_to(text: str) -> list[Way]:
    """Conditions on members that together find those with `text` in their name, or whose
    pinyin or initials begin so. Each is served by an index of its own."""
    if text.isascii():
        text = text.lower()
        ways = [Way(Q(pinyin__startswith=text))]
        # One letter is that of the surname, and begins both.
        rest = [Way(Q(initials__startswith=text), is_rare=True)]
        return ways if len(text) == 1 else ways + rest
    if len(text) == 1:
        return [Way(Q(Exact(surname(), text))), Way(Q(holds([text])))]
    pairs = ["".join(pair) for pair in pairwise(text)]
    return [Way(Q(holds(pairs)) & Q(name__contains=text), is_rare=True)]


def holds(found: list[str]) -> ArrayContains:
    return ArrayContains(pieces(), found)
