"""Widgets that are written quickly.

Django renders a template for each input and each option; a page with a hundred of them
spends most of its time there. These write the same markup as one string.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language


class QuickSelect(forms.Select):
    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        attributes = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        options = self.options(self.format_value(value))
        return format_html("<select{}>{}</select>", flatatt(attributes), options)

    def options(self, chosen: Collection[str]) -> Any:
        return written(self.choices, chosen)


class KeptSelect(QuickSelect):
    """For choices that never change: they are written once for each language, and for
    each that is chosen."""

    def __init__(self, attrs: Any = None, choices: Any = ()):
        super().__init__(attrs, choices)
        self.kept: dict[tuple[str | None, *tuple[str, ...]], Any] = {}  # of all copies

    def options(self, chosen: Collection[str]) -> Any:
        key = (get_language(), *chosen)
        if (options := self.kept.get(key)) is None:
            options = super().options(chosen)
            # Else anything may be asked for, and would be kept.
            if not any(chosen) or " selected>" in options:
                self.kept[key] = options
        return options


class QuickInput(forms.TextInput):
    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        widget = self.get_context(name, value, attrs)["widget"]
        given = {"type": widget["type"], "name": name, "value": widget["value"]}
        return format_html("<input{}>", flatatt(given | widget["attrs"]))


class QuickDateInput(QuickInput, forms.DateInput):
    pass


class QuickCheckboxes(forms.CheckboxSelectMultiple):
    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        chosen, key = self.format_value(value), (attrs or {}).get("id", name)
        given = {"type": "checkbox", "name": name}
        boxes = (
            (
                f"{key}_{place}",
                flatatt(
                    given
                    | {"value": option, "id": f"{key}_{place}"}
                    | {"checked": option in chosen}
                ),
                label,
            )
            for place, (option, label) in enumerate(self.choices)
        )
        box = '<div><label for="{}"><input{}> {}</label></div>'
        return format_html(
            '<div id="{}">{}</div>', key, format_html_join("", box, boxes)
        )


def written(options: Iterable[tuple[Any, Any]], chosen: Collection[str]) -> Any:
    """The markup of options; the label of one that is a group is a list of options."""
    return format_html_join("", "{}", ((_one(*option, chosen),) for option in options))


def _one(value: Any, label: Any, chosen: Collection[str]) -> Any:
    if isinstance(label, (list, tuple)):
        group = '<optgroup label="{}">{}</optgroup>'
        return format_html(group, value, written(label, chosen))
    value = "" if value is None else str(value)
    if value in chosen:
        return format_html('<option value="{}" selected>{}</option>', value, label)
    return format_html('<option value="{}">{}</option>', value, label)
