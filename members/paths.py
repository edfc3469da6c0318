"""The path of a branch, copied to what belongs to the branch, to find it by.

    Member.objects.filter(branch_path__below="1.7.")

A list in order of names needs an index that has first where one looks and then the names.
For a single branch and the few below it that is the path itself. For all below a high
branch it is one component of the path, by expression: `split_part(path, '.', 2)` of all
below "1.7." is "7", for a component is the key of one branch, which stands at one place.
"""

from typing import Any, Final

from django.db import models
from django.db.models import F, Func, Value

# The depths at which a branch has too many below it to read and sort them for a page.
HIGH: Final = (1, 2)


def depth_of(path: str) -> int:
    """0 for the root."""
    return path.count(".") - 1


class BranchPathField(models.TextField):
    """Kept by triggers: nothing else writes it."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs |= {"editable": False, "db_collation": "C", "db_default": Value("")}
        super().__init__(*args, **kwargs)


@BranchPathField.register_lookup
class Below(models.Lookup):
    """At or below the branch whose path is given."""

    lookup_name = "below"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        keys = str(self.rhs).split(".")[:-1]
        if len(keys) - 1 in HIGH:
            part = f"split_part({column}, '.', {len(keys)}) = %s"
            return part, [*params, keys[-1]]
        return f"{column} LIKE %s", [*params, f"{self.rhs}%"]


def component(column: str, depth: int) -> Func:
    """What `below` compares for a branch at this depth, for an index."""
    return Func(F(column), Value("."), Value(depth + 1), function="split_part")
