"""What a check found, row by row: kept in sealed parts as large as a page."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final, cast

from django.utils import translation
from django.utils.translation import gettext as _

from members.copying import copy_in
from members.models import ImportBatch, ImportPart
from members.roster import workbooks
from members.services.roster_lines import REFUSED, Line
from members.services.rosters import Plan

Kind = ImportPart.Kind
# More rows than this go into a .csv: a workbook of them takes too long to make.
MOST_IN_A_WORKBOOK: Final = 5_000


class Report:
    """Gathers judged rows.

    The digest is the same for the same file on the same rolls, so that two judgements can
    be compared without keeping what they said. With `parts=False` only that is made.
    """

    def __init__(self, plan: Plan, *, parts: bool = True):
        self._plan, self._keeps = plan, parts
        self._digest = hashlib.sha256()
        self._open: dict[str, list[str]] = defaultdict(list)
        self._parts: dict[str, list[bytes]] = defaultdict(list)

    def add(self, lines: list[Line]) -> None:
        for line in lines:
            text = _as_text(self._row(line))
            self._digest.update(f"{line.kind}{text}".encode())
            if not self._keeps:
                continue
            rows = self._open[line.kind]
            rows.append(text)
            if len(rows) == ImportPart.ROWS:
                self._close(line.kind)

    def _row(self, line: Line) -> list[Any]:
        if line.kind != REFUSED:
            return [line.number, line.name, line.changes]
        faults = [
            [fault.field, self._plan.label(fault.field), fault.code, fault.reason]
            for fault in line.faults
        ]
        return [line.number, line.name, faults, list(map(_as_json, line.cells))]

    def _close(self, kind: str) -> None:
        text = f"[{','.join(self._open.pop(kind))}]"
        self._parts[kind].append(zlib.compress(text.encode(), 1))

    def digest(self) -> str:
        return self._digest.hexdigest()

    def save(self, batch: ImportBatch) -> None:
        """Put it in the place of what was found before; the batch itself is not saved."""
        for kind in list(self._open):
            self._close(kind)
        batch.parts.all().delete()
        parts = (
            ImportPart(batch=batch, kind=kind, number=number, lines=lines)
            for kind, packed in self._parts.items()
            for number, lines in enumerate(packed, start=1)
        )
        copy_in(ImportPart, parts)
        table = self._plan.table
        batch.report = _as_text(
            {
                "language": translation.get_language(),
                "header": table.header,
                "unknown": table.unknown,
                "left_out": table.left_out,
                "digest": self.digest(),
            }
        )


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _as_json(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    if cell is None or isinstance(cell, str | int | float):
        return cell
    midnight = isinstance(cell, datetime) and not (cell.hour or cell.minute)
    if midnight or (isinstance(cell, date) and not isinstance(cell, datetime)):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


# --- reading ---------------------------------------------------------------------------
def read_report(batch: ImportBatch) -> dict[str, Any]:
    """What was found of the file as a whole; empty where it was wiped or not made yet."""
    nothing: dict[str, Any] = {
        "language": None,
        "header": [],
        "unknown": [],
        "left_out": [],
        "digest": "",
    }
    return nothing | json.loads(cast(str, batch.report) or "{}")


def rows_of(batch: ImportBatch, kind: str) -> Iterator[list[Any]]:
    """All rows of a kind, one part in memory at a time."""
    parts = batch.parts.filter(kind=kind).order_by("number")
    for part in parts.iterator(chunk_size=20):
        yield from _lines(part)


def part_of(batch: ImportBatch, kind: str, number: int) -> list[Any]:
    """The rows of one part, which is one page; none where there is no such part."""
    part = batch.parts.filter(kind=kind, number=number).first()
    return _lines(part) if part is not None else []


def _lines(part: ImportPart) -> list[Any]:
    lines: list[Any] = json.loads(zlib.decompress(cast(bytes, part.lines)))
    return lines


def reason_of(faults: list[list[str]]) -> str:
    """Why a row is refused, in one line."""
    return " ".join(
        f"{label}: {reason}" if label else reason
        for _field, label, _code, reason in faults
    )


def refused_file(batch: ImportBatch) -> tuple[bytes, str]:
    """The refused rows as they were, each with its reasons, to mend and import again.

    Returns the file and its suffix.
    """
    header = read_report(batch)["header"]
    rows = (
        (reason_of(faults), cells)
        for _row, _name, faults, cells in rows_of(batch, REFUSED)
    )
    if batch.refused > MOST_IN_A_WORKBOOK:
        return workbooks.write_refused_csv(header, rows), "csv"
    return workbooks.write_refused(header, rows, title=_("Refused rows")), "xlsx"
