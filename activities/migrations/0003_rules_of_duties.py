"""The rules of organizational life, from activities/duty_rules.csv.

The file is what the portal began with; a later rule is a new version in the table.
"""

import csv
from datetime import date
from pathlib import Path

from django.db import migrations

from members.append_only import AppendOnly

FILE = Path(__file__).parents[1] / "duty_rules.csv"
# The regulations on branch work were issued in October 2018: the first whole year.
IN_FORCE_FROM = date(2019, 1, 1)
FLAGS = ("is_required", "per_group", "only_with_committee")
LISTS = ("branch_kinds", "exempt_kinds")


def load(apps, schema_editor):
    rules = apps.get_model("activities", "DutyRule")
    with FILE.open(encoding="utf-8", newline="") as file:
        rules.objects.bulk_create(
            rules(version=1, in_force_from=IN_FORCE_FROM, **fields(row))
            for row in csv.DictReader(file)
        )


def fields(row):
    return (
        row
        | {name: row[name] == "yes" for name in FLAGS}
        | {name: row[name].split() for name in LISTS}
        | {"times": int(row["times"])}
    )


def unload(apps, schema_editor):
    apps.get_model("activities", "DutyRule").objects.filter(created_by=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0002_history_is_append_only"),
    ]

    operations = [
        migrations.RunPython(load, unload),
        AppendOnly("activities_dutyrule", "activities_branchsize"),
    ]
