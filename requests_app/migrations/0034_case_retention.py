"""What retention has destroyed of a case. A reason that was proposed can be emptied since, and still not be changed."""

from django.db import migrations, models

from requests_app.operations import triggers


def renew(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove_guards(schema_editor.connection)
        triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    # Nullable without a default: no table is rewritten, on SQLite as on PostgreSQL.
    dependencies = [
        ("requests_app", "0033_source_task"),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="contact_destroyed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="destroyed_at",
            field=models.DateTimeField(help_text="the data key, and with it all that was sealed", null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="messages_destroyed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="retention_at",
            field=models.DateTimeField(help_text="when the retention sweep looks next; empty: it never did", null=True),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("retention_at__isnull", False)),
                fields=["retention_at"],
                name="submission_retention",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("destroyed_at__isnull", False)),
                fields=["destroyed_at"],
                name="submission_destroyed",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("destroyed_at", None), ("retention_at", None)),
                fields=["received_at"],
                name="submission_never_looked",
            ),
        ),
        migrations.RunPython(renew, renew),
    ]
