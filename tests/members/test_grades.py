"""Every model field has a grade, and what is G4 is sealed (SEC-23, SEC-24, SEC-37)."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps

from members import grades
from members.grades import Grade, grade_of, graded
from members.models import Member, User


def test_every_field_has_a_grade():
    assert grades.ungraded_fields() == []


def test_every_grade_is_of_a_field():
    assert grades.unknown_names() == []


def test_what_is_sensitive_is_sealed():
    assert grades.unsealed_g4() == []


def test_all_own_models_are_looked_at():
    models_seen = {field.model for field in grades.own_fields()}

    assert {Member, User, Member.pgh_event_model, User.groups.through} <= models_seen


@pytest.mark.parametrize(
    ("model", "field", "grade"),
    [
        (Member, "phone", Grade.G4),
        (Member, "name", Grade.G3),
        (Member.pgh_event_model, "phone", Grade.G4),
        (Member.pgh_event_model, "pgh_obj", Grade.G2),
    ],
)
def test_history_takes_the_grades_of_its_model(model, field, grade):
    assert grade_of(model._meta.get_field(field)) == grade


def test_a_link_table_takes_the_grade_of_its_field():
    link = User.groups.through._meta.get_field("group")

    assert grade_of(link) == grade_of(User._meta.get_field("groups"))


def test_a_field_without_a_grade_is_named():
    with isolate_apps("members"):

        class Thing(models.Model):
            GRADES = graded(G1="id")
            secret = models.TextField()

            class Meta:
                app_label = "members"

            def __str__(self):
                return ""

    assert grade_of(Thing._meta.pk) == Grade.G1
    with pytest.raises(ImproperlyConfigured, match="secret"):
        grade_of(Thing._meta.get_field("secret"))


def test_grades_of_a_base_are_inherited_and_can_be_raised():
    with isolate_apps("members"):

        class Base(models.Model):
            GRADES = graded(G1="id", G2="note")
            note = models.TextField()

            class Meta:
                app_label = "members"
                abstract = True

        class Thing(Base):
            GRADES = graded(G3="note")

            class Meta:
                app_label = "members"

            def __str__(self):
                return ""

    found = {field.name: grade_of(field) for field in Thing._meta.local_fields}
    assert found == {"id": Grade.G1, "note": Grade.G3}


def test_a_field_with_two_grades_is_refused():
    with pytest.raises(ImproperlyConfigured, match="name"):
        graded(G1="id name", G3="name")


def test_an_unknown_grade_is_refused():
    with pytest.raises(ValueError, match="G5"):
        graded(G5="name")
