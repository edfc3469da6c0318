"""Reading an uploaded roster: what kind of file it is, what it weighs, what it holds.

The kind is told by the content, never by the name (UP-01). An .xlsx is an archive: its
parts are weighed before one is opened, and none may declare entities (UP-04). All of it
happens in a process of its own that may take so much time and memory and no more (UP-05).
"""

from __future__ import annotations

import copy
import csv
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final
from xml.parsers import expat

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from members.roster import telling
from members.roster.bounded import Crashed, TooHeavy, TooSlow, bounded
from members.roster.columns import find_column
from members.roster.tables import Table, table_of

XLSX, CSV = "xlsx", "csv"

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Excel, and encrypted workbooks
_OTHERS: Final = (
    b"%PDF",
    b"{\\rtf",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"Rar!",
    b"\x1f\x8b",
)

# 100,000 people in all columns of the template unpack to 131 MiB.
MOST_PARTS: Final = 1_000
MOST_UNPACKED: Final = 160 * 1024 * 1024
MOST_SHARED_STRINGS: Final = 80 * 1024 * 1024
MOST_OTHER_PART: Final = 8 * 1024 * 1024
MOST_RATIO: Final = 200
MOST_SHEETS: Final = 20
_SAMPLED_LINES: Final = 30
_LAST_ROW: Final = 1_048_576
_ERROR_CELL: Final = b' t="e"'

# What readers of workbooks raise on files that are damaged or made to harm.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    CalamineError,
    EOFError,
    ImportError,
    InvalidFileException,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    expat.ExpatError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_roster(content: bytes) -> Table:
    """The table of people in an .xlsx or .csv file.

    Raises ValidationError, code "empty", "too_big", "wrong_kind", "old_format",
    "damaged", "too_heavy", "too_slow", "entities", "encoding", "no_header",
    "too_many_rows", "too_many_columns" or "no_rows".
    """
    kind_of(content)
    try:
        told = bounded(
            lambda: telling.tell(_read(content)),
            seconds=settings.IMPORT_READ_SECONDS,
            most_bytes=settings.IMPORT_READ_BYTES,
            tell=telling.tell_cell,
        )
        return telling.hear(told, most_rows=settings.IMPORT_MAX_ROWS)
    except TooSlow as found:
        message = _("The file takes too long to read: split it.")
        raise ValidationError(message, code="too_slow") from found
    except TooHeavy as found:
        raise _too_heavy() from found
    except (Crashed, telling.Nonsense) as found:
        raise _damaged() from found


def _read(content: bytes) -> Table:
    most_rows = settings.IMPORT_MAX_ROWS
    if kind_of(content) == XLSX:
        table = _read_workbook(content, most_rows)
    else:
        table = _read_text(content, most_rows)
    if table is None:
        message = _(
            "No header was found: name the columns as in the template (name, ID number …)."
        )
        raise ValidationError(message, code="no_header")
    if not table.rows:
        raise ValidationError(_("There is nobody in this file."), code="no_rows")
    return table


def kind_of(content: bytes) -> str:
    """XLSX or CSV, by the first bytes. Raises ValidationError for anything else."""
    if not content.strip():
        raise ValidationError(_("The file is empty."), code="empty")
    if len(content) > settings.IMPORT_MAX_BYTES:
        message = _("The file is larger than %(most)s MB: split it.")
        most = settings.IMPORT_MAX_BYTES // 1024 // 1024
        raise ValidationError(message, code="too_big", params={"most": most})
    if content.startswith(_ZIP):
        return XLSX
    if content.startswith(_OLE):
        message = _(
            "This workbook has a password or an old format: save it as .xlsx without a "
            "password."
        )
        raise ValidationError(message, code="old_format")
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if start.startswith((b"<", *_OTHERS)) or (b"\0" in content and not utf_16):
        message = _("This is no roster: choose an .xlsx or .csv file.")
        raise ValidationError(message, code="wrong_kind")
    return CSV


def _damaged() -> ValidationError:
    message = _("The file is damaged: open it in Excel, save it anew and try again.")
    return ValidationError(message, code="damaged")


# --- .xlsx -----------------------------------------------------------------------------
def _read_workbook(content: bytes, most_rows: int) -> Table | None:
    try:
        has_errors = weigh(content)
        sheets = _sheets_with_errors if has_errors else _sheets
        for rows in sheets(content):
            table = table_of(rows, most_rows=most_rows)
            if table is not None:
                return table
        return None
    except (ValidationError, MemoryError):
        raise
    except _DAMAGE as damage:
        raise _damaged() from damage


def weigh(content: bytes) -> bool:
    """Refuse an archive that unpacks too large or whose parts declare entities.

    Returns whether a cell holds the error of a formula. Raises ValidationError, code
    "too_heavy", "entities" or "wrong_kind".
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if "[Content_Types].xml" not in names or len(set(names)) != len(names):
            message = _("This is no roster: choose an .xlsx or .csv file.")
            raise ValidationError(message, code="wrong_kind")
        if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > MOST_UNPACKED:
            raise _too_heavy()
        for part in parts:
            _weigh_part(part)
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                with archive.open(part) as file:
                    _refuse_entities(file)
        have_errors = [_unpack(archive, part) for part in parts]
        return any(have_errors)


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part has a cell with an error. Raises "too_heavy" if it said it was less."""
    found, end, unpacked = False, b"", 0
    longer = copy.copy(part)
    longer.file_size += 1  # zipfile reads no further than this
    with archive.open(longer) as file:
        while chunk := file.read(1 << 20):
            unpacked += len(chunk)
            found = found or _ERROR_CELL in end + chunk
            end = chunk[-len(_ERROR_CELL) :]
    if unpacked > part.file_size:
        raise _too_heavy()
    return found


def _weigh_part(part: zipfile.ZipInfo) -> None:
    most = MOST_OTHER_PART
    if part.filename.startswith("xl/worksheets/"):
        most = MOST_UNPACKED
    elif part.filename.lower().endswith("sharedstrings.xml"):
        most = MOST_SHARED_STRINGS
    dense = part.file_size > MOST_RATIO * max(part.compress_size, 5_000)
    if part.file_size > most or dense:
        raise _too_heavy()


def _too_heavy() -> ValidationError:
    message = _(
        "The file unpacks to far more than a roster needs: copy the rows into the "
        "template and try again."
    )
    return ValidationError(message, code="too_heavy")


class _RootReached(Exception):  # noqa: N818  no error: what we looked for is over
    pass


def _refuse_entities(part: Any) -> None:
    """Read an XML part up to its root element; a document type before it is refused."""

    def refuse(*_args: Any) -> None:
        message = _("The file declares entities, which no roster does.")
        raise ValidationError(message, code="entities")

    def stop(*_args: Any) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while chunk := part.read(4096):
            parser.Parse(chunk)
    except _RootReached:
        return


def _sheets(content: bytes) -> Iterator[Iterable[list[Any]]]:
    """The rows of each visible sheet, empty cells as ""."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for number, sheet in enumerate(book.sheets_metadata[:MOST_SHEETS]):
        if sheet.visible == SheetVisibleEnum.Visible:
            yield book.get_sheet_by_index(number).iter_rows()


def _sheets_with_errors(content: bytes) -> Iterator[Iterable[list[Any]]]:
    """The same where formulas failed: slower, and with the errors in their cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl speaks of features it leaves out
        book = load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        for sheet in book.worksheets[:MOST_SHEETS]:
            if sheet.sheet_state == "visible":
                sheet.reset_dimensions()  # what a file says of its size may be untrue
                yield sheet.iter_rows(max_row=_LAST_ROW, values_only=True)


# --- .csv ------------------------------------------------------------------------------
def _read_text(content: bytes, most_rows: int) -> Table | None:
    encoding = _encoding_of(content)
    lines = list(islice(_text(content, encoding), _SAMPLED_LINES))
    try:
        rows = csv.reader(_text(content, encoding), delimiter=_separator(lines))
        return table_of(rows, most_rows=most_rows)
    except csv.Error as damage:
        raise _damaged() from damage


def _text(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def _encoding_of(content: bytes) -> str:
    encodings = ["utf-8-sig", "gb18030"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]  # Excel's "Unicode text"
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return encoding
    message = _("The letters of this file cannot be read: save it as CSV UTF-8.")
    raise ValidationError(message, code="encoding")


def _separator(lines: list[str]) -> str:
    """The separator under which the first lines name most columns."""
    counts = {
        separator: max((_named(line[:10_000], separator) for line in lines), default=0)
        for separator in ",\t;，"
    }
    return max(counts, key=lambda separator: counts[separator])


def _named(line: str, separator: str) -> int:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(find_column(cell) is not None for cell in cells)
