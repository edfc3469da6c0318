"""For whom an activity is, narrower than by branch."""

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.models import Activity
from members import code_tables
from members.models import Interest, Office


def several(label, choices, **options):
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        **options,
    )


class AudienceForm(forms.ModelForm):
    class Meta:
        model = Activity
        fields = ("offices", "occupations", "interests")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offices = [(office.code, office.name) for office in Office.objects.all()]
        self.fields["offices"] = several(
            _("Only who holds one of these offices"),
            offices,
            help_text=_("Nothing ticked: whatever the office."),
        )
        self.fields["occupations"] = several(
            _("Only who has one of these occupations"),
            code_tables.OCCUPATION.choices,
            help_text=_("As recorded on the roll. Nothing ticked: whatever it is."),
        )
        self.fields["interests"] = several(
            _("Tell only those interested in"),
            Interest.choices,
            help_text=_(
                "Decides who finds it in the inbox. Whoever else it is for finds it in the "
                "list and may sign up too. You do not learn who has which interest."
            ),
        )
        for name in self.fields:
            self.initial[name] = getattr(self.instance, name)

    def _post_clean(self):
        """Set, and judged by the service."""
        for name in self.fields:
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])
