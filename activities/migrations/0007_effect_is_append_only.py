from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("activities", "0006_effect")]

    # An answer is never changed, nor the flag that somebody answered taken away.
    operations = [
        AppendOnly(
            "activities_effectevent",
            "activities_surveyanswer",
            "activities_surveyturn",
        )
    ]
