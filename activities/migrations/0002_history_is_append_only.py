from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0001_initial"),
    ]

    # Beside history: an objection and an answer are never changed, nor is the flag that
    # somebody answered taken away.
    operations = [
        AppendOnly(
            "activities_activityevent",
            "activities_attendanceevent",
            "activities_effectevent",
            "activities_objection",
            "activities_programevent",
            "activities_signupevent",
            "activities_surveyanswer",
            "activities_surveyturn",
        )
    ]
