"""Tries behind the link of a code are counted apart: guessing at it elsewhere closes no link by which somebody says no."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0026_persons_postal_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="identitycheck",
            name="link_tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="behind its link, which is secret"
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.CheckConstraint(condition=models.Q(link_tries__lte=5), name="check_five_link_tries"),
        ),
    ]
