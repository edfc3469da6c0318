"""The history is append-only for the role that serves (SEC-37, migration 0003)."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from activities.models import SurveyAnswer, SurveyTurn
from members.models import BranchChange, CreditHour, Member, StateChange
from tests import build

pytestmark = pytest.mark.django_db

KEPT = [
    *(model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")),
    StateChange,
    BranchChange,
    CreditHour,
    SurveyAnswer,
    SurveyTurn,
]


@pytest.fixture
def as_runner():
    """Act as the role that serves, until the end of the test."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{settings.DATABASE_RUNNER}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_every_tracked_model_is_among_them():
    assert len(KEPT) >= 9


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"]
)
def test_the_running_role_cannot_touch_what_happened(as_runner, model, statement):
    sql = statement.format(model._meta.db_table, model._meta.pk.column)

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_running_role_writes_history_by_changing_a_record():
    member = build.member("王小明")
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{settings.DATABASE_RUNNER}"')
    member.employer = "云溪镇供销社"
    member.save()

    employers = Member.pgh_event_model.objects.filter(pgh_obj=member)
    assert list(employers.order_by("pgh_id").values_list("employer", flat=True)) == [
        "",
        "云溪镇供销社",
    ]


def test_the_running_role_owns_no_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE tableowner = %s",
            [settings.DATABASE_RUNNER],
        )
        assert cursor.fetchall() == []
