from django.db import migrations

from members.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("members", "0018_credit_hour")]

    operations = [AppendOnly("members_credithour")]
