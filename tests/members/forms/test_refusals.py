"""A service's refusal in the form that asked."""

from django import forms
from django.core.exceptions import ValidationError

from members.forms.refusals import add_refusal
from members.refusals import refusal_at


class Form(forms.Form):
    name = forms.CharField()


def shown(error):
    form = Form({"name": "x"})
    add_refusal(form, error)
    return {
        field: [(refused.message, refused.code) for refused in errors]
        for field, errors in form.errors.as_data().items()
    }


def test_a_refusal_stands_at_its_field_with_its_code():
    assert shown(refusal_at("name", "Too short.", code="short")) == {
        "name": [("Too short.", "short")]
    }


def test_a_refusal_at_no_field_stands_on_top():
    assert shown(ValidationError("Already over.", code="over")) == {
        "__all__": [("Already over.", "over")]
    }


def test_a_refusal_at_a_field_the_form_lacks_stands_on_top():
    assert shown(refusal_at("branch", "Closed.", code="closed")) == {
        "__all__": [("Closed.", "closed")]
    }


def test_several_refusals_each_find_their_place():
    refused = ValidationError(
        {
            "name": ["A.", "B."],
            "__all__": ValidationError("C.", code="c"),
        }
    )

    assert shown(refused) == {
        "name": [("A.", None), ("B.", None)],
        "__all__": [("C.", "c")],
    }
