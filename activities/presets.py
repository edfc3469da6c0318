"""What each kind of branch begins with, from activities/program_presets.csv (KIND-11).

A row is a program to begin from, and gives its module to the settings it names.
Indicators are `name|unit|value at the start|value aimed at`, milestones `title|months`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

from activities.models import Module

FILE = Path(__file__).parent / "program_presets.csv"


@dataclass(frozen=True)
class Preset:
    """A row of the file; `told` gives its words in the language that is spoken."""

    code: str
    settings: tuple[str, ...]
    module: str
    item_kind: str
    has_flow: bool
    months: int
    words: dict[str, str]

    def told(self, name: str) -> str:
        chinese = (get_language() or "").startswith("zh")
        return self.words[f"{name}_{'zh' if chinese else 'en'}"]

    @property
    def title(self) -> str:
        return self.told("title")

    @property
    def goals(self) -> str:
        return self.told("goals").replace("／", "\n")

    def indicators(self) -> list[tuple[str, str, Decimal, Decimal]]:
        rows = [one.split("|") for one in self.told("indicators").split(";")]
        return [(name, unit, Decimal(a), Decimal(b)) for name, unit, a, b in rows]

    def milestones(self) -> list[tuple[str, int]]:
        rows = [one.split("|") for one in self.told("milestones").split(";")]
        return [(title, int(months)) for title, months in rows]


@cache
def all_presets() -> dict[str, Preset]:
    """The presets by code, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, str]) -> Preset:
    plain = {"code", "settings", "module", "item_kind", "has_flow", "months"}
    return Preset(
        code=row["code"],
        settings=tuple(row["settings"].split()),
        module=row["module"],
        item_kind=row["item_kind"],
        has_flow=row["has_flow"] == "yes",
        months=int(row["months"]),
        words={name: text for name, text in row.items() if name not in plain},
    )


@cache
def modules_of(setting: str) -> frozenset[str]:
    """The modules that a setting presets."""
    found = set()
    for preset in all_presets().values():
        if setting in preset.settings:
            found.add(preset.module)
            if preset.has_flow:
                found.add(Module.DECISION_FLOW.value)
    return frozenset(found)
