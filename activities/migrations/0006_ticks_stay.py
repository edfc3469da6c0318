from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_recorded_and_appraised")]

    operations = [AppendOnly("activities_tick")]
