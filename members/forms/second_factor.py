"""The code of the second factor."""

from django import forms
from django.utils.translation import gettext_lazy as _

MOST_SIGNS = 40


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Six digits from your phone"),
        max_length=MOST_SIGNS,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "code-input",
            }
        ),
    )


class AnyCodeForm(CodeForm):
    """Takes a recovery code in the same place."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _(
            "No phone at hand? Type one of your recovery codes instead."
        )
        attrs = self.fields["code"].widget.attrs
        attrs["autofocus"] = True
        del attrs["inputmode"]  # a recovery code has letters
