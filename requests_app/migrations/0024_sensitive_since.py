from django.db import migrations, models


class Migration(migrations.Migration):
    # Nullable without a default: no table is rewritten, on SQLite as on PostgreSQL, so that its triggers stand.
    dependencies = [
        ("requests_app", "0023_contact_change"),
    ]

    operations = [
        migrations.AddField(
            model_name="datasubjectrequest",
            name="sensitive_since",
            field=models.DateTimeField(blank=True, help_text="staff marked it: sensitive data, GDPR 9", null=True),
        ),
    ]
