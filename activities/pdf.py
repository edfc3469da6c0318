"""Word files as PDF: the same content and layout, for who wants to read or file only.

The typeface is not in the file: it is one of the Chinese typefaces that each reader of
PDF brings along.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

TYPEFACE = "STSong-Light"
LEADING = 1.5  # lines, of the size of the type


def from_word(content: bytes) -> bytes:
    """`content`, a Word file as `documents` writes them, as PDF (A4, its margins)."""
    pdfmetrics.registerFont(UnicodeCIDFont(TYPEFACE))
    word = Document(BytesIO(content))
    section, file = word.sections[0], BytesIO()
    paper = SimpleDocTemplate(
        file,
        pagesize=(section.page_width.pt, section.page_height.pt),
        topMargin=section.top_margin.pt,
        bottomMargin=section.bottom_margin.pt,
        leftMargin=section.left_margin.pt,
        rightMargin=section.right_margin.pt,
        title=next((text.text for text in word.paragraphs if text.text), ""),
        invariant=True,  # no time of making in it: the same content is the same file
    )
    size = word.styles["Normal"].font.size.pt
    flowables = [
        flowable
        for part in word.iter_inner_content()
        for flowable in (
            table(part, size)
            if isinstance(part, WordTable)
            else [paragraph(part, size)]
        )
    ]
    paper.build(flowables)
    return file.getvalue()


def paragraph(told: WordParagraph, size: float) -> Flowable:
    """One line or more; an empty one keeps its height."""
    sizes = [run.font.size.pt for run in told.runs if run.font.size is not None]
    size = max(sizes, default=size)
    if not told.text.strip():
        return Spacer(1, size * LEADING)
    centered = told.alignment == WD_ALIGN_PARAGRAPH.CENTER
    form = told.paragraph_format
    style = ParagraphStyle(
        "line",
        fontName=TYPEFACE,
        fontSize=size,
        leading=size * LEADING,
        alignment=TA_CENTER if centered else TA_LEFT,
        wordWrap="CJK",
        spaceBefore=form.space_before.pt if form.space_before else 0,
        spaceAfter=form.space_after.pt if form.space_after else 0,
        keepWithNext=int(bool(form.keep_with_next)),
    )
    return Paragraph(escape(told.text), style)


def table(told: WordTable, size: float) -> Iterator[Flowable]:
    """Ruled, as wide as in the Word file; a row goes to the next page as a whole."""
    rows = [
        [[paragraph(line, size) for line in cell.paragraphs] for cell in row.cells]
        for row in told.rows
    ]
    if not rows:
        return
    widths = [cell.width.pt for cell in told.rows[0].cells]
    ruled = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    yield Table(rows, colWidths=widths, style=ruled, hAlign="LEFT")
