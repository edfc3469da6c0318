"""Papers as Word files, in the layout in which branches file them.

A4, margins and type as usual for official papers (GB/T 9704): title in the middle, body
in a song or fangson typeface of 16 points, which Word takes from the reader's machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

BODY, HEADING = "仿宋", "黑体"


def new_paper() -> Any:
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    style = paper.styles["Normal"]
    style.font.size = Pt(14)
    style.paragraph_format.space_after = Pt(0)
    typeface(style, BODY)
    paper.core_properties.author = ""
    paper.core_properties.comments = ""
    return paper


def typeface(styled: Any, name: str) -> None:
    """Word asks for the typeface of Chinese characters apart."""
    styled.font.name = name
    styled.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), name)


def title(paper: Any, text: str) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(12)
    run = paragraph.add_run(clean(text))
    run.font.size = Pt(22)
    typeface(run, HEADING)


def line(
    paper: Any,
    text: str,
    *,
    heading: bool = False,
    centered: bool = False,
    size: float | None = None,
) -> None:
    paragraph = paper.add_paragraph()
    if centered:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(clean(text))
    if size is not None:
        run.font.size = Pt(size)
    if heading:
        paragraph.paragraph_format.space_before = Pt(10)
        paragraph.paragraph_format.keep_with_next = True
        typeface(run, HEADING)


def table(
    paper: Any, rows: Iterable[Iterable[Any]], *, widths: Iterable[float]
) -> None:
    lines = [list(row) for row in rows]
    made = paper.add_table(len(lines), len(lines[0]), style="Table Grid")
    made.autofit = False
    measures = [Mm(width) for width in widths]
    for row, texts in zip(made.rows, lines, strict=True):
        for cell, text, width in zip(row.cells, texts, measures, strict=True):
            cell.width = width
            run = cell.paragraphs[0].add_run(clean(str(text)))
            run.font.size = Pt(12)


def clean(text: str) -> str:
    """Without the control characters that XML does not know."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def named(member: Any) -> str:
    return member.name if member else ""


def listing(pairs: Iterable[Iterable[str]]) -> str:
    """Names with what stands behind them."""
    return "、".join(f"{name}（{more}）" if more else name for name, more in pairs)


def written(paper: Any) -> bytes:
    file = BytesIO()
    paper.save(file)
    return file.getvalue()
