from django.db import migrations

# What PostgreSQL samples of a column lies in its catalogue, where no destruction of a key would reach it.
FORGET = "ALTER TABLE requests_app_submissionkey ALTER COLUMN wrapped TYPE bytea"  # drops what was sampled before
NEVER = "ALTER TABLE requests_app_submissionkey ALTER COLUMN wrapped SET STATISTICS 0"


def sample_no_keys(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORGET)
        schema_editor.execute(NEVER)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0043_requested_change")]

    operations = [
        migrations.RunPython(sample_no_keys, migrations.RunPython.noop, hints={"model_name": "submissionkey"})
    ]
