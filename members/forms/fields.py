"""Form fields of the portal's own."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members import code_tables
from members.forms.widgets import QuickSelect
from members.models import Branch
from members.models.branch import BranchQuerySet
from members.paths import depth_of

LONGEST_LIST = 200


class BranchField(forms.CharField):
    """A branch among those offered: chosen from a list, or typed where that is too long.

    Typed, it is the code of the branch, or a name or pinyin initials that fit one alone.
    """

    default_error_messages = {
        "unknown": _("There is no branch of that name or code: check what you typed."),
        "several": _("Several branches fit: enter the code of the branch."),
    }

    def __init__(self, **options):
        super().__init__(**{"max_length": 120, **options})
        self.branches = Branch.objects.none()

    def offer(self, branches: BranchQuerySet, *, empty_label: str = "---------"):
        """Take one of `branches`; returns how many are on the list, by one query."""
        self.branches = branches
        # No instances: most of the time they would be too many, and for nothing.
        shown = list(branches.values_list("path", "code", "name")[: LONGEST_LIST + 1])
        if len(shown) > LONGEST_LIST:
            self.widget = forms.TextInput(attrs={"autocomplete": "off"})
            self.help_text = _(
                "Its code, or name or pinyin initials that fit it alone."
            )
            return len(shown)
        top = min((depth_of(path) for path, *_ in shown), default=0)
        choices = [
            (code, f"{'— ' * (depth_of(path) - top)}{name}")
            for path, code, name in shown
        ]
        self.widget = QuickSelect(choices=[("", empty_label), *choices])
        return len(shown)

    @staticmethod
    def code_in(typed):
        """What was typed if it may be the code of a branch, else the empty text."""
        code = str(typed or "").strip()
        return code if code.isprintable() and len(code) <= 32 else ""

    def clean(self, value):
        typed = super().clean(value)
        if not typed:
            return None
        if branch := self.branches.filter(code=typed).first():
            return branch
        found = list(self.branches.search(typed)[:2])
        if len(found) != 1:
            code = "several" if found else "unknown"
            raise ValidationError(self.error_messages[code], code=code)
        return found[0]

    def prepare_value(self, value):
        return value.code if isinstance(value, Branch) else value


GRADES = [(str(digit), name) for digit, name in code_tables.TITLE_GRADES.items()]


class TitleWidget(forms.MultiWidget):
    """A professional title: its group and its grade (GB/T 8561)."""

    def __init__(self, attrs=None):
        groups = forms.Select(
            choices=[("", "---------"), *code_tables.TITLE.choices],
            attrs={"aria-label": _("Group of the title")},
        )
        grades = forms.Select(
            choices=[("0", _("Grade not known")), *GRADES],
            attrs={"aria-label": _("Grade of the title")},
        )
        super().__init__([groups, grades], attrs)

    def decompress(self, value):
        if not value:
            return ["", "0"]
        # 416, of primary teachers, is technician level as 415 is.
        return [f"{value[:2]}0", "5" if value[2:] == "6" else value[2:]]


class TitleField(forms.MultiValueField):
    widget = TitleWidget

    def __init__(self, **options):
        fields = [
            forms.ChoiceField(choices=code_tables.TITLE.choices, required=False),
            forms.ChoiceField(choices=[("0", ""), *GRADES], required=False),
        ]
        super().__init__(fields, **{"required": False, **options})

    def compress(self, values):
        group, grade = values or ("", "")
        return f"{group[:2]}{grade or '0'}" if group else ""
