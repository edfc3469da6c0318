"""Tables to which the running role may add and in which it changes nothing.

It does not own them either, so it cannot give the right back to itself (AU-02).
"""

from django.conf import settings
from django.db import migrations

RIGHTS = "UPDATE, DELETE, TRUNCATE"


class AppendOnly(migrations.RunPython):
    """A migration operation: take `rights` on `tables` from the running role."""

    def __init__(self, *tables, rights=RIGHTS):
        def take(apps, schema_editor):
            _run(schema_editor, f"REVOKE {rights} ON {{table}} FROM {{role}}", tables)

        def give(apps, schema_editor):
            _run(schema_editor, f"GRANT {rights} ON {{table}} TO {{role}}", tables)

        super().__init__(take, give)


def _run(schema_editor, statement, tables):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user",
            [settings.DATABASE_RUNNER],
        )
        if cursor.fetchone() is None:
            return  # one role owns and runs: a set-up that `check --deploy` warns of
        quote = schema_editor.quote_name
        role = quote(settings.DATABASE_RUNNER)
        for table in tables:
            cursor.execute(statement.format(table=quote(table), role=role))
