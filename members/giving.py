"""A migration step that gives offices a right, and with them those who hold one."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def give_right(right: str, offices: Iterable[str]) -> migrations.RunPython:
    """Let the offices with these codes give `right`, now and to all that hold them today
    or later. Backwards the grants go with the permission."""
    codes = list(offices)

    def give(apps: Any, schema_editor: Any) -> None:
        # Permissions are made after migrating; the offices need this one now.
        config = installed.get_app_config("members")
        using = schema_editor.connection.alias
        create_permissions(config, verbosity=0, apps=apps, using=using)
        permission = apps.get_model("auth", "Permission").objects.get(
            content_type__app_label="members", codename=right
        )
        found = apps.get_model("members", "Office").objects.filter(code__in=codes)
        for office in found:
            office.permissions.add(permission)
        appointments = apps.get_model("members", "Appointment").objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=timezone.localdate()),
            office__in=found,
            member__user__isnull=False,
        )
        rows = appointments.values_list(
            "pk", "member__user", "branch", "starts_on", "ends_on"
        )
        grants = apps.get_model("members", "BranchGrant").objects
        grants.bulk_create(
            (
                grants.model(
                    user_id=user,
                    permission=permission,
                    content_object_id=branch,
                    appointment_id=pk,
                    starts_on=starts_on,
                    ends_on=ends_on,
                )
                for pk, user, branch, starts_on, ends_on in rows.iterator()
            ),
            batch_size=1000,
            ignore_conflicts=True,
        )

    def take(apps: Any, schema_editor: Any) -> None:
        apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label="members", codename=right
        ).delete()

    return migrations.RunPython(give, take)
