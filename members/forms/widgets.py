"""Selects that are written quickly.

Django renders a template for each option; a page with a hundred of them spends most of
its time there. These write the same markup as one string.
"""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language


class QuickSelect(forms.Select):
    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        attributes = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        options = self.options()
        for chosen in self.format_value(value):
            start = f'<option value="{conditional_escape(chosen)}"'
            options = options.replace(f"{start}>", f"{start} selected>", 1)
        return format_html(
            "<select{}>{}</select>",
            flatatt(attributes),
            mark_safe(options),  # noqa: S308  escaped below
        )

    def options(self) -> str:
        return "".join(written(value, label) for value, label in self.choices)


class KeptSelect(QuickSelect):
    """For choices that never change: they are written once for each language."""

    def __init__(self, attrs: Any = None, choices: Any = ()):
        super().__init__(attrs, choices)
        self.kept: dict[str | None, str] = {}  # shared by all copies of the widget

    def options(self) -> str:
        language = get_language()
        if language not in self.kept:
            self.kept[language] = super().options()
        return self.kept[language]


def written(value: Any, label: Any) -> str:
    """One option, or a group of them, where `label` is a list of options."""
    if isinstance(label, (list, tuple)):
        inside = "".join(written(*option) for option in label)
        return f'<optgroup label="{conditional_escape(value)}">{inside}</optgroup>'
    value = "" if value is None else value
    return f'<option value="{conditional_escape(value)}">{conditional_escape(label)}</option>'
