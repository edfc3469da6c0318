"""The portal's own form fields."""

import pytest
from django import forms
from django.core.exceptions import ValidationError

from members.forms import fields
from members.models import Branch
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def branches():
    top = build.committee("中共青山镇委员会", code="QS")
    return [
        top,
        build.branch("中共东村支部", parent=top, code="QS01", initials="zgdczb"),
        build.branch("中共西村支部", parent=top, code="QS02", initials="zgxczb"),
    ]


def offering(branches, **options):
    field = fields.BranchField(**options)
    shown = field.offer(Branch.objects.filter(pk__in=[b.pk for b in branches]))
    return field, shown


def test_few_branches_are_a_list_indented_by_depth(branches):
    field, shown = offering(branches)

    assert shown == 3
    assert isinstance(field.widget, forms.Select)
    assert [label for _code, label in field.widget.choices][1:] == [
        "中共青山镇委员会",
        "— 中共东村支部",
        "— 中共西村支部",
    ]


def test_many_branches_are_typed(branches, monkeypatch):
    monkeypatch.setattr(fields, "LONGEST_LIST", 2)

    field, _shown = offering(branches)

    assert isinstance(field.widget, forms.TextInput)


@pytest.mark.parametrize("typed", ["QS02", " QS02 ", "中共西村支部", "西村", "zgx"])
def test_a_branch_is_found_by_what_fits_it_alone(branches, typed):
    field, _shown = offering(branches)

    assert field.clean(typed) == branches[2]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("村", "several"), ("外村", "unknown"), ("", "required")],
)
def test_what_fits_none_or_several_is_refused(branches, typed, code):
    field, _shown = offering(branches)

    with pytest.raises(ValidationError) as refused:
        field.clean(typed)

    assert refused.value.code == code


def test_a_branch_that_is_not_offered_is_unknown(branches):
    field, _shown = offering(branches[:2])

    for typed in ("QS02", "中共西村支部"):
        with pytest.raises(ValidationError) as refused:
            field.clean(typed)
        assert refused.value.code == "unknown"


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("083", ["080", "3"]),
        ("080", ["080", "0"]),
        ("416", ["410", "5"]),
        ("", ["", "0"]),
    ],
)
def test_a_title_is_a_group_and_a_grade(code, values):
    assert fields.TitleWidget().decompress(code) == values


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["080", "3"], "083"),
        (["080", "0"], "080"),
        (["080", ""], "080"),
        (["", "3"], ""),
    ],
)
def test_a_title_is_put_together_from_both(values, code):
    assert fields.TitleField().clean(values) == code
