"""Pages that other apps keep about a branch: its own page leads to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from members.models import Branch


class Link(NamedTuple):
    """The name of a page, and its address."""

    label: str
    url: str


# Given a branch and the rights that the reader holds on it.
Maker = Callable[[Branch, Collection[str]], Iterable[Link]]
_makers: list[Maker] = []


def register(maker: Maker) -> None:
    _makers.append(maker)


def of(branch: Branch, rights: Collection[str]) -> list[Link]:
    """The pages about `branch` for who holds `rights` on it; they ask nothing of the
    database."""
    return [link for maker in _makers for link in maker(branch, rights)]
