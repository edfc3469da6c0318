"""What the database knows about the people, branches and groups that a roster names.

Read in bulk: a constant number of questions for each thousand rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import Branch, LocalCode, Member, PartyGroup, User
from members.sealing import as_asked

EACH: Final = 1_000  # keys in one question

_NO_BRANCH = _("There is no such branch where you import: use its code or full name.")
_MANY_BRANCHES = _("Several branches are called so: use the code of the branch.")
_NO_GROUP = _("The branch has no such Party group: add it first, or leave it empty.")
_NO_POST = _("This post is not in the local list: use its code or name.")


class Lookup:
    """The records, branches, Party groups and posts within one import.

    branch: where the import goes, with all below it. by: whose rights bound it; None for
    the command line. With `lock` what is found stays as it is until the transaction ends.
    """

    def __init__(self, branch: Branch, by: User | None, *, lock: bool = False):
        self.branch, self.by, self._lock = branch, by, lock
        self.today = access.today()
        self.live: dict[bytes, int] = {}
        self.left: dict[bytes, date] = {}
        self.members: dict[int, Member] = {}
        self._on_other_rolls: set[int] = set()

    def read(
        self,
        *,
        records: set[int],
        id_indexes: set[bytes],
        branches: set[str],
        groups: set[str],
    ) -> None:
        """Look up everything the rows name."""
        self.live = dict(self._read_live(id_indexes))
        self.left = dict(self._read_left(id_indexes))
        self._branches = self._read_branches(branches)
        self._groups = self._read_groups(groups)
        self._posts = self._read_posts()
        self.members = self._read_members(records | set(self.live.values()))

    def _read_live(self, indexes: set[bytes]) -> Iterator[tuple[bytes, int]]:
        for some in chunks(indexes):
            rows = Member.objects.live().filter(id_number_index__in=some).order_by()
            asked = as_asked(some)
            for index, key in rows.values_list("id_number_index", "pk"):
                yield asked[bytes(index)], key

    def _read_left(self, indexes: set[bytes]) -> Iterator[tuple[bytes, date]]:
        """When those who left the Party did so, the last time (MEM-21)."""
        for some in chunks(indexes):
            rows = Member.objects.filter(
                id_number_index__in=some,
                state__in=Member.EXITS,
                state_changes__to_state__in=Member.EXITS,
            ).order_by()
            asked = as_asked(some)
            for index, day in rows.values_list("id_number_index").annotate(
                Max("state_changes__effective_on")
            ):
                yield asked[bytes(index)], day

    def _read_members(self, keys: set[int]) -> dict[int, Member]:
        """Those among `keys` that this import may change."""
        within = Member.objects.all()
        if self.by is not None:
            within = access.managed_members(self.by)
        within = within.within([self.branch.path]).order_by("pk")
        within = within.select_related("branch", "party_group")
        if self._lock:
            within = within.select_for_update(of=("self",))
        found: dict[int, Member] = {}
        for some in chunks(sorted(keys)):
            found.update((member.pk, member) for member in within.filter(pk__in=some))
        return found

    def _read_branches(self, names: set[str]) -> dict[str, list[Branch]]:
        """The branches within the import by code, full name and short name."""
        within = Branch.objects.standing(self.today).within([self.branch.path])
        if self._lock:  # so that none is closed meanwhile
            within = within.select_for_update(no_key=True).order_by("pk")
        found: dict[str, list[Branch]] = defaultdict(list)
        for some in chunks(sorted(names)):
            named = Q(code__in=some) | Q(name__in=some) | Q(short_name__in=some)
            for branch in within.filter(named):
                for name in {branch.code, branch.name, branch.short_name} - {""}:
                    if branch not in found[name]:
                        found[name].append(branch)
        return found

    def _read_groups(self, names: set[str]) -> dict[tuple[int, str], PartyGroup]:
        within = PartyGroup.objects.filter(
            branch__path__startswith=self.branch.path, dissolved_on=None
        ).order_by()
        return {
            (group.branch_id, group.name): group
            for some in chunks(names)
            for group in within.filter(name__in=some)
        }

    def _read_posts(self) -> dict[str, str]:
        """The codes of the local list of posts, by code and by name."""
        posts = LocalCode.objects.filter(
            Q(valid_until=None) | Q(valid_until__gte=self.today),
            table=LocalCode.Table.POST,
            valid_from__lte=self.today,
        ).order_by("valid_from")
        return {
            text: post.code
            for post in posts
            for text in (post.name_en, post.name_zh, post.code)
        }

    # --- answers -----------------------------------------------------------------------
    def branch_of(self, text: str) -> Branch:
        """The one branch of that code or name.

        Raises ValidationError at "branch", code "ambiguous" or "elsewhere": of a branch
        outside the import nothing is told, not even that it exists (AZ-06).
        """
        named = self._branches.get(text, [])
        named = [branch for branch in named if branch.code == text] or named
        if len(named) == 1:
            return named[0]
        if named:
            raise _refusal("branch", "ambiguous", _MANY_BRANCHES)
        raise _refusal("branch", "elsewhere", _NO_BRANCH)

    def group_of(self, branch: Branch, text: str) -> PartyGroup:
        """The Party group of `branch`. Raises ValidationError, code "no_group"."""
        group = self._groups.get((branch.pk, text))
        if group is None:
            raise _refusal("party_group", "no_group", _NO_GROUP)
        return group

    def post_of(self, text: str) -> str:
        """The code of a post; without a local list the text itself.

        Raises ValidationError, code "unknown_code".
        """
        if self._posts and text not in self._posts:
            raise _refusal("post", "unknown_code", _NO_POST)
        return self._posts.get(text, text)

    # --- people of other rolls ---------------------------------------------------------
    def note_other_roll(self, key: int) -> None:
        """The import learned that this record stands on a roll it does not reach."""
        self._on_other_rolls.add(key)

    def on_other_rolls(self) -> int:
        """How many people `by` learned of and could not have seen anyway."""
        if self.by is None:
            return 0
        hidden = set(self._on_other_rolls)
        for some in chunks(sorted(hidden)):
            seen = access.visible_members(self.by).filter(pk__in=some)
            hidden.difference_update(seen.values_list("pk", flat=True))
        return len(hidden)


def _refusal(name: str, code: str, message: Any) -> ValidationError:
    return ValidationError({name: ValidationError(message, code=code)})


def chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(keys)
    while some := list(islice(rest, EACH)):
        yield some
