"""Looks are counted by their time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0021_authority")]

    operations = [
        migrations.AddIndex(
            model_name="accesslog",
            index=models.Index(fields=["at"], name="look_at"),
        ),
    ]
