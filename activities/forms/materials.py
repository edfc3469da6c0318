"""A file or a link for those invited."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ACCEPTED = ".pdf,.docx,.xlsx,.pptx,.jpg,.jpeg,.png,.webp"


class MaterialForm(forms.Form):
    title = forms.CharField(
        label=pgettext_lazy("material", "title"),
        max_length=80,
        help_text=_("What it is, in a few words."),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_(
            "PDF, Word, Excel, PowerPoint or a picture, at most 10 MiB. Nothing personal "
            "that not all who are invited may read."
        ),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    link = forms.URLField(
        label=_("Or the address of a page"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )

    def given(self):
        sent = self.cleaned_data["file"]
        return {
            "title": self.cleaned_data["title"],
            "file": sent.read() if sent else None,
            "link": self.cleaned_data["link"],
        }
