"""Who manages appraisals and reads talks: the offices, and those who hold them now or will."""

from django.db import migrations

from members.giving import give_right


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0020_interests_and_appraisals"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        give_right(
            "manage_appraisals",
            [
                "secretary",
                "deputy_secretary",
                "organization_officer",
                "discipline_officer",
            ],
        )
    ]
