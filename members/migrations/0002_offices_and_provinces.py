"""The offices of the regulations with their rights, and the provinces of GB/T 2260."""

from datetime import date

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from members.code_tables import PROVINCE

BRANCHES = ["branch", "joint_branch", "temp_branch", "floating_branch"]
COMMITTEES = ["committee", "working_committee", "organ_committee"]
ABOVE = ["general_branch", *COMMITTEES]
SEE = ["view_branch", "view_roll"]
KEEP = [*SEE, "manage_roll", "export_roll"]
LEAD = [
    *KEEP,
    "change_branch",
    "manage_tree",
    "manage_offices",
    "explain_access",
]

# code, names, kinds, seats, in committee, needs superior, of a group, rights
OFFICES = [
    ("secretary", "书记", "Secretary", [*BRANCHES, *ABOVE], 1, True, True, False, LEAD),
    (
        "deputy_secretary",
        "副书记",
        "Deputy secretary",
        [*BRANCHES, "general_branch"],
        1,
        True,
        True,
        False,
        LEAD,
    ),
    (
        "committee_deputy",
        "党委副书记",
        "Deputy secretary of the committee",
        COMMITTEES,
        None,
        True,
        True,
        False,
        LEAD,
    ),
    (
        "organization_officer",
        "组织委员",
        "Organization officer",
        [*BRANCHES, *ABOVE],
        1,
        True,
        False,
        False,
        KEEP,
    ),
    (
        "publicity_officer",
        "宣传委员",
        "Publicity officer",
        [*BRANCHES, *ABOVE],
        1,
        True,
        False,
        False,
        SEE,
    ),
    (
        "discipline_officer",
        "纪检委员",
        "Discipline officer",
        [*BRANCHES, *ABOVE],
        1,
        True,
        False,
        False,
        SEE,
    ),
    ("youth_officer", "青年委员", "Youth officer", BRANCHES, 1, True, False, False, SEE),
    (
        "united_front_officer",
        "统战委员",
        "United front officer",
        BRANCHES,
        1,
        True,
        False,
        False,
        SEE,
    ),
    (
        "committee_member",
        "委员",
        "Committee member",
        ABOVE,
        None,
        True,
        False,
        False,
        SEE,
    ),
    (
        "first_secretary",
        "第一书记",
        "First secretary",
        BRANCHES,
        1,
        False,
        True,
        False,
        KEEP,
    ),
    (
        "organizer",
        "组织员",
        "Organizer",
        ABOVE,
        None,
        False,
        False,
        False,
        KEEP,
    ),
    (
        "group_leader",
        "党小组组长",
        "Party group leader",
        ["branch", "joint_branch", "floating_branch"],
        1,
        False,
        False,
        True,
        ["view_branch"],
    ),
    (
        "dues_collector",
        "党费收缴人",
        "Dues collector",
        ["branch", "joint_branch", "floating_branch"],
        None,
        False,
        False,
        False,
        SEE,
    ),
]


def load(apps, schema_editor):
    # Permissions are made after migrating; offices need those of Branch now.
    config = installed.get_app_config("members")
    create_permissions(config, verbosity=0, apps=apps, using=schema_editor.connection.alias)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="members", content_type__model="branch"
    )
    by_codename = {permission.codename: permission for permission in permissions}
    model = apps.get_model("members", "Office")
    for position, row in enumerate(OFFICES):
        code, zh, en, kinds, seats, committee, superior, group, rights = row
        office = model.objects.create(
            code=code,
            name_zh=zh,
            name_en=en,
            position=position,
            kinds=kinds,
            seats=seats,
            in_committee=committee,
            needs_superior=superior,
            of_group=group,
        )
        office.permissions.set([by_codename[right] for right in rights])
    apps.get_model("members", "LocalCode").objects.bulk_create(
        apps.get_model("members", "LocalCode")(
            table="region",
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            valid_from=date(2007, 11, 14),
            source="GB/T 2260-2007",
        )
        for row in PROVINCE
    )


def unload(apps, schema_editor):
    apps.get_model("members", "Office").objects.all().delete()
    apps.get_model("members", "LocalCode").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(load, unload)]
