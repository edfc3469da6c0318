"""Tasks for helpers: what is to be done, by whom, until when."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activities.models import HelperTask
from members.forms.branches import day_input
from members.forms.fields import LONGEST_LIST
from members.models import Member


class MemberField(forms.CharField):
    """Somebody among those offered: chosen from a list, or typed where that is too long.

    Typed, it is the name or the pinyin initials of one of them alone.
    """

    default_error_messages = {
        "unknown": _("Nobody of that name is invited: check what you typed."),
        "several": _("Several people fit: type the whole name."),
    }

    def __init__(self, **options):
        super().__init__(**{"max_length": 60, "required": False, **options})
        self.people = Member.objects.none()

    def offer(self, people):
        self.people = people
        rows = people.order_by("pinyin", "pk").values_list("pk", "name")
        shown = list(rows[: LONGEST_LIST + 1])
        if len(shown) > LONGEST_LIST:
            self.widget = forms.TextInput(attrs={"autocomplete": "off"})
            self.help_text = _("The name, or pinyin initials that fit one alone.")
            return
        choices = [("", _("Nobody yet")), *((str(key), name) for key, name in shown)]
        self.widget = forms.Select(choices=choices)

    def clean(self, value):
        typed = super().clean(value)
        if not typed:
            return None
        if typed.isascii() and typed.isdigit() and len(typed) < 19:
            found = list(self.people.filter(pk=typed))
        else:
            found = list(self.people.filter(name=typed)[:2])
            found = found or list(self.people.search(typed)[:2])
        if len(found) != 1:
            code = "several" if found else "unknown"
            raise ValidationError(self.error_messages[code], code=code)
        return found[0]

    def prepare_value(self, value):
        if not isinstance(self.widget, forms.Select) and isinstance(value, int):
            found = self.people.filter(pk=value).first()
            return found.name if found else ""
        return value


class HelperTaskForm(forms.ModelForm):
    member = MemberField(label=_("who does it"))

    class Meta:
        model = HelperTask
        fields = ("title", "member", "due_on")
        widgets = {"due_on": day_input()}

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["member"].offer(people)
        self.initial["member"] = self.instance.member_id
