"""How often a network did something within an hour, under keyed digests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0014_manual_verification")]

    operations = [
        migrations.CreateModel(
            name="NetworkCount",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("hour", models.DateTimeField(db_index=True)),
                ("times", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
