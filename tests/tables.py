"""What lies in the database, to see whether something changed it."""

from django.db import connection

LEFT_OUT = {"members_session", "members_auditentry", "members_auditpending"}


def checksums():
    """Rows and a checksum of every table of the project, sessions left out, and the audit
    log, which tells who was refused what."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in LEFT_OUT:
                continue
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {quoted} t"  # noqa: S608
            )
            found[table] = cursor.fetchone()
    return found
