import django.core.validators
import django.db.models.expressions
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Validated by the next one, so that no write waits for it."""

    dependencies = [
        ('activities', '0006_ticks_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='election',
            name='for_fewer_seats',
            field=models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(100000)], verbose_name='in favor of fewer seats'),
        ),
        AddConstraintNotValid(
            model_name='election',
            constraint=models.CheckConstraint(condition=models.Q(('for_fewer_seats', None), models.Q(('counted_at__isnull', False), ('for_fewer_seats__lte', models.F('present')), ('present__lt', django.db.models.expressions.CombinedExpression(models.Value(2), '*', models.F('for_fewer_seats')))), _connector='OR'), name='activities_election_most_agreed_to_fewer'),
        ),
    ]
