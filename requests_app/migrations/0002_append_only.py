"""Evidence, published policies and recorded milestones refuse UPDATE and DELETE."""

from django.db import migrations

from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
