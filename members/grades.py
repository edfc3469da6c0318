"""The grade of every model field (SEC-23, SEC-24).

A model declares its grades beside its fields:

    GRADES = graded(G1="id", G3="name branch", G4="phone phone_index")

Event models of the history take the grades of the model they copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from members.sealing import IndexField, SealedField

# The project's own apps; fields of other packages' models are not graded.
OWN_APPS: Final = (
    "members",
    "learning",
    "activities",
    "community",
    "feedback",
    "points",
    "analytics",
)


class Grade(StrEnum):
    """How much harm a leak does (SEC-23), least first."""

    G1 = "G1"  # public: news, courses, names of codes
    G2 = "G2"  # internal: branch names, calendar, statistics
    G3 = "G3"  # personal: member record, attendance, dues paid, points
    G4 = "G4"  # sensitive: ID number, address, vetting, discipline, dues base, votes


def graded(**names: str) -> dict[str, Grade]:
    """Grades by field name, from names separated by spaces: `graded(G1="id", G3="…")`.

    Raises ImproperlyConfigured for a field that is given two grades.
    """
    grades: dict[str, Grade] = {}
    for grade, fields in names.items():
        for field in fields.split():
            if field in grades:
                raise ImproperlyConfigured(f"The field {field} has two grades.")
            grades[field] = Grade(grade)
    return grades


def grade_of(field: models.Field[Any, Any]) -> Grade:
    """The grade of a field. Raises ImproperlyConfigured when it was given none."""
    grade = _find(field)
    if grade is None:
        raise ImproperlyConfigured(f"{field} has no grade: add it to GRADES (SEC-24).")
    return grade


def ungraded_fields() -> list[str]:
    """The fields of the project's own models that no GRADES names (SEC-24)."""
    return [str(field) for field in own_fields() if _find(field) is None]


def unsealed_g4() -> list[str]:
    """The fields of grade G4 that lie readable in the database (SEC-37)."""
    return [
        str(field)
        for field in own_fields()
        if _find(field) == Grade.G4 and not isinstance(field, SealedField | IndexField)
    ]


def unknown_names() -> list[str]:
    """The names in GRADES that are no field of their model: misspelled or left over."""
    names = []
    for model in _own_models():
        known = {field.name for field in _fields(model)}
        declared = model.__dict__.get("GRADES", {})
        names += [
            f"{model._meta.label}.{name}" for name in declared if name not in known
        ]
    return names


def own_fields() -> Iterator[models.Field[Any, Any]]:
    """Every field of every model of the project's own apps, link and event tables too."""
    for model in _own_models():
        yield from _fields(model)


def _own_models() -> Iterator[type[models.Model]]:
    for label in OWN_APPS:
        yield from apps.get_app_config(label).get_models(include_auto_created=True)


def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [*model._meta.local_fields, *model._meta.local_many_to_many]


def _find(field: models.Field[Any, Any]) -> Grade | None:
    model = field.model
    if model._meta.auto_created:  # the link table of a many-to-many field
        return _find_link(field)
    tracked: type[models.Model] | None = getattr(model, "pgh_tracked_model", None)
    if tracked is not None and field.name.startswith("pgh_"):
        return Grade.G2
    for ancestor in (tracked or model).__mro__:
        if field.name in (declared := ancestor.__dict__.get("GRADES", {})):
            return Grade(declared[field.name])
    return None


def _find_link(field: models.Field[Any, Any]) -> Grade | None:
    owner: Any = field.model._meta.auto_created
    for link in owner._meta.local_many_to_many:
        if link.remote_field.through is field.model:
            return Grade.G1 if field.primary_key else _find(link)
    return None
