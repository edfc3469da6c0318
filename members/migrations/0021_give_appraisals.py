"""Who manages appraisals and reads talks: the offices, and those who hold them now or will."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q
from django.utils import timezone

RIGHT = "manage_appraisals"
OFFICES = [
    "secretary",
    "deputy_secretary",
    "organization_officer",
    "discipline_officer",
]


def give(apps, schema_editor):
    # Permissions are made after migrating; the offices need this one now.
    config = installed.get_app_config("members")
    using = schema_editor.connection.alias
    create_permissions(config, verbosity=0, apps=apps, using=using)
    right = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="members", codename=RIGHT
    )
    offices = apps.get_model("members", "Office").objects.filter(code__in=OFFICES)
    for office in offices:
        office.permissions.add(right)
    appointments = apps.get_model("members", "Appointment").objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=timezone.localdate()),
        office__in=offices,
        member__user__isnull=False,
    )
    grants = apps.get_model("members", "BranchGrant").objects
    grants.bulk_create(
        (
            grants.model(
                user_id=user,
                permission=right,
                content_object_id=branch,
                appointment_id=pk,
                starts_on=starts_on,
                ends_on=ends_on,
            )
            for pk, user, branch, starts_on, ends_on in appointments.values_list(
                "pk", "member__user", "branch", "starts_on", "ends_on"
            ).iterator()
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )


def take(apps, schema_editor):
    """The grants and the rights of offices go with the permission."""
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="members", codename=RIGHT
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0020_appraisals"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(give, take)]
