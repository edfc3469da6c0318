"""What holds for every template of the project, read as text."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = [
    "activities",
    "analytics",
    "community",
    "config",
    "feedback",
    "learning",
    "members",
    "points",
]
COMPONENTS = sorted((ROOT / "templates/components").glob("*.html"))
TEMPLATES = sorted(
    path
    for folder in (ROOT / "templates", *(ROOT / app / "templates" for app in APPS))
    for path in folder.rglob("*.html")
)
SOURCES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
ICONS = set((ROOT / "static/src/icons.txt").read_text().split())


def lines_with(pattern, paths):
    """`file:line: text` for each line that `pattern` is found in."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]


def uses(pattern):
    return {
        name for path in TEMPLATES for name in re.findall(pattern, path.read_text())
    }


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script(?![^>]*\bsrc=)",
        r"<style\b",
        r"""(?<![\w-])style\s*=""",
        r"""(?<=[\s"'])on[a-z]+\s*=\s*["']""",
        r"hx-on",
        r"javascript:",
    ],
)
def test_no_template_holds_a_script_or_a_style(pattern):
    assert lines_with(pattern, TEMPLATES) == []


def test_no_template_turns_escaping_off():
    """IN-04: rich text passes one sanitizer and is marked safe nowhere else."""
    assert lines_with(r"\|\s*safe(seq)?\b|autoescape\s+off", TEMPLATES) == []


def test_no_code_marks_text_safe():
    """IN-04, the other half."""
    assert lines_with(r"\bmark_safe\b|\bSafe(String|Text)\(", SOURCES) == []


def test_every_component_says_its_inputs_on_the_first_line():
    first_lines = {path.name: path.read_text().split("\n")[0] for path in COMPONENTS}

    assert [n for n, line in first_lines.items() if not line.startswith("{# ")] == []
    assert [n for n, line in first_lines.items() if not line.endswith(" #}")] == []


def test_components_get_what_is_passed_and_nothing_else():
    """Messages are the exception: fragments show those of the page."""
    sloppy = lines_with(
        r'{%\s*include "components/(?!messages)(?!.*\bonly\s*%})', TEMPLATES
    )

    assert sloppy == []


def test_every_included_component_exists():
    included = uses(r'"components/([^"]+)"')

    assert included <= {path.name for path in COMPONENTS}


def test_every_icon_named_is_in_the_sprite():
    named = uses(r'components/icon\.html" with name="([^"]+)"')
    named |= uses(r'\bicon="([^"]+)"')

    assert named - ICONS == set()


def test_every_tone_of_a_badge_is_one_there_is():
    tones = uses(r'components/badge\.html"[^%]*\btone="([^"]+)"')

    assert tones <= {"neutral", "info", "success", "warning", "danger", "accent"}
