"""The running role may add to the history, and neither change nor remove it.

It does not own these tables either, so it cannot give the right back to itself.
"""

from django.conf import settings
from django.db import migrations

TABLES = [
    "members_appointmentevent",
    "members_branchchange",
    "members_branchevent",
    "members_memberevent",
    "members_officeevent",
    "members_partygroupevent",
    "members_statechange",
    "members_termevent",
    "members_userevent",
]


def take(apps, schema_editor):
    run(schema_editor, "REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")


def give(apps, schema_editor):
    run(schema_editor, "GRANT UPDATE, DELETE ON {table} TO {role}")


def run(schema_editor, statement):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user",
            [settings.DATABASE_RUNNER],
        )
        if cursor.fetchone() is None:
            return  # one role owns and runs: a set-up that `check --deploy` warns of
        quote = schema_editor.quote_name
        for table in TABLES:
            role = quote(settings.DATABASE_RUNNER)
            cursor.execute(statement.format(table=quote(table), role=role))


class Migration(migrations.Migration):
    dependencies = [("members", "0002_offices_and_provinces")]

    operations = [migrations.RunPython(take, give)]
