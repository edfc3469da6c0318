"""The running role adds to the audit log and its chain, and changes nothing in them.

What waits for its seal it may take off the list: an entry in no seal and on no list is
found by `verify_audit`.
"""

from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("members", "0004_audit_and_outbox")]

    operations = [
        AppendOnly("members_auditentry", "members_auditseal"),
        AppendOnly("members_auditpending", rights="UPDATE, TRUNCATE"),
    ]
