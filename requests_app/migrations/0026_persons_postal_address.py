from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0025_sealed_purpose"),
    ]

    operations = [
        migrations.AddField(
            model_name="authority",
            name="postal_sealed",
            field=models.BinaryField(help_text="the person's, of what staff entered", null=True),
        ),
    ]
