import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('activities', '0007_fewer_seats'),
        ('members', '0021_give_appraisals'),
    ]

    operations = [
        ValidateConstraint(
            model_name='election',
            name='activities_election_most_agreed_to_fewer',
        ),
        migrations.CreateModel(
            name='Voter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ballot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='voters', to='activities.ballot', verbose_name='ballot')),
                ('election', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='voters', to='activities.election', verbose_name='election')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member', verbose_name='member')),
            ],
            options={
                'verbose_name': 'voter',
                'verbose_name_plural': 'voters',
                'ordering': ('pk',),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('ballot', None), ('election__isnull', False)), models.Q(('ballot__isnull', False), ('election', None)), _connector='OR'), name='activities_voter_of_one_vote'),
                    models.UniqueConstraint(fields=('ballot', 'member'), name='activities_voter_once_in_a_ballot'),
                    models.UniqueConstraint(fields=('election', 'member'), name='activities_voter_once_in_an_election'),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='voter',
            trigger=pgtrigger.compiler.Trigger(name='signed_stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT 1 FROM activities_minutes\n        JOIN activities_minutesitem item ON item.minutes_id = activities_minutes.id\n        WHERE activities_minutes.state <> 'draft' AND item.id IN (\n            SELECT item_id FROM activities_ballot\n            WHERE id IN (OLD.ballot_id, NEW.ballot_id)\n            UNION ALL\n            SELECT item_id FROM activities_election\n            WHERE id IN (OLD.election_id, NEW.election_id)\n        )\n    ) THEN RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';\n    END IF;\n    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n    RETURN NEW;\n", hash='fc248647de50020e75c3256490359ed5cc07a06e', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_signed_stays_193cd', table='activities_voter', when='BEFORE')),
        ),
    ]
