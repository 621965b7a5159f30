from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0028_fulfilment")]

    operations = [
        migrations.AddField(
            model_name="packagebuild",
            name="lacks",
            field=models.JSONField(default=list, help_text="what the law asks of an answer and the file does not say"),
        )
    ]
