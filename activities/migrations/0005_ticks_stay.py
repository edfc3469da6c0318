from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("activities", "0004_asked_recorded_appraised")]

    operations = [AppendOnly("activities_tick")]
