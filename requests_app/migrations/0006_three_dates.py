"""The law's date and the cautious one beside the promised one; the regime files frozen with their policy version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0005_liveness")]

    operations = [
        migrations.AddField(
            model_name="datasubjectrequest",
            name="cautious_on",
            field=models.DateField(blank=True, help_text="the day to work towards", null=True),
        ),
        migrations.AddField(
            model_name="datasubjectrequest",
            name="statutory_on",
            field=models.DateField(blank=True, help_text="what the binding laws ask, the earliest of them", null=True),
        ),
        migrations.AddField(
            model_name="policyversion",
            name="regimes",
            field=models.JSONField(help_text="the named regime files, frozen", null=True),
        ),
        migrations.AlterField(
            model_name="datasubjectrequest",
            name="due_on",
            field=models.DateField(help_text="what was promised"),
        ),
        migrations.AddConstraint(
            model_name="datasubjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("statutory_on", None),
                    models.Q(("cautious_on__isnull", False), ("cautious_on__lte", models.F("statutory_on"))),
                    _connector="OR",
                ),
                name="dsr_cautious_in_time",
            ),
        ),
    ]
