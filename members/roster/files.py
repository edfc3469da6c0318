"""Reading an uploaded roster: what kind of file it is, what it weighs, what it holds.

The kind is told by the content, never by the name (UP-01). An .xlsx is an archive: its
parts are weighed before one is unpacked, and none may declare entities (UP-04).
"""

from __future__ import annotations

import csv
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

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

MOST_PARTS: Final = 1_000
MOST_UNPACKED: Final = 100 * 1024 * 1024
MOST_SHARED_STRINGS: Final = 40 * 1024 * 1024
MOST_OTHER_PART: Final = 8 * 1024 * 1024
MOST_RATIO: Final = 200
MOST_SHEETS: Final = 20
_LAST_ROW: Final = 1_048_576

# What openpyxl and below raise on files that are damaged or made to harm.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    InvalidFileException,
    LookupError,
    MemoryError,
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
    "damaged", "too_heavy", "entities", "encoding", "no_header", "too_many_rows",
    "too_many_columns" or "no_rows".
    """
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
        weigh(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl speaks of features it leaves out
            return _first_table(content, most_rows)
    except ValidationError:
        raise
    except _DAMAGE as damage:
        raise _damaged() from damage


def weigh(content: bytes) -> None:
    """Refuse an archive that unpacks too large or whose parts declare entities.

    zipfile gives no byte beyond the size that an entry declares, so the sum of these is
    a bound. Raises ValidationError, code "too_heavy", "entities" or "wrong_kind".
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


def _first_table(content: bytes, most_rows: int) -> Table | None:
    """The table of the first sheet that has one; hidden sheets are not looked at."""
    book = load_workbook(
        io.BytesIO(content), read_only=True, data_only=True, keep_links=False
    )
    try:
        for sheet in book.worksheets[:MOST_SHEETS]:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()  # what a file says of its size may be untrue
            rows = sheet.iter_rows(max_row=_LAST_ROW, values_only=True)
            table = table_of(rows, most_rows=most_rows)
            if table is not None:
                return table
    finally:
        book.close()
    return None


# --- .csv ------------------------------------------------------------------------------
def _read_text(content: bytes, most_rows: int) -> Table | None:
    text = _decode(content)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
        return table_of(rows, most_rows=most_rows)
    except csv.Error as damage:
        raise _damaged() from damage


def _decode(content: bytes) -> str:
    encodings = ["utf-8-sig", "gb18030"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]  # Excel's "Unicode text"
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    message = _("The letters of this file cannot be read: save it as CSV UTF-8.")
    raise ValidationError(message, code="encoding")


def _separator(text: str) -> str:
    """The separator under which the first lines name most columns."""
    first = list(_lines(text))
    counts = {
        separator: max((_named(line, separator) for line in first), default=0)
        for separator in ",\t;，"
    }
    return max(counts, key=lambda separator: counts[separator])


def _lines(text: str) -> Iterator[str]:
    lines = io.StringIO(text)
    for _number in range(30):
        yield lines.readline(10_000)


def _named(line: str, separator: str) -> int:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(find_column(cell) is not None for cell in cells)
