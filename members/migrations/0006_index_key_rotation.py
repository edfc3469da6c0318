import members.sealing
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0005_audit_is_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="id_number_index_next",
            field=members.sealing.IndexField(
                blank=True,
                next_of="id_number_index",
                normalize="id_number",
                null=True,
                part="all",
                source="id_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "applicant",
                            "activist",
                            "candidate",
                            "probationary",
                            "full",
                            "on_probation",
                            "stopped",
                        ],
                    )
                ),
                fields=("id_number_index_next",),
                name="members_member_id_number_is_on_one_roll_next",
                violation_error_message="This ID number is already on a roll.",
            ),
        ),
    ]
