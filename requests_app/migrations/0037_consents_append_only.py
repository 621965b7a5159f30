"""The ledger refuses UPDATE and DELETE, and the rows that it replaces go. Nothing brings those back."""

from django.db import migrations

from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0036_consent_rows")]

    operations = [
        migrations.DeleteModel(name="ConsentRecord"),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
