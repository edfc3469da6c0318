"""Time in the demonstration: rows and their history carry the days they tell of."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

from django.apps import apps
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

# The column of each tracked table that says when a row came to be as it is.
WRITTEN = {
    "Member": "updated_at",
    "User": "date_joined",
    "Appointment": "recorded_at",
    "Branch": "established_on",
    "Term": "starts_on",
}


@contextmanager
def times_as_given() -> Iterator[None]:
    """Let `created_at` and the like keep the time they are given."""
    fields = [
        field
        for model in apps.get_app_config("members").get_models()
        for field in model._meta.local_fields
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]
    was = [(field, field.auto_now, field.auto_now_add) for field in fields]
    for field in fields:
        field.auto_now = field.auto_now_add = False
    try:
        yield
    finally:
        for field, auto_now, auto_now_add in was:
            field.auto_now, field.auto_now_add = auto_now, auto_now_add


def date_history(begins: date, changed_branches: dict[int, date]) -> None:
    """Date each line of history by its row, and not before the portal began."""
    start = Value(midnight(begins), DateTimeField())
    for name, column in WRITTEN.items():
        written = Greatest(Cast(F(column), DateTimeField()), start)
        events(name).objects.update(pgh_created_at=written)
    events("PartyGroup").objects.update(pgh_created_at=start)
    changed = [
        When(pgh_obj=branch, then=Value(midnight(on), DateTimeField()))
        for branch, on in changed_branches.items()
    ]
    if changed:
        rows = events("Branch").objects.filter(
            pgh_label="update", pgh_obj__in=changed_branches
        )
        rows.update(pgh_created_at=Case(*changed, default=start))


def events(name: str):
    return apps.get_model("members", f"{name}Event")


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
