"""The table of the cache, in which failed sign-ins are counted for all processes at once."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        call_command("createcachetable", "sign_in_limits", database="default", verbosity=0)


def drop(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        schema_editor.execute("DROP TABLE IF EXISTS sign_in_limits")


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0010_deadline_change")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
