from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0001_initial"),
        ("members", "0016_give_activities"),
    ]

    operations = [
        AppendOnly(
            "activities_activityevent",
            "activities_attendanceevent",
            "activities_objection",
            "activities_signupevent",
        )
    ]
