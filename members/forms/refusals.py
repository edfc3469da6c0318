"""What a service refused, shown in the form that asked."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def add_refusal(form: forms.BaseForm, error: ValidationError) -> None:
    """Show a service's refusal at the fields it names, the rest on top of the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, messages in error.error_dict.items():
        shown = name in form.fields and name != NON_FIELD_ERRORS
        form.add_error(name if shown else None, messages)
