"""What the clock could not do is listed with the class of its error."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0006_three_dates")]

    operations = [
        migrations.AddField(
            model_name="datasubjectrequest",
            name="failure_code",
            field=models.CharField(blank=True, db_default="", help_text="class of the last error", max_length=80),
        ),
    ]
