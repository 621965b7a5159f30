"""What an address looks like, as a keyed digest: staff are warned of addresses that are easily confused.

SQLite rebuilds the table of submissions for it, so the triggers step aside and stand again at the end.
"""

from django.db import migrations, models

from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove_guards(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0019_proof"),
    ]

    operations = [
        migrations.RunPython(remove, install),
        migrations.AddField(
            model_name="submission",
            name="look_digest",
            field=models.CharField(
                blank=True, db_default="", db_index=True, help_text="of what the address looks like", max_length=80
            ),
        ),
        migrations.RunPython(install, remove),
    ]
