"""When staff are told of a data source that prepares its answer for ever."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0038_erasure_carried_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="fulfilmentstep",
            name="alarm_at",
            field=models.DateTimeField(help_text="when staff are told that its answer has not come", null=True),
        ),
        migrations.AddIndex(
            model_name="fulfilmentstep",
            index=models.Index(condition=models.Q(("alarm_at__isnull", False)), fields=["alarm_at"], name="step_alarm"),
        ),
    ]
