"""A data key knows since when it exists, so that one without a submission can be swept."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0003_evidence_ends")]

    operations = [
        migrations.AddField(
            model_name="submissionkey",
            name="created_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
    ]
